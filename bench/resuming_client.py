"""A client that comes back whenever its connection ends, and resumes its session where it was."""

import asyncio
import re
from collections.abc import Callable
from random import uniform
from time import perf_counter

from picows import WSError, WSTransport

from bench.beats import PROMISED
from bench.client import Client, connect_frame, subscribe_frame

_SEQ = re.compile(rb"\nseq:(\d+)")
_RETRY_DELAY = 0.5
"""Seconds before the second try to connect; it doubles up to the longest."""
_LONGEST_DELAY = 8.0


class ResumingClient(Client):
    """It begins after `last_seq` of its session and tries `urls` in turn.

    `on_whole` is called each time that all its subscriptions are confirmed.
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
        self._returning: asyncio.Task[None] | None = None
        self._is_closed = False
        self.on_whole: Callable[[], None] = lambda: None
        self.last_seq = last_seq
        self.is_whole = False
        self.whole_at = 0.0
        self.times_lost = 0
        self.failed_tries = 0

    async def open(self, *queues: str) -> None:
        """Subscribes the session's topic, and the queues of the user."""
        self._queues = queues
        await self._come_back()

    def close(self) -> None:
        self._is_closed = True
        self.cut()

    def on_topic_frame(self, text: bytes, number: int) -> None:
        found = _SEQ.search(text)
        assert found is not None
        self.last_seq = max(self.last_seq, int(found[1]))
        super().on_topic_frame(text, number)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        super().on_ws_disconnected(transport)
        if self.is_lost and self.is_whole:
            self.is_whole = False
            self.times_lost += 1
            if not self._is_closed:
                self._returning = asyncio.get_running_loop().create_task(self._come_back())

    async def _come_back(self) -> None:
        delay, turn = _RETRY_DELAY, 0
        while not await self._tried(self._urls[turn % len(self._urls)]):
            self.failed_tries += 1
            turn += 1
            if turn % len(self._urls) == 0:
                await asyncio.sleep(delay * uniform(0.5, 1.5))
                delay = min(_LONGEST_DELAY, 2 * delay)

    async def _tried(self, url: str) -> bool:
        """Whether it is connected and has resumed."""
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
