"""The tables of the service before this one, with `seq`, the marks and the directory of profiles."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chat_message_outbox",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("destination", sa.String(length=255), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("processed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("next_retry_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("retry_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("dead_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        postgresql_with={
            "fillfactor": 50,
            "autovacuum_vacuum_scale_factor": 0.01,
            "autovacuum_vacuum_threshold": 10_000,
        },
    )
    op.create_index(
        "chat_message_outbox_strange",
        "chat_message_outbox",
        ["sent_at"],
        unique=False,
        postgresql_where=sa.text("processed AND get_byte(uuid_send(id), 6) / 16 <> 7"),
    )
    op.create_index(
        "chat_message_outbox_due",
        "chat_message_outbox",
        ["next_retry_at"],
        unique=False,
        postgresql_where=sa.text("processed = false AND sent_at IS NULL"),
    )
    op.create_table(
        "chat_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("sender_profile_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("client_msg_id", sa.Uuid(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("delivered", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("seen", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("client_msg_id", name="chat_messages_client_msg_id"),
        sa.UniqueConstraint("session_id", "seq", name="chat_messages_seq"),
        postgresql_with={
            "fillfactor": 50,
            "autovacuum_vacuum_scale_factor": 0.05,
            "autovacuum_vacuum_insert_scale_factor": 0.05,
            "autovacuum_analyze_scale_factor": 0.05,
        },
    )
    op.create_index("chat_messages_sender", "chat_messages", ["sender_profile_id"], unique=False)
    op.create_index(
        "chat_messages_sent_at", "chat_messages", ["session_id", sa.literal_column("sent_at DESC")], unique=False
    )
    op.create_table(
        "chat_profiles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("intent", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("chat_profiles_email", "chat_profiles", ["email"], unique=False)
    op.create_table(
        "chat_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sender_profile_id", sa.Uuid(), nullable=False),
        sa.Column("receiver_profile_id", sa.Uuid(), nullable=False),
        sa.Column("intent", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("sender_seen_to", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("receiver_seen_to", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("sender_delivered_to", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("receiver_delivered_to", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("sender_profile_id < receiver_profile_id", name="chat_sessions_canonical"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sender_profile_id", "receiver_profile_id", "intent", name="chat_sessions_pair"),
        postgresql_with={"fillfactor": 70},
    )
    op.create_index("chat_sessions_receiver", "chat_sessions", ["receiver_profile_id"], unique=False)


def downgrade() -> None:
    op.drop_index("chat_sessions_receiver", table_name="chat_sessions")
    op.drop_table("chat_sessions")
    op.drop_index("chat_profiles_email", table_name="chat_profiles")
    op.drop_table("chat_profiles")
    op.drop_index("chat_messages_sent_at", table_name="chat_messages")
    op.drop_index("chat_messages_sender", table_name="chat_messages")
    op.drop_table("chat_messages")
    op.drop_index("chat_message_outbox_strange", table_name="chat_message_outbox")
    op.drop_index(
        "chat_message_outbox_due",
        table_name="chat_message_outbox",
        postgresql_where=sa.text("processed = false AND sent_at IS NULL"),
    )
    op.drop_table("chat_message_outbox")
