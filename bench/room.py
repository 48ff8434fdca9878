"""How many clients this machine has room for: a process may only have so many files open."""

from entrypoints.server.descriptors import file_limit, within_limit
from entrypoints.settings.model import Settings

FILES_FOR_OTHERS = 100
"""Of a load generator: its pipes, its event loop, and some to spare."""
MAX_UNAUTHENTICATED = 2_500
"""Of an instance: all clients come from one address, and after a cut all at once."""
CROWD_UNAUTHENTICATED = 1_000
CROWD_INSTANCES = 3


def most_pairs() -> int:
    """Whose sockets one load generator can open."""
    return max(1, (file_limit() - FILES_FOR_OTHERS) // 2)


def most_idle(pairs: int) -> int:
    """Connections that one instance has room for beside the sockets of the pairs, and one generator can open."""
    room = _connections(MAX_UNAUTHENTICATED) - 2 * pairs
    return max(0, min(room, file_limit() - FILES_FOR_OTHERS))


def most_people() -> int:
    """Connections that the instances of a crowd have room for."""
    return CROWD_INSTANCES * _connections(CROWD_UNAUTHENTICATED) // 2 * 2


def _connections(unauthenticated: int) -> int:
    """Of users, at one instance."""
    settings = Settings(max_connections=10**9, max_unauthenticated=unauthenticated)
    return within_limit(settings, file_limit()).max_connections
