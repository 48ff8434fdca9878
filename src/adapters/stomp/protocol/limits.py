"""What a stranger may make one connection hold."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Octets are those of UTF-8. `max_unacked` is a subscription's; the transaction limits are the connection's.

    `max_connect_bytes` is for all that comes before CONNECT was read, where each message counts as 64 octets at least.
    """

    max_message_bytes: int = 262_144
    max_message_frames: int = 1_000
    max_connect_bytes: int = 32_768
    max_frame_bytes: int = 65_536
    max_headers: int = 64
    max_header_line: int = 17_408
    max_subscriptions: int = 128
    max_unacked: int = 1_000
    max_transactions: int = 8
    max_transaction_frames: int = 128
    max_transaction_bytes: int = 2_097_152
