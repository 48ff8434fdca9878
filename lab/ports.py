"""Free ports for servers, outside of the range from which the kernel takes the ports of outgoing connections.

So a server that is stopped and started again finds its port free, whatever is connected meanwhile.
"""

import random
import socket

FIRST, LAST = 10_240, 32_767
_ports = range(FIRST, LAST + 1)
_offset = random.randrange(len(_ports))  # two test runs on one machine begin at different ports


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, another one at each call."""
    global _offset  # noqa: PLW0603 - the next call goes on behind
    for _ in _ports:
        _offset = (_offset + 1) % len(_ports)
        if _is_free(_ports[_offset]):
            return _ports[_offset]
    raise RuntimeError(f"no port between {FIRST} and {LAST} is free")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
