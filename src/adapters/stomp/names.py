"""The destinations and headers of the service, in addition to STOMP's (contract, section 7)."""

from collections.abc import Mapping
from typing import Final

from domain.features import Feature

CHAT_SEND: Final = "/app/chat.send"
CHAT_SEEN: Final = "/app/chat.seen"
AUTH_RENEW: Final = "/app/auth.renew"
COMMAND_PREFIX: Final = "/app/chat."
COMMANDS: Final[Mapping[str, Feature]] = {
    "edit": Feature.EDIT,
    "delete": Feature.DELETE,
    "react": Feature.REACTIONS,
    "unread": Feature.UNREAD,
    "state": Feature.SETTINGS,
    "settings": Feature.SETTINGS,
    "block": Feature.BLOCK,
    "close": Feature.BLOCK,
    "report": Feature.REPORT,
    "device": Feature.PUSH,
    "typing": Feature.TYPING,
    "watch": Feature.PRESENCE,
    "presence": Feature.PRESENCE,
}
"""The commands under `COMMAND_PREFIX` that belong to a feature."""
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
SYNC: Final = "sync"
EVENT_TYPE: Final = "event-type"
CHAT_FEATURES: Final = "chat-features"


def command_of(destination: str) -> str | None:
    """The command in a destination of SEND. None when it is not the command of a feature."""
    name = destination.removeprefix(COMMAND_PREFIX)
    return name if name != destination and name in COMMANDS else None
