"""One connection to another worker: what is unsent is bounded, and who takes nothing is cut off."""

import asyncio
import logging
from collections.abc import Callable
from typing import cast

from adapters.unix_sockets.frames import MAX_HELLO, BadFrame, FrameReader, frame
from adapters.unix_sockets.settings import UnixSettings

log = logging.getLogger(__name__)


class OutgoingConnection(asyncio.Protocol):
    """`on_answer` gets each frame that the other sends back."""

    def __init__(self, name: str, settings: UnixSettings, on_answer: Callable[[bytes], None]) -> None:
        self._name = name
        self._settings = settings
        self._on_answer = on_answer
        self._answers = FrameReader(MAX_HELLO)
        self._written = 0
        self._not_waited_for = asyncio.Event()
        self._not_waited_for.set()
        self._watch: asyncio.TimerHandle | None = None
        self.closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=self._settings.high_water)

    def data_received(self, data: bytes) -> None:
        try:
            for answer in self._answers.feed(data):
                self._on_answer(answer)
        except BadFrame as error:
            self.cut(str(error))

    def connection_lost(self, error: Exception | None) -> None:
        self.closed.set()
        self.resume_writing()

    def pause_writing(self) -> None:
        self._not_waited_for.clear()
        self._watch_after(self._settings.patience, self._look)

    def resume_writing(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self._not_waited_for.set()

    def send(self, payload: bytes) -> None:
        """One frame. Never waits."""
        if self.closed.is_set() or self._transport.is_closing():
            return
        self._written += len(payload)
        self._transport.write(frame(payload))
        if self._transport.get_write_buffer_size() > self._settings.max_unsent:
            self.cut("too much is unsent")

    async def drain(self) -> None:
        """Returns when little is unsent, or the other takes nothing."""
        await self._not_waited_for.wait()

    def cut(self, reason: str) -> None:
        """The other will be told that it has missed deliveries when it is reached again."""
        if not self.closed.is_set():
            log.warning("the link to %s is cut: %s", self._name, reason)
            self._transport.abort()

    def close(self) -> None:
        """What was sent goes out first."""
        self._transport.close()

    async def flush(self) -> None:
        """Closes it and returns when it has ended, after `flush_timeout` seconds at the latest."""
        self.close()
        try:
            async with asyncio.timeout(self._settings.flush_timeout):
                await self.closed.wait()
        except TimeoutError:
            self.cut("it takes nothing at the end")

    def _taken(self) -> int:
        return self._written - self._transport.get_write_buffer_size()

    def _watch_after(self, delay: float, look: Callable[[int], None]) -> None:
        self._watch = asyncio.get_running_loop().call_later(delay, look, self._taken())

    def _look(self, taken_before: int) -> None:
        if self._taken() > taken_before:
            self._watch_after(self._settings.patience, self._look)
        else:
            self._not_waited_for.set()
            self._watch_after(self._settings.stall_timeout, self._give_up)

    def _give_up(self, taken_before: int) -> None:
        if self._taken() > taken_before:
            self.pause_writing()
        else:
            self.cut("it takes nothing")
