"""The columns of a message as every read shows them.

What somebody has seen is a watermark in the session. The marks of the messages follow it a little later, so that a
message counts as seen when its own mark or the watermark says so.
"""

from adapters.postgres.sides import chosen

_IS_SENDER = "m.sender_profile_id = s.sender_profile_id"
_READER = chosen(_IS_SENDER, "s.{peer}_profile_id")
_SEEN_TO = chosen(_IS_SENDER, "s.{peer}_seen_to")
_SEEN_SHOWN = chosen(_IS_SENDER, "s.{peer}_seen_shown")
_DELIVERED_SHOWN = chosen(_IS_SENDER, "s.{peer}_delivered_shown")
_BELOW = f"coalesce(m.seq <= {_SEEN_TO}, false)"

_TOLD_SEEN = f"coalesce(m.seq <= {_SEEN_SHOWN}, m.seen OR {_BELOW})"
_TOLD_DELIVERED = f"({_TOLD_SEEN} OR coalesce(m.seq <= {_DELIVERED_SHOWN}, m.delivered OR {_BELOW}))"

MESSAGES = "chat_messages m LEFT JOIN chat_sessions s ON s.bucket = m.bucket AND s.id = m.session_id"
COLUMNS = f"""
    m.id, m.session_id, m.seq, m.client_msg_id, m.sender_profile_id, m.content, m.sent_at,
    m.reply_to, m.shared_changes, m.edited_at, m.deleted_at, m.hidden_by_sender_at, m.hidden_by_receiver_at,
    m.reactions, m.sent_digest, m.withheld,
    m.delivered OR {_BELOW} AS delivered, m.seen OR {_BELOW} AS seen,
    {_TOLD_DELIVERED} AS told_delivered, {_TOLD_SEEN} AS told_seen,
    CASE WHEN NOT m.seen AND {_BELOW} THEN {_READER} END AS unmarked_reader
"""
"""`told_delivered` and `told_seen` are what the sender is shown. `unmarked_reader` has seen the message, and its mark
has not followed yet."""
