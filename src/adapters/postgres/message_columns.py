"""The columns of a message as every read shows them.

What somebody has seen is a watermark in the session. The marks of the messages follow it a little later, so that a
message counts as seen when its own mark or the watermark says so.
"""

_IS_SENDER = "m.sender_profile_id = s.sender_profile_id"
_READER = f"CASE WHEN {_IS_SENDER} THEN s.receiver_profile_id ELSE s.sender_profile_id END"
_SEEN_TO = f"CASE WHEN {_IS_SENDER} THEN s.receiver_seen_to ELSE s.sender_seen_to END"
_BELOW = f"coalesce(m.seq <= {_SEEN_TO}, false)"

MESSAGES = "chat_messages m LEFT JOIN chat_sessions s ON s.id = m.session_id"
COLUMNS = f"""
    m.id, m.session_id, m.seq, m.client_msg_id, m.sender_profile_id, m.content, m.sent_at,
    m.delivered OR {_BELOW} AS delivered, m.seen OR {_BELOW} AS seen,
    CASE WHEN NOT m.seen AND {_BELOW} THEN {_READER} END AS unmarked_reader
"""
"""`unmarked_reader` has seen the message, and its mark has not followed yet."""
