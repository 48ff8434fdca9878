"""The tables: the one source for migrations and queries."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
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


def _mark(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=True)


def _counter(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=text("0"))


chat_sessions = Table(
    "chat_sessions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("sender_profile_id", Uuid, nullable=False),
    Column("receiver_profile_id", Uuid, nullable=False),
    Column("intent", String(64), nullable=False),
    _time("created_at"),
    _counter("last_seq"),
    # everything addressed to that side with a seq up to here was seen
    _counter("sender_seen_to"),
    _counter("receiver_seen_to"),
    # the same for delivered, moved lazily: the messages know better
    _counter("sender_delivered_to"),
    _counter("receiver_delivered_to"),
    # what that side hides, of `domain.showing.Hidden`
    Column("sender_hides", SmallInteger, nullable=False, server_default=text("0")),
    Column("receiver_hides", SmallInteger, nullable=False, server_default=text("0")),
    # up to where the other side is shown what was seen and delivered; NULL where it is shown all
    _mark("sender_seen_shown"),
    _mark("receiver_seen_shown"),
    _mark("sender_delivered_shown"),
    _mark("receiver_delivered_shown"),
    # How many messages to that side are unread, counted up to `unread_seq` beyond its own read mark, while it had seen
    # up to `…_unread_seen`. Where one of these does not fit, as after a write of an older version, it is not counted.
    _mark("unread_seq"),
    _mark("sender_unread"),
    _mark("receiver_unread"),
    _mark("sender_read_to"),
    _mark("receiver_read_to"),
    _mark("sender_unread_seen"),
    _mark("receiver_unread_seen"),
    # the number of the last change of the session or of a message in it
    _counter("changed"),
    Column("bucket", SmallInteger, nullable=False),
    # When message `last_sent_seq` was sent. Of a session whose `last_seq` is another one it is not known.
    _time("last_sent_at", nullable=True),
    Column("last_sent_seq", BigInteger, nullable=True),
    # nothing new comes into it since then
    _time("closed_at", nullable=True),
    # since when that side has blocked the other one
    _time("sender_blocked_at", nullable=True),
    _time("receiver_blocked_at", nullable=True),
    # The last message that is not withheld from that side, 0 for none; NULL where it is the last one of all. It holds
    # where `last_sent_seq` does.
    _mark("sender_last_shown"),
    _mark("receiver_last_shown"),
    CheckConstraint("sender_profile_id < receiver_profile_id", name="chat_sessions_canonical"),
    # its index is the one over (sender, receiver, intent) as well
    UniqueConstraint("sender_profile_id", "receiver_profile_id", "intent", name="chat_sessions_pair"),
    Index("chat_sessions_receiver", "receiver_profile_id"),
    postgresql_with={"fillfactor": 70},  # last_seq is updated in place (HOT)
)

# What one side has made of a session. Its own table, as drafts are long and the session's row is written by each send.
chat_conversations = Table(
    "chat_conversations",
    metadata,
    Column("profile_id", Uuid, primary_key=True),
    Column("session_id", Uuid, primary_key=True),
    _time("muted_until", nullable=True),
    # the session's last seq when it was archived
    Column("archived_to", BigInteger, nullable=True),
    _time("pinned_at", nullable=True),
    Column("draft", Text, nullable=False, server_default=text("''")),
    _counter("changed"),
)

# Two rows a session, which no message changes. They find a user's sessions, and keep the pair and intent unique.
chat_user_sessions = Table(
    "chat_user_sessions",
    metadata,
    Column("profile_id", Uuid, nullable=False),
    Column("intent", String(64), nullable=False),
    Column("peer_id", Uuid, nullable=False),
    Column("session_id", Uuid, nullable=False),
    Column("bucket", SmallInteger, nullable=False),
    # the whole row, so that a look-up reads nothing else
    PrimaryKeyConstraint("profile_id", "intent", "peer_id", postgresql_include=["session_id", "bucket"]),
)

# What users show of themselves, for an intent or (with an empty one) for all that have no row of their own.
chat_settings = Table(
    "chat_settings",
    metadata,
    Column("email", String(254), primary_key=True),
    Column("intent", String(64), primary_key=True),
    Column("hides", SmallInteger, nullable=False),
    _time("updated_at"),
)

# Whom users have blocked. One without a scope has ended; it is kept, as a resume tells of it.
chat_blocks = Table(
    "chat_blocks",
    metadata,
    Column("blocker_profile_id", Uuid, primary_key=True),
    Column("blocked_profile_id", Uuid, primary_key=True),
    Column("scope", String(8), nullable=True),
    _time("blocked_at"),
    _counter("changed"),
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
    # the number of its last change; none in rows of version 0.1.0
    Column("changed", BigInteger, nullable=True),
    Column("reply_to", BigInteger, nullable=True),
    Column("shared_changes", Integer, nullable=False, server_default=text("0")),
    _time("edited_at", nullable=True),
    _time("deleted_at", nullable=True),
    _time("hidden_by_sender_at", nullable=True),
    _time("hidden_by_receiver_at", nullable=True),
    Column("reactions", JSONB, nullable=True),
    Column("sent_digest", LargeBinary, nullable=True),
    # from its receiver, who had blocked its sender
    Column("withheld", Boolean, nullable=False, server_default=false()),
    Column("bucket", SmallInteger, nullable=False),
    UniqueConstraint("client_msg_id", name="chat_messages_client_msg_id"),
    UniqueConstraint("session_id", "seq", name="chat_messages_seq"),
    Index("chat_messages_sent_at", "session_id", text("sent_at DESC")),
    postgresql_with={
        # Every row of a batch is soon updated in place: its marks are in no index, so that room is all it takes.
        "fillfactor": 50,
        "autovacuum_vacuum_scale_factor": 0.05,
        "autovacuum_vacuum_insert_scale_factor": 0.05,
        "autovacuum_analyze_scale_factor": 0.05,
    },
)

# Which messages have changed since they were sent: an index that plain messages are not in.
chat_message_changes = Table(
    "chat_message_changes",
    metadata,
    Column("message_id", Uuid, primary_key=True),
    Column("session_id", Uuid, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Index("chat_message_changes_session", "session_id", "changed"),
)

# What was asked for with a `clientOperationId` in the last day.
chat_operations = Table(
    "chat_operations",
    metadata,
    Column("actor_profile_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    _time("done_at"),
    Index("chat_operations_done", "done_at"),
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
    Column("bucket", SmallInteger, nullable=False, server_default=text("0")),
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
