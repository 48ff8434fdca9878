"""Keep each user's sessions in a table of their own, and the time of its last message in each session."""

import sqlalchemy as sa
from alembic import context, op

from adapters.postgres.schema.backfill import backfill, backfill_user_sessions
from adapters.postgres.schema.patient_ddl import patiently
from adapters.postgres.schema.user_sessions import GONE, MADE, TRIGGERS

revision = "c0006"
down_revision = "c0005"
branch_labels = None
depends_on = None

_LAST_SENT = {
    "last_sent_seq": "t.last_seq",
    "last_sent_at": "(SELECT m.sent_at FROM chat_messages m WHERE m.session_id = t.id AND m.seq = t.last_seq)",
}


def upgrade() -> None:
    # each statement is its own transaction, so that no lock is held while another is waited for
    with op.get_context().autocommit_block():
        op.create_table(
            "chat_user_sessions",
            sa.Column("profile_id", sa.Uuid(), nullable=False),
            sa.Column("intent", sa.String(64), nullable=False),
            sa.Column("peer_id", sa.Uuid(), nullable=False),
            sa.Column("session_id", sa.Uuid(), nullable=False),
            sa.Column("bucket", sa.SmallInteger(), nullable=False),
            sa.PrimaryKeyConstraint("profile_id", "intent", "peer_id", postgresql_include=["session_id", "bucket"]),
            if_not_exists=True,
        )
        op.execute(MADE)
        op.execute(GONE)
        op.execute(
            patiently(
                "chat_sessions",
                """ALTER TABLE chat_sessions
                   ADD COLUMN IF NOT EXISTS last_sent_at timestamptz, ADD COLUMN IF NOT EXISTS last_sent_seq bigint""",
                *TRIGGERS,
            )
        )
        if not context.is_offline_mode():  # which begins with empty tables
            backfill_user_sessions(op.get_bind())
            backfill(op.get_bind(), "chat_sessions", _LAST_SENT)


def downgrade() -> None:
    for trigger in ("chat_sessions_made", "chat_sessions_gone"):
        op.execute(f"DROP TRIGGER {trigger} ON chat_sessions")
        op.execute(f"DROP FUNCTION {trigger}()")
    op.drop_column("chat_sessions", "last_sent_at")
    op.drop_column("chat_sessions", "last_sent_seq")
    op.drop_table("chat_user_sessions")
