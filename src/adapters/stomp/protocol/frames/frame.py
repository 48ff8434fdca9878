"""The unit of STOMP: command, headers, body."""

from dataclasses import dataclass
from typing import Final

CLIENT_COMMANDS: Final = frozenset(
    ["CONNECT", "STOMP", "SEND", "SUBSCRIBE", "UNSUBSCRIBE", "ACK", "NACK", "BEGIN", "COMMIT", "ABORT", "DISCONNECT"]
)
SERVER_COMMANDS: Final = frozenset(["CONNECTED", "MESSAGE", "RECEIPT", "ERROR"])
COMMANDS: Final = CLIENT_COMMANDS | SERVER_COMMANDS

WITH_BODY: Final = frozenset({"SEND", "MESSAGE", "ERROR"})
"""The commands that may have a body (STOMP 1.2, "Body")."""

UNESCAPED: Final = frozenset({"CONNECT", "STOMP", "CONNECTED"})
"""The commands whose headers are never escaped: no version is agreed yet (STOMP 1.2, "Value Encoding")."""


@dataclass(slots=True)
class Frame:
    """A frame. `headers` are unescaped, and have the first value of a repeated header. `body` is in octets."""

    command: str
    headers: dict[str, str]
    body: bytes = b""
