"""Drop the index of messages by sender: no statement of any version reads it, and every message writes it."""

from alembic import op

from adapters.postgres.schema.patient_ddl import patiently

revision = "c0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(patiently("chat_messages", "DROP INDEX IF EXISTS chat_messages_sender"))


def downgrade() -> None:
    op.create_index("chat_messages_sender", "chat_messages", ["sender_profile_id"], unique=False)
