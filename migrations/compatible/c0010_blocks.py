"""Let users block each other, and keep what a blocked one sends from the other one."""

import sqlalchemy as sa
from alembic import op

from adapters.postgres.schema.patient_ddl import patiently

revision = "c0010"
down_revision = "c0009"
branch_labels = None
depends_on = None

_COLUMNS = {
    "sender_blocked_at": "timestamptz",
    "receiver_blocked_at": "timestamptz",
    "sender_last_shown": "bigint",
    "receiver_last_shown": "bigint",
}


def upgrade() -> None:
    columns = ", ".join(f"ADD COLUMN {column} {kind}" for column, kind in _COLUMNS.items())
    op.execute(
        patiently(
            "chat_sessions, chat_messages",
            f"ALTER TABLE chat_sessions {columns}",
            "ALTER TABLE chat_messages ADD COLUMN withheld boolean NOT NULL DEFAULT false",
        )
    )
    op.create_table(
        "chat_blocks",
        sa.Column("blocker_profile_id", sa.Uuid(), nullable=False),
        sa.Column("blocked_profile_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.String(8), nullable=True),
        sa.Column("blocked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("blocker_profile_id", "blocked_profile_id"),
    )


def downgrade() -> None:
    op.drop_table("chat_blocks")
    op.drop_column("chat_messages", "withheld")
    for column in _COLUMNS:
        op.drop_column("chat_sessions", column)
