"""Limits of the sockets between workers; times in seconds, sizes in octets."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UnixSettings:
    """While `high_water` is unsent to a worker that takes some, publishers wait for it.

    One that takes nothing for `patience` is not waited for. It is cut off when it has taken nothing for
    `stall_timeout` more, or `max_unsent` is unsent to it.
    """

    high_water: int = 4 * 1024 * 1024
    max_unsent: int = 64 * 1024 * 1024
    patience: float = 0.5
    stall_timeout: float = 5.0
    join_timeout: float = 2.0
    hello_timeout: float = 2.0
    flush_timeout: float = 1.0
    first_retry: float = 0.05
    last_retry: float = 1.0
    max_strangers: int = 64
    batch_bytes: int = 256 * 1024
    max_remembered: int = 50_000
