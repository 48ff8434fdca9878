"""A client that reconnects when its connection ends, and resumes its session."""

import asyncio
import re
from collections.abc import Callable
from random import uniform
from time import perf_counter

from picows import WSError, WSTransport

from bench.clients.client import Client, connect_frame, subscribe_frame
from bench.clients.heart_beats import PROMISED

_SEQ = re.compile(rb"\nseq:(\d+)")
_RETRY_DELAY = 0.5
"""Seconds between the first two tries to connect. It doubles up to `_LONGEST_DELAY`."""
_LONGEST_DELAY = 8.0


class ResumingClient(Client):
    """Resumes its session after `last_seq`, and tries `urls` in turn.

    It is whole when all its subscriptions are confirmed; then it calls `on_whole`. It connects from the local address
    `source`, and promises heart-beats if `beats`.
    """

    def __init__(
        self, urls: list[str], token: str, session_id: str, last_seq: int, *, source: str | None, beats: bool
    ) -> None:
        super().__init__()
        self._urls = urls
        self._log_in = connect_frame(token, PROMISED if beats else "0,0")
        self._topic = f"/topic/session.{session_id}"
        self._source = source
        self._queues: tuple[str, ...] = ()
        self._reconnecting: asyncio.Task[None] | None = None
        self._is_closed = False
        self.on_whole: Callable[[], None] = lambda: None
        self.last_seq = last_seq
        self.is_whole = False
        self.whole_at = 0.0
        self.times_lost = 0
        self.failed_tries = 0

    async def open(self, *queues: str) -> None:
        """Connects, and subscribes to the session's topic and to the queues of the user."""
        self._queues = queues
        await self._reconnect()

    def close(self) -> None:
        """Ends the connection, and does not reconnect."""
        self._is_closed = True
        self.cut()

    def on_topic_frame(self, text: bytes, number: int) -> None:
        """Notes the `seq` of a message, to resume after it."""
        found = _SEQ.search(text)
        assert found is not None
        self.last_seq = max(self.last_seq, int(found[1]))
        super().on_topic_frame(text, number)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Begins to reconnect."""
        super().on_ws_disconnected(transport)
        if self.is_lost and self.is_whole:
            self.is_whole = False
            self.times_lost += 1
            if not self._is_closed:
                self._reconnecting = asyncio.get_running_loop().create_task(self._reconnect())

    async def _reconnect(self) -> None:
        delay, turn = _RETRY_DELAY, 0
        while not await self._try(self._urls[turn % len(self._urls)]):
            self.failed_tries += 1
            turn += 1
            if turn % len(self._urls) == 0:
                await asyncio.sleep(delay * uniform(0.5, 1.5))
                delay = min(_LONGEST_DELAY, 2 * delay)

    async def _try(self, url: str) -> bool:
        """Connects and resumes. Returns whether it succeeded."""
        try:
            await self.connect(url, self._source)
            await self.ask([self._log_in], b"CONNECTED")
            topic = subscribe_frame(self._topic, f"resume-after:{self.last_seq}")
            await self.ask([*map(subscribe_frame, self._queues), topic], b"RECEIPT")
        except (OSError, WSError, RuntimeError, TimeoutError):
            self.cut()
            return False
        if self.is_lost:
            return False
        self.is_whole = True
        self.whole_at = perf_counter()
        self.on_whole()
        return True
