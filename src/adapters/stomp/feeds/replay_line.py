"""The replays of a connection: they take turns, a page each, as fast as the client reads (contract, section 7)."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from adapters.stomp.write_queue import WriteQueue


class Replaying(Protocol):
    """A feed that is behind."""

    async def give_page(self) -> bool:
        """Gives the client a page of missed messages. True when there may be another one."""
        ...


class ReplayLine:
    """The feeds that are behind, in line. A page is read only when the client has room for it.

    `on_failure` gets an exception of a feed.
    """

    def __init__(self, queue: WriteQueue, on_failure: Callable[[Exception], None]) -> None:
        self._queue = queue
        self._on_failure = on_failure
        self._waiting: dict[Replaying, None] = {}
        self._task: asyncio.Task[None] | None = None

    def join(self, feed: Replaying) -> None:
        """Adds a feed to the end of the line. A feed in line keeps its place."""
        self._waiting.setdefault(feed)
        if self._task is None:
            self._task = asyncio.create_task(self._serve(), name="replay")

    def leave(self, feed: Replaying) -> None:
        """Removes a feed from the line. Idempotent."""
        self._waiting.pop(feed, None)

    def stop(self) -> None:
        """Ends all replays."""
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()

    async def _serve(self) -> None:
        try:
            while self._waiting:
                await self._queue.room_for_replay()
                if self._queue.stopped:
                    self._waiting.clear()
                elif self._waiting:
                    await self._serve_first()
        except Exception as error:
            self._on_failure(error)
        finally:
            self._task = None

    async def _serve_first(self) -> None:
        feed = next(iter(self._waiting))
        del self._waiting[feed]
        if await feed.give_page():
            self._waiting[feed] = None
