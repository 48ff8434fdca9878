"""The tables: the one source for migrations and queries."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from domain.identifiers import MAX_DESTINATION_LENGTH

metadata = MetaData()


def _time(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=None if nullable else func.now())


chat_sessions = Table(
    "chat_sessions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("sender_profile_id", Uuid, nullable=False),
    Column("receiver_profile_id", Uuid, nullable=False),
    Column("intent", String(64), nullable=False),
    _time("created_at"),
    Column("last_seq", BigInteger, nullable=False, server_default=text("0")),
    # everything addressed to that side with a seq up to here was seen
    Column("sender_seen_to", BigInteger, nullable=False, server_default=text("0")),
    Column("receiver_seen_to", BigInteger, nullable=False, server_default=text("0")),
    # the same for delivered, moved lazily: the messages know better
    Column("sender_delivered_to", BigInteger, nullable=False, server_default=text("0")),
    Column("receiver_delivered_to", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint("sender_profile_id < receiver_profile_id", name="chat_sessions_canonical"),
    # its index is the one over (sender, receiver, intent) as well
    UniqueConstraint("sender_profile_id", "receiver_profile_id", "intent", name="chat_sessions_pair"),
    Index("chat_sessions_receiver", "receiver_profile_id"),
    postgresql_with={"fillfactor": 70},  # last_seq is updated in place (HOT)
)

# No foreign key to the session: its row is locked in the same transaction, and the check would cost every row.
chat_messages = Table(
    "chat_messages",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("session_id", Uuid, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("sender_profile_id", Uuid, nullable=False),
    Column("content", Text, nullable=False),
    Column("client_msg_id", Uuid, nullable=False),
    _time("sent_at"),
    Column("delivered", Boolean, nullable=False, server_default=false()),
    Column("seen", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("client_msg_id", name="chat_messages_client_msg_id"),
    UniqueConstraint("session_id", "seq", name="chat_messages_seq"),
    Index("chat_messages_sent_at", "session_id", text("sent_at DESC")),
    Index("chat_messages_sender", "sender_profile_id"),
    postgresql_with={
        # Every row of a batch is soon updated in place: its marks are in no index, so that room is all it takes.
        "fillfactor": 50,
        "autovacuum_vacuum_scale_factor": 0.05,
        "autovacuum_vacuum_insert_scale_factor": 0.05,
        "autovacuum_analyze_scale_factor": 0.05,
    },
)

STRANGE_ID = "get_byte(uuid_send(id), 6) / 16 <> 7"
"""A key that is no UUIDv7 and so tells no time: nobody has it but rows that others than the service have written."""

chat_message_outbox = Table(
    "chat_message_outbox",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=func.gen_random_uuid()),
    Column("destination", String(MAX_DESTINATION_LENGTH), nullable=False),
    Column("payload", JSONB, nullable=False),
    _time("created_at"),
    _time("sent_at", nullable=True),
    Column("processed", Boolean, nullable=False, server_default=false()),
    _time("next_retry_at"),
    Column("retry_count", Integer, nullable=False, server_default=text("0")),
    # a dead entry has its next retry at infinity, which keeps it out of every claim
    _time("dead_at", nullable=True),
    Column("last_error", Text, nullable=True),
    Index(
        "chat_message_outbox_due",
        "next_retry_at",
        postgresql_where=text("processed = false AND sent_at IS NULL"),
    ),
    # for the purge, which knows by their keys how old all others are
    Index("chat_message_outbox_strange", "sent_at", postgresql_where=text(f"processed AND {STRANGE_ID}")),
    postgresql_with={
        # Its update to `processed` is never in place, as the condition of an index has it; but on the same page only
        # what has changed goes to the log, and not the payload once more.
        "fillfactor": 50,
        # Every row dies once, by update or by delete, and a claim reads past the dead until a vacuum has been there.
        "autovacuum_vacuum_scale_factor": 0.01,
        "autovacuum_vacuum_threshold": 10_000,
    },
)

chat_profiles = Table(
    "chat_profiles",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("email", String(254), nullable=False),
    Column("intent", String(64), nullable=False),
    Column("display_name", Text, nullable=False),
    _time("updated_at"),
    Index("chat_profiles_email", "email"),
)
