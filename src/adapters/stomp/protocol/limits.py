"""How much a client may make the service hold for a connection (contract, section 7)."""

from dataclasses import dataclass
from typing import Final

MAX_HEADERS: Final = 64
MAX_HEADER_LINE: Final = 17_408
"""In octets: a token of 16 KiB fits, with the header's name and escapes to spare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """Limits of a connection. Sizes are in octets of UTF-8.

    `max_unacked` is for each subscription, the limits of transactions are for all of the connection together.
    `max_connect_bytes` is for all messages up to CONNECT, each of which counts as 64 octets at least.
    """

    max_message_bytes: int
    max_message_frames: int
    max_connect_bytes: int
    max_frame_bytes: int
    max_subscriptions: int
    max_unacked: int
    max_headers: int = MAX_HEADERS
    max_header_line: int = MAX_HEADER_LINE
    max_transactions: int = 8
    max_transaction_frames: int = 128
    max_transaction_bytes: int = 2_097_152
