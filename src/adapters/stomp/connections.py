"""The open connections of one instance: how many there may be, who looks after them, and their orderly end."""

import asyncio
import math
from collections import Counter
from time import monotonic
from typing import Protocol

from adapters.stomp.protocol.errors import LimitExceeded
from adapters.stomp.transport import CloseReason
from application.concurrency.background import BackgroundTask
from domain.errors import Unavailable

BATCH = 100  # so many at a time are looked after, or come back to this or other instances
CONNECTS = 8  # so many are let in before others have their turn: checking a token takes time
RESUME_WITHIN = 30.0  # seconds


class Connection(Protocol):
    def check(self, now: float) -> None:
        """Called every now and then: sends a beat that is due, ends what took too long."""
        ...

    def close(self, reason: CloseReason) -> None: ...


class Connections:
    """At most `max_open` of users; the `WaitingRoom` limits those of clients that are not yet known.

    `watch_interval` (seconds) is how late a beat or the notice of a limit in time may be.
    """

    def __init__(self, *, max_open: int = 50_000, max_per_user: int = 100, watch_interval: float = 1.0) -> None:
        self._max_open = max_open
        self._max_per_user = max_per_user
        self.watch_interval = watch_interval
        self._open: dict[Connection, None] = {}
        self._of_user: Counter[str] = Counter()
        self._users = 0
        self._empty = asyncio.Event()
        self._empty.set()
        self._draining = False
        self._turns = asyncio.Semaphore(CONNECTS)
        self._resuming: set[asyncio.Task[None]] = set()
        self._watch = BackgroundTask("connection watch", self._watch_all)  # one timer for all, not one each

    def __len__(self) -> int:
        return len(self._open)

    @property
    def open_to_more(self) -> bool:
        return not self._draining and self._users < self._max_open

    def add(self, connection: Connection) -> None:
        self._open[connection] = None
        self._empty.clear()

    def remove(self, connection: Connection) -> None:
        self._open.pop(connection, None)
        if not self._open:
            self._empty.set()

    def enter(self, user: str) -> None:
        """One connection more of this user. Raises `LimitExceeded`, `Unavailable` when the instance is full."""
        if self._users >= self._max_open:
            raise Unavailable("the instance has no room for more connections")
        if self._of_user[user] >= self._max_per_user:
            raise LimitExceeded("this user has too many connections")
        self._of_user[user] += 1
        self._users += 1

    async def take_turn(self) -> None:
        """Lets `CONNECTS` callers through, and the next ones when the loop has been around."""
        await self._turns.acquire()
        asyncio.get_running_loop().call_soon(self._turns.release)

    def leave(self, user: str) -> None:
        self._of_user[user] -= 1
        self._users -= 1
        if not self._of_user[user]:
            del self._of_user[user]

    def start(self) -> None:
        self._watch.start()

    async def drain(self, within: float) -> None:
        """Lets nobody in any more and sends everybody away, in batches spread over at most half of `within` seconds.

        Raises TimeoutError when some have not gone by then.
        """
        self._draining = True
        async with asyncio.timeout(within):
            await self._send_away(CloseReason.SHUTDOWN, within / 2)
            await self._empty.wait()

    def ask_to_resume(self) -> None:
        """Deliveries may have been missed: in the background, everybody is sent away to come back and resume."""
        # while others of an earlier gap still leave, too: who has come back since may have missed this one
        task = asyncio.create_task(self._send_away(CloseReason.RESUME, RESUME_WITHIN), name="resume")
        self._resuming.add(task)
        task.add_done_callback(self._resuming.discard)

    async def _send_away(self, reason: CloseReason, within: float) -> None:
        leaving = list(self._open)
        pause = min(0.1, within / max(1, math.ceil(len(leaving) / BATCH)))
        for start in range(0, len(leaving), BATCH):
            for connection in leaving[start : start + BATCH]:
                connection.close(reason)
            await asyncio.sleep(pause)

    async def stop(self) -> None:
        for task in self._resuming:
            task.cancel()
        await self._watch.stop()

    async def _watch_all(self) -> None:
        """Spread over the interval: who connected together beats together, and messages are not to wait for that."""
        while True:
            connections = list(self._open)
            starts = range(0, max(1, len(connections)), BATCH)
            for start in starts:
                await asyncio.sleep(self.watch_interval / len(starts))
                now = monotonic()
                for connection in connections[start : start + BATCH]:
                    connection.check(now)
