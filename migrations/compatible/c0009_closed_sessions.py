"""Let sessions be closed."""

from alembic import op

from adapters.postgres.schema.patient_ddl import patiently

revision = "c0009"
down_revision = "c0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(patiently("chat_sessions", "ALTER TABLE chat_sessions ADD COLUMN closed_at timestamptz"))


def downgrade() -> None:
    op.drop_column("chat_sessions", "closed_at")
