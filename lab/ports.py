"""Free ports for servers, outside of the range from which the kernel takes the ports of outgoing connections.

So a server that is stopped and started again finds its port free, whatever is connected meanwhile.
"""

import os
import random
import socket
from collections.abc import Iterator
from functools import cache
from itertools import cycle, islice

FIRST, LAST = 10_240, 32_767
SHARE = "LAB_PORTS"
"""Environment variable: the share of the ports that a process and its children take, "2/4" for the second of four.

Test processes that run side by side so never take the port of a server that another of them has just stopped.
"""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, another one at each call.

    Raises:
        RuntimeError: all ports of this process's share are taken.
    """
    share = _share()
    for port in islice(_turns(), len(share)):
        if _is_free(port):
            return port
    raise RuntimeError(f"no port between {share[0]} and {share[-1]} is free")


def _share() -> range:
    number, _, count = os.environ.get(SHARE, "1/1").partition("/")
    size = (LAST + 1 - FIRST) // int(count)
    first = FIRST + (int(number) - 1) * size
    return range(first, first + size)


@cache
def _turns() -> Iterator[int]:
    """The ports of the share again and again; two test runs on one machine begin at different ones."""
    share = _share()
    first = random.randrange(len(share))
    return cycle([*share[first:], *share[:first]])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
