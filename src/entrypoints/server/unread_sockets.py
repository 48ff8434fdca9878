"""Options of listening sockets, for what a server cannot limit: how long clients may not read, and how much waits."""

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_DESCRIPTORS = Path("/proc/self/fd")


def end_unread_connections(port: int, after: float) -> None:
    """Ends connections on `port` whose client has not read for `after` seconds. For connections accepted from now on.

    Linux only (tcp(7), TCP_USER_TIMEOUT). Does nothing on other systems.
    """
    if not (hasattr(socket, "TCP_USER_TIMEOUT") and _DESCRIPTORS.is_dir()):
        return
    for listener in _listeners(port):
        end_unread_connections_of(listener, after)


def end_unread_connections_of(listener: socket.socket, after: float) -> None:
    """Does what `end_unread_connections` does for one listener. Its connections inherit the option."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(after * 1000))


def limit_unread_octets(port: int, octets: int) -> None:
    """Lets about so many octets of each connection on `port` wait to be read. For connections accepted from now on.

    Linux only. Does nothing on other systems.
    """
    if _DESCRIPTORS.is_dir():
        for listener in _listeners(port):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, octets)


def _listeners(port: int) -> Iterator[socket.socket]:
    """The listening sockets of this process."""
    for descriptor in os.listdir(_DESCRIPTORS):
        with (
            suppress(OSError),
            socket.socket(fileno=os.dup(int(descriptor))) as found,
        ):  # raises for closed files and those that are no sockets
            is_tcp = found.type == socket.SOCK_STREAM and found.family in (socket.AF_INET, socket.AF_INET6)
            if is_tcp and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and found.getsockname()[1] == port:
                yield found
