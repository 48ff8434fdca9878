"""The destinations and headers that are ours, on top of STOMP (contract, section 7)."""

from typing import Final

CHAT_SEND: Final = "/app/chat.send"
CHAT_SEEN: Final = "/app/chat.seen"
AUTH_RENEW: Final = "/app/auth.renew"
USER_PREFIX: Final = "/user"

RESUME_AFTER: Final = "resume-after"
REPLAY: Final = "replay"
UNDELIVERED: Final = "undelivered"
RECEIPTS: Final = "receipts"
ALL: Final = "all"

SEQ: Final = "seq"
SESSION_ID: Final = "session-id"
CHAT_MESSAGE_ID: Final = "chat-message-id"
RETRY_AFTER: Final = "retry-after"
