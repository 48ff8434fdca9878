"""What an attack may cost, and where a server below us makes it cost more."""

from collections.abc import Mapping
from dataclasses import dataclass

MB = 1024 * 1024


@dataclass(frozen=True)
class Bounds:
    """`stall` in seconds: the longest time in which others get no answer.

    `growth` in octets: the most memory that the attack takes; `kept`: what may remain of it after `give_back` seconds.
    """

    stall: float = 0.25
    growth: int = 64 * MB
    kept: int = 32 * MB
    give_back: float = 60.0


_GRANIAN_MESSAGE = Bounds(growth=256 * MB)
"""It takes messages of up to 64 MiB before the application sees them."""
_GRANIAN_PONGS = Bounds(stall=2.0, growth=6_144 * MB)
"""It keeps every pong, and gets slow over it, until the kernel ends the connection.

That is `CHAT_SLOW_CONSUMER` after the client stopped reading.
"""
_GRANIAN_REQUESTS = Bounds(growth=768 * MB, kept=512 * MB)
"""It accepts thousands of requests a second, each with a buffer of up to 64 KiB; its allocator keeps some of it."""

DIFFERENCES: Mapping[tuple[str, str], Bounds] = {
    ("granian", "test_a_message_in_three_huge_fragments"): _GRANIAN_MESSAGE,
    ("granian", "test_messages_in_three_huge_fragments"): _GRANIAN_MESSAGE,
    ("granian", "test_pings_whose_pongs_are_never_read"): _GRANIAN_PONGS,
    ("granian", "test_requests_that_break_off"): _GRANIAN_REQUESTS,
}
"""By server and test: where an option of the server is missing (docs/servers.md says what to put in front of it)."""
