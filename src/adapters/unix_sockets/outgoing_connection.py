"""A connection to another worker, with a bound on unsent octets and on how long the worker may read nothing."""

import asyncio
import logging
from collections.abc import Callable
from typing import cast

from adapters.unix_sockets.frames import MAX_HELLO, BadFrame, FrameReader, frame
from adapters.unix_sockets.settings import UnixSettings

log = logging.getLogger(__name__)


class OutgoingConnection(asyncio.Protocol):
    """Sends frames to the worker `name`. `on_answer` gets each frame that it sends back."""

    def __init__(self, name: str, settings: UnixSettings, on_answer: Callable[[bytes], None]) -> None:
        self._name = name
        self._settings = settings
        self._on_answer = on_answer
        self._answers = FrameReader(MAX_HELLO)
        self._written = 0
        self._writable = asyncio.Event()
        self._writable.set()
        self._watch: asyncio.TimerHandle | None = None
        self.closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sets the amount of unsent octets above which publishers wait."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=self._settings.high_water)

    def data_received(self, data: bytes) -> None:
        """Passes answers on. Cuts the link on a bad frame."""
        try:
            for answer in self._answers.feed(data):
                self._on_answer(answer)
        except BadFrame as error:
            self.cut(str(error))

    def connection_lost(self, error: Exception | None) -> None:
        """Releases those who wait."""
        self.closed.set()
        self.resume_writing()

    def pause_writing(self) -> None:
        """Makes `drain` wait, and checks whether the worker still reads."""
        self._writable.clear()
        self._watch_after(self._settings.patience, self._check_progress)

    def resume_writing(self) -> None:
        """Releases `drain`."""
        if self._watch is not None:
            self._watch.cancel()
        self._writable.set()

    @property
    def has_room(self) -> bool:
        """Whether little is unsent."""
        return not self.closed.is_set() and self._transport.get_write_buffer_size() <= self._settings.high_water

    def send(self, payload: bytes) -> None:
        """Sends a frame. Never waits. Cuts the link when too much is unsent."""
        if self.closed.is_set() or self._transport.is_closing():
            return
        self._written += len(payload)
        self._transport.write(frame(payload))
        if self._transport.get_write_buffer_size() > self._settings.max_unsent:
            self.cut("too much is unsent")

    async def drain(self) -> None:
        """Returns when little is unsent, or when the worker reads nothing."""
        await self._writable.wait()

    def cut(self, reason: str) -> None:
        """Closes the link at once. The worker notices the lost frames when the next link is up."""
        if not self.closed.is_set():
            log.warning("the link to %s is cut: %s", self._name, reason)
            self._transport.abort()

    def close(self) -> None:
        """Closes the link after the unsent frames."""
        self._transport.close()

    async def flush(self) -> None:
        """Closes the link after the unsent frames. Waits for the end, and cuts the link after `flush_timeout`."""
        self.close()
        try:
            async with asyncio.timeout(self._settings.flush_timeout):
                await self.closed.wait()
        except TimeoutError:
            self.cut("the worker does not read the last frames")

    def _octets_taken(self) -> int:
        return self._written - self._transport.get_write_buffer_size()

    def _watch_after(self, delay: float, check: Callable[[int], None]) -> None:
        self._watch = asyncio.get_running_loop().call_later(delay, check, self._octets_taken())

    def _check_progress(self, taken_before: int) -> None:
        if self._octets_taken() > taken_before:
            self._watch_after(self._settings.patience, self._check_progress)
        else:
            self._writable.set()
            self._watch_after(self._settings.stall_timeout, self._check_stall)

    def _check_stall(self, taken_before: int) -> None:
        if self._octets_taken() > taken_before:
            self.pause_writing()
        else:
            self.cut("the worker reads nothing")
