"""Give messages and sessions what edits, deletions, replies and reactions need, and the numbers of their changes."""

import sqlalchemy as sa
from alembic import op

from adapters.postgres.schema.patient_ddl import patiently

revision = "c0003"
down_revision = "c0001"
branch_labels = None
depends_on = None

_COLUMNS = (
    "changed",
    "reply_to",
    "shared_changes",
    "edited_at",
    "deleted_at",
    "hidden_by_sender_at",
    "hidden_by_receiver_at",
    "reactions",
    "sent_digest",
)


def upgrade() -> None:
    op.execute(
        patiently(
            "chat_sessions, chat_messages",
            "ALTER TABLE chat_sessions ADD COLUMN changed bigint NOT NULL DEFAULT 0",
            """ALTER TABLE chat_messages
                ADD COLUMN changed bigint,
                ADD COLUMN reply_to bigint,
                ADD COLUMN shared_changes integer NOT NULL DEFAULT 0,
                ADD COLUMN edited_at timestamptz,
                ADD COLUMN deleted_at timestamptz,
                ADD COLUMN hidden_by_sender_at timestamptz,
                ADD COLUMN hidden_by_receiver_at timestamptz,
                ADD COLUMN reactions jsonb,
                ADD COLUMN sent_digest bytea""",
        )
    )
    op.create_table(
        "chat_message_changes",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("message_id"),
    )
    op.create_index("chat_message_changes_session", "chat_message_changes", ["session_id", "changed"], unique=False)
    op.create_table(
        "chat_operations",
        sa.Column("actor_profile_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("actor_profile_id", "id"),
    )
    op.create_index("chat_operations_done", "chat_operations", ["done_at"], unique=False)


def downgrade() -> None:
    op.drop_table("chat_operations")
    op.drop_table("chat_message_changes")
    for column in _COLUMNS:
        op.drop_column("chat_messages", column)
    op.drop_column("chat_sessions", "changed")
