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


DIFFERENCES: Mapping[tuple[str, str], Bounds] = {}
"""By server and test: where an option of the server is missing (docs/servers.md says what to put in front of it)."""
