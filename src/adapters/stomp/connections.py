"""The open connections of an instance: their limits, their regular checks, and their orderly end."""

import asyncio
import math
from collections import Counter
from time import monotonic
from typing import Protocol

from adapters.stomp.protocol.errors import LimitExceeded
from adapters.stomp.transport import CloseReason
from application.concurrency.background import BackgroundTask
from domain.errors import Unavailable

BATCH = 100  # connections that are checked or closed in a row
CONNECTS = 8  # clients that are authenticated in one turn of the event loop: checking a token takes time
RESUME_WITHIN = 30.0  # seconds in which all clients are asked to resume


class Connection(Protocol):
    """A connection, as the instance manages it."""

    def check(self, now: float) -> None:
        """Sends a heart-beat that is due, and ends the connection after a timeout. `now` is monotonic, in seconds."""
        ...

    def close(self, reason: CloseReason) -> None:
        """Ends the connection."""
        ...


class Connections:
    """At most `max_connections` connections of users, `max_connections_per_user` of each.

    The `WaitingRoom` limits other clients.

    Each connection is checked every `watch_interval` seconds: a timeout is noticed so much later at most.
    """

    def __init__(self, *, max_connections: int, max_connections_per_user: int, watch_interval: float) -> None:
        self._max_connections = max_connections
        self._max_connections_per_user = max_connections_per_user
        self.watch_interval = watch_interval
        self._open: dict[Connection, None] = {}
        self._of_user: Counter[str] = Counter()
        self._users = 0
        self._empty = asyncio.Event()
        self._empty.set()
        self._draining = False
        self._turns = asyncio.Semaphore(CONNECTS)
        self._resuming: set[asyncio.Task[None]] = set()
        self._watch = BackgroundTask("connection watch", self._watch_all)  # one timer for all connections

    def __len__(self) -> int:
        return len(self._open)

    @property
    def open_to_more(self) -> bool:
        """Whether another user could connect."""
        return not self._draining and self._users < self._max_connections

    def add(self, connection: Connection) -> None:
        """Adds a connection, authenticated or not."""
        self._open[connection] = None
        self._empty.clear()

    def remove(self, connection: Connection) -> None:
        """Removes a connection that has ended. Idempotent."""
        self._open.pop(connection, None)
        if not self._open:
            self._empty.set()

    def enter(self, user: str) -> None:
        """Counts a connection of a user. Raises `LimitExceeded`, and `Unavailable` when the instance is full."""
        if self._users >= self._max_connections:
            raise Unavailable("the instance has no room for more connections")
        if self._of_user[user] >= self._max_connections_per_user:
            raise LimitExceeded("this user has too many connections")
        self._of_user[user] += 1
        self._users += 1

    async def take_turn(self) -> None:
        """Lets `CONNECTS` callers through in each turn of the event loop."""
        await self._turns.acquire()
        asyncio.get_running_loop().call_soon(self._turns.release)

    def leave(self, user: str) -> None:
        """No longer counts a connection of a user."""
        self._of_user[user] -= 1
        self._users -= 1
        if not self._of_user[user]:
            del self._of_user[user]

    def start(self) -> None:
        """Starts the regular checks."""
        self._watch.start()

    async def drain(self, within: float) -> None:
        """Refuses new connections, and closes the open ones in batches, in at most half of `within` seconds.

        Raises TimeoutError when some are still open after `within` seconds.
        """
        self._draining = True
        async with asyncio.timeout(within):
            await self._close_all(CloseReason.SHUTDOWN, within / 2)
            await self._empty.wait()

    def ask_to_resume(self) -> None:
        """Closes all connections in the background, since deliveries may be lost: clients reconnect and resume."""
        # also while connections of an earlier gap are closed: clients that are back may miss deliveries of this one
        task = asyncio.create_task(self._close_all(CloseReason.RESUME, RESUME_WITHIN), name="resume")
        self._resuming.add(task)
        task.add_done_callback(self._resuming.discard)

    async def _close_all(self, reason: CloseReason, within: float) -> None:
        closing = list(self._open)
        pause = min(0.1, within / max(1, math.ceil(len(closing) / BATCH)))
        for start in range(0, len(closing), BATCH):
            for connection in closing[start : start + BATCH]:
                connection.close(reason)
            await asyncio.sleep(pause)

    async def stop(self) -> None:
        """Stops the regular checks."""
        for task in self._resuming:
            task.cancel()
        await self._watch.stop()

    async def _watch_all(self) -> None:
        """Spreads the checks over the interval, so that heart-beats of many clients do not delay messages."""
        while True:
            connections = list(self._open)
            starts = range(0, max(1, len(connections)), BATCH)
            for start in starts:
                await asyncio.sleep(self.watch_interval / len(starts))
                now = monotonic()
                for connection in connections[start : start + BATCH]:
                    connection.check(now)
