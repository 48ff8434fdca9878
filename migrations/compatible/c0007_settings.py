"""Give users settings of what they show, and sessions what is hidden in them."""

import sqlalchemy as sa
from alembic import op

from adapters.postgres.schema.patient_ddl import patiently

revision = "c0007"
down_revision = "c0006"
branch_labels = None
depends_on = None

_COLUMNS = (
    "sender_hides",
    "receiver_hides",
    "sender_seen_shown",
    "receiver_seen_shown",
    "sender_delivered_shown",
    "receiver_delivered_shown",
)


def upgrade() -> None:
    op.execute(
        patiently(
            "chat_sessions",
            """ALTER TABLE chat_sessions
                ADD COLUMN sender_hides smallint NOT NULL DEFAULT 0,
                ADD COLUMN receiver_hides smallint NOT NULL DEFAULT 0,
                ADD COLUMN sender_seen_shown bigint,
                ADD COLUMN receiver_seen_shown bigint,
                ADD COLUMN sender_delivered_shown bigint,
                ADD COLUMN receiver_delivered_shown bigint""",
        )
    )
    op.create_table(
        "chat_settings",
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("intent", sa.String(64), nullable=False),
        sa.Column("hides", sa.SmallInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("email", "intent"),
    )


def downgrade() -> None:
    op.drop_table("chat_settings")
    for column in _COLUMNS:
        op.drop_column("chat_sessions", column)
