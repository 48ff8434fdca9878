"""Clients that take nothing more: the kernel ends their connections, where the server cannot."""

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_DESCRIPTORS = Path("/proc/self/fd")


def end_unread_connections(port: int, after: float) -> None:
    """Connections accepted on `port` from now on end once the client has not taken what was sent for `after` seconds.

    Linux only (tcp(7), TCP_USER_TIMEOUT): elsewhere nothing is done.
    """
    if not (hasattr(socket, "TCP_USER_TIMEOUT") and _DESCRIPTORS.is_dir()):
        return
    for listener in _listeners(port):
        end_unread_connections_of(listener, after)


def end_unread_connections_of(listener: socket.socket, after: float) -> None:
    """As `end_unread_connections`, for a listener of our own: what it accepts inherits the option."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(after * 1000))


def _listeners(port: int) -> Iterator[socket.socket]:
    """Those of this process, whoever in it has made them."""
    for descriptor in os.listdir(_DESCRIPTORS):
        with suppress(OSError), socket.socket(fileno=os.dup(int(descriptor))) as found:  # closed, or no socket
            is_tcp = found.type == socket.SOCK_STREAM and found.family in (socket.AF_INET, socket.AF_INET6)
            if is_tcp and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and found.getsockname()[1] == port:
                yield found
