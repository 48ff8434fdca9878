"""Give sessions a count of what each side has not read, and a read mark of its own."""

from alembic import op

from adapters.postgres.schema.patient_ddl import patiently

revision = "c0008"
down_revision = "c0007"
branch_labels = None
depends_on = None

_COLUMNS = (
    "unread_seq",
    "sender_unread",
    "receiver_unread",
    "sender_read_to",
    "receiver_read_to",
    "sender_unread_seen",
    "receiver_unread_seen",
)


def upgrade() -> None:
    columns = ", ".join(f"ADD COLUMN {column} bigint" for column in _COLUMNS)
    op.execute(patiently("chat_sessions", f"ALTER TABLE chat_sessions {columns}"))


def downgrade() -> None:
    for column in _COLUMNS:
        op.drop_column("chat_sessions", column)
