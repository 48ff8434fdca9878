"""Limits of the sockets between workers. Times are in seconds, sizes in octets."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UnixSettings:
    """Limits of a worker's links to the others, and of its own socket.

    Publishers wait while more than `high_water` is unsent to a worker. They stop waiting when that worker has read
    nothing for `patience`. Its link is cut when it has read nothing for `stall_timeout` more, or when `max_unsent` is
    unsent. `join_timeout` limits how long a start waits for the other workers, `hello_timeout` how long each side
    waits for the other's first frame, `flush_timeout` how long a stop waits for unsent frames. A link is tried again
    after `first_retry`, then after twice the last pause, up to `last_retry`. At most `max_unidentified` connections
    may be without a hello. A frame holds about `batch_bytes` of deliveries. `max_remembered` deliveries are kept to
    recognize repeats.
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
    max_unidentified: int = 64
    batch_bytes: int = 256 * 1024
    max_remembered: int = 50_000
