"""The queue of sends in memory. Instances in one process compete for it. It is lost with the process."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic

from application.concurrency.background import BackgroundTask
from application.ports.send_queue import Accept, PutAside, Reject, Retry, SendHandler, Submission, Verdict
from domain.errors import Unavailable

log = logging.getLogger(__name__)

DELIVERY_LIMIT = 5
MAX_BATCH = 200
TRIED_TOO_OFTEN = "delivery_limit"


@dataclass(slots=True)
class _Send:
    body: bytes
    since: float = field(default_factory=monotonic)
    failed_tries: int = 0

    def submission(self) -> Submission:
        return Submission(self.body, monotonic() - self.since)


@dataclass
class InMemorySends:
    """The sends that several instances share. `dead` holds bodies and reasons."""

    waiting: asyncio.Queue[_Send] = field(default_factory=asyncio.Queue)
    aside: list[tuple[_Send, float]] = field(default_factory=list)
    """Sends and the monotonic times when they may return to the queue, in the order in which they were put aside."""
    dead: list[tuple[bytes, str]] = field(default_factory=list)

    def put_aside(self, send: _Send, retry_in: float) -> None:
        """Takes a send out of the queue for at least `retry_in` seconds."""
        self.aside.append((send, monotonic() + retry_in))
        asyncio.get_running_loop().call_later(retry_in, self._return_due)

    def _return_due(self) -> None:
        """Moves sends that are due back into the queue. No send overtakes another."""
        while self.aside and self.aside[0][1] <= monotonic():
            self.waiting.put_nowait(self.aside.pop(0)[0])


class InMemorySendQueue:
    """The queue as one instance sees it. `retry` is the pause in seconds when no send of a batch was stored."""

    def __init__(self, sends: InMemorySends | None = None, *, retry: float = 0.01) -> None:
        self._sends = sends or InMemorySends()
        self._retry = retry
        self._handler: SendHandler | None = None
        self._handling = asyncio.Lock()
        self._task = BackgroundTask("send queue", self._run)

    async def start(self) -> None:
        """See `SendQueue.start`."""
        if self._handler is not None:
            self._task.start()

    async def stop(self) -> None:
        """See `SendQueue.stop`."""
        async with self._handling:
            await self._task.stop()

    async def submit(self, body: bytes) -> None:
        """See `SendQueue.submit`."""
        self._sends.waiting.put_nowait(_Send(body))

    def consume(self, handler: SendHandler) -> None:
        """See `SendQueue.consume`."""
        self._handler = handler

    async def _run(self) -> None:
        held: list[_Send] = []
        try:
            while True:
                held = batch = [*held, *(self._take_waiting() if held else await self._take())]
                async with self._handling:
                    verdicts = await self._judge(batch)
                    held = self._settle(batch, verdicts)
                if held and Accept() not in verdicts:
                    await asyncio.sleep(self._retry)
        finally:
            for send in held:  # another instance takes them
                self._sends.waiting.put_nowait(send)

    async def _take(self) -> list[_Send]:
        return [await self._sends.waiting.get(), *self._take_waiting()]

    def _take_waiting(self) -> list[_Send]:
        count = min(MAX_BATCH, self._sends.waiting.qsize())
        return [self._sends.waiting.get_nowait() for _ in range(count)]

    def _settle(self, batch: Sequence[_Send], verdicts: Sequence[Verdict]) -> list[_Send]:
        """Carries out the verdicts. Returns the sends to hand over again."""
        held: list[_Send] = []
        for send, verdict in zip(batch, verdicts, strict=True):
            if isinstance(verdict, Reject):
                self._sends.dead.append((send.body, verdict.reason))
            elif isinstance(verdict, PutAside):
                self._sends.put_aside(send, verdict.retry_in)
            elif isinstance(verdict, Retry):
                held.append(send)
        return held

    async def _judge(self, batch: Sequence[_Send]) -> Sequence[Verdict]:
        assert self._handler is not None
        try:
            return await self._handler([send.submission() for send in batch])
        except Unavailable:
            return [Retry()] * len(batch)
        except Exception as error:
            log.error("sends could not be handled (%s)", type(error).__name__)
        if len(batch) == 1:
            return [self._failed(batch[0])]
        return [verdict for send in batch for verdict in await self._judge([send])]

    def _failed(self, send: _Send) -> Verdict:
        send.failed_tries += 1
        return Reject(TRIED_TOO_OFTEN) if send.failed_tries >= DELIVERY_LIMIT else Retry()
