"""Asks a service over and over, in a process of its own, and writes the longest wait for an answer to stdout.

What the machine withheld (run-queue time of the service's threads and of this process) does not count as a stall:
an answer may need several threads one after the other, and waits for a CPU in each.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

from websockets.asyncio.client import connect

PAUSE = 0.01
GIVE_UP = 60.0
NANOSECONDS = 1e-9


class Waits:
    """The longest wait of each kind, in seconds."""

    def __init__(self, pid: int) -> None:
        self._threads = Path(f"/proc/{pid}/task")
        self.longest: dict[str, float] = {}

    async def measure(self, kind: str, ask: Callable[[], Awaitable[None]], stopping: asyncio.Event) -> None:
        """Until `stopping`; an answer that is awaited then counts too."""
        while not stopping.is_set():
            before, started = self._withheld(), monotonic()
            async with asyncio.timeout(GIVE_UP):
                await ask()
            waited = monotonic() - started
            withheld = sum(waited_now - before.get(thread, 0) for thread, waited_now in self._withheld().items())
            self.longest[kind] = max(self.longest.get(kind, 0.0), waited - withheld * NANOSECONDS)
            await asyncio.sleep(PAUSE)

    def _withheld(self) -> dict[str, int]:
        """Nanoseconds that each thread, and this process, was ready to run and had no CPU."""
        found = {"probe": _run_queue_time(Path("/proc/self/schedstat"))}
        for thread in self._threads.iterdir():
            with suppress(OSError):  # it has ended
                found[thread.name] = _run_queue_time(thread / "schedstat")
        return found


def _run_queue_time(schedstat: Path) -> int:
    return int(schedstat.read_text().split()[1])


async def liveness(url: str) -> Callable[[], Awaitable[None]]:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)

    async def ask() -> None:
        writer.write(b"GET /actuator/health/liveness HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head, head
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        await reader.readexactly(int(lengths[0].partition(b":")[2]))

    return ask


async def stomp(url: str, token: str) -> Callable[[], Awaitable[None]]:
    """The round trip of a client that has connected: a frame, and its RECEIPT."""
    socket = await connect(f"{url.replace('http', 'ws', 1)}/ws", compression=None, ping_interval=None)
    await socket.send(f"CONNECT\naccept-version:1.2\nAuthorization:Bearer {token}\n\n\0")
    assert str(await socket.recv()).startswith("CONNECTED")

    async def ask() -> None:
        await socket.send("UNSUBSCRIBE\nid:none\nreceipt:probe\n\n\0")
        answer = await socket.recv()
        assert str(answer).startswith("RECEIPT"), answer

    return ask


async def main(url: str, pid: str, token: str) -> None:
    waits = Waits(int(pid))
    kinds = {"liveness": await liveness(url), "stomp": await stomp(url, token)}
    stopping = asyncio.Event()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    async with asyncio.TaskGroup() as tasks:
        for kind, ask in kinds.items():
            tasks.create_task(waits.measure(kind, ask, stopping))
        await asyncio.to_thread(sys.stdin.readline)
        stopping.set()
    sys.stdout.write(json.dumps(waits.longest))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
