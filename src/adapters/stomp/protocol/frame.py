"""The unit of STOMP: command, headers, body."""

from dataclasses import dataclass
from typing import Final

CLIENT_COMMANDS: Final = frozenset(
    ["CONNECT", "STOMP", "SEND", "SUBSCRIBE", "UNSUBSCRIBE", "ACK", "NACK", "BEGIN", "COMMIT", "ABORT", "DISCONNECT"]
)
SERVER_COMMANDS: Final = frozenset(["CONNECTED", "MESSAGE", "RECEIPT", "ERROR"])
COMMANDS: Final = CLIENT_COMMANDS | SERVER_COMMANDS

WITH_BODY: Final = frozenset({"SEND", "MESSAGE", "ERROR"})
"""All that may carry a body (STOMP 1.2, "Body")."""

UNESCAPED: Final = frozenset({"CONNECT", "STOMP", "CONNECTED"})
"""Never escaped: they are exchanged before a version is agreed (STOMP 1.2, "Value Encoding")."""


@dataclass(slots=True)
class Frame:
    """`headers` are unescaped, the first of a repeated one; `body` is what was sent, in octets."""

    command: str
    headers: dict[str, str]
    body: bytes = b""
