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
_GRANIAN_REPLAYS = Bounds(growth=128 * MB, kept=128 * MB)
"""It tells that a client has gone after all that the client sent: thousands of replays begin for nobody.

Measured: 13 to 45 MB a client while that is handled, mostly given back afterwards. Where it is, is not known: a slower
run under tracemalloc found 4 MB more in Python's objects, and grew by 30 MB only.
"""

_GRANIAN_ANSWERS = Bounds(kept=64 * MB)
"""Its allocator keeps what the answers took that nobody read; the growth has the common bound."""

DIFFERENCES: Mapping[tuple[str, str], Bounds] = {
    ("granian", "test_a_message_in_three_huge_fragments"): _GRANIAN_MESSAGE,
    ("granian", "test_messages_in_three_huge_fragments"): _GRANIAN_MESSAGE,
    ("granian", "test_pings_with_pongs_that_nobody_reads"): _GRANIAN_PONGS,
    ("granian", "test_requests_that_break_off"): _GRANIAN_REQUESTS,
    ("granian", "test_pages_of_a_history_that_nobody_reads"): _GRANIAN_ANSWERS,
    ("granian", "test_clients_with_a_thousand_replays_each"): _GRANIAN_REPLAYS,
}
"""By server and test: where an option of the server is missing (docs/servers.md says what to put in front of it)."""
