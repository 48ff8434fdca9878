"""How many clients this machine has room for, as a process may open only so many files."""

from entrypoints.server.descriptors import file_limit, within_limit
from entrypoints.settings.model import Settings

FILES_FOR_OTHERS = 100
"""Files of a load generator besides its sockets: pipes, the event loop, and some to spare."""
MAX_UNAUTHENTICATED = 2_500
"""Unauthenticated connections of an instance: after a cut all clients reconnect at once, from one address."""
CROWD_UNAUTHENTICATED = 1_000
"""The same with `--crowd`."""
CROWD_INSTANCES = 3


def most_pairs() -> int:
    """The largest number of pairs whose sockets one load generator can open."""
    return max(1, (file_limit() - FILES_FOR_OTHERS) // 2)


def most_idle(pairs: int) -> int:
    """The largest number of idle connections that one instance has room for, and one generator can open."""
    room = _connections(MAX_UNAUTHENTICATED) - 2 * pairs
    return max(0, min(room, file_limit() - FILES_FOR_OTHERS))


def most_connections() -> int:
    """The largest number of connections with `--crowd`."""
    return CROWD_INSTANCES * _connections(CROWD_UNAUTHENTICATED) // 2 * 2


def _connections(unauthenticated: int) -> int:
    """The number of users' connections that one instance has room for."""
    settings = Settings(max_connections=10**9, max_unauthenticated=unauthenticated)
    return within_limit(settings, file_limit()).max_connections
