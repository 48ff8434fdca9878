"""What one client sends, handled one frame after the other."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Final

from adapters.stomp.protocol.events import Event
from adapters.stomp.protocol.session import StompSession
from adapters.stomp.receipts import Receipts
from adapters.stomp.transport import Transport
from domain.errors import Unavailable

STEPS_AT_ONCE: Final = 32
"""Messages and frames of one client that are handled before others have their turn."""

Rest = Coroutine[Any, Any, None]


class Inbox:
    """`feed` makes events of a message for `session`, and `handle` does what an event asks;
    where that has to wait, it gives a coroutine for the rest.

    Nothing of the client is handled meanwhile, nor while `max_in_flight` of its frames wait for their outcome, and
    nothing more is read from it. What `handle` raises goes to `on_failure`, with the `receipt` of the frame at fault.
    """

    __slots__ = (
        "_events",
        "_feed",
        "_handle",
        "_is_held",
        "_max_in_flight",
        "_messages",
        "_on_failure",
        "_pause_at",
        "_receipts",
        "_session",
        "_stopped",
        "_task",
        "_transport",
    )

    def __init__(
        self,
        session: StompSession,
        feed: Callable[[str | bytes], Iterator[Event]],
        transport: Transport,
        receipts: Receipts,
        max_in_flight: int,
        handle: Callable[[Event], Rest | None],
        on_failure: Callable[[Exception, str | None], None],
    ) -> None:
        self._session = session
        self._feed = feed
        self._transport = transport
        self._receipts = receipts
        self._max_in_flight = max_in_flight
        self._handle = handle
        self._on_failure = on_failure
        self._messages: list[str | bytes] = []
        self._events: Iterator[Event] = iter(())
        self._pause_at = STEPS_AT_ONCE
        self._is_held = False
        self._task: asyncio.Task[None] | None = None
        self._stopped = False

    def put(self, message: str | bytes) -> None:
        if self._stopped:
            return
        self._messages.append(message)
        if not self._is_held:
            self._run()

    def stop(self) -> None:
        """Nothing more is handled; what is being handled is given up."""
        self._stopped = True
        self._messages.clear()
        self._events = iter(())
        if self._task is not None:
            self._task.cancel()

    def _run(self) -> None:
        event: Event | None = None
        try:
            while not self._must_wait():
                event = None
                event = next(self._events, None)
                if event is not None:
                    rest = self._handle(event)
                    if rest is not None:
                        self._wait_for(rest, _receipt_of(event))
                        return
                elif self._messages:
                    self._events = self._feed(self._messages.pop(0))
                else:
                    self._release()
                    return
        except Exception as error:
            self._on_failure(error, _receipt_of(event))

    def _must_wait(self) -> bool:
        """Whether nothing more is to be handled now; then it goes on later by itself, unless it was stopped."""
        if self._stopped:
            return True
        if self._session.steps >= self._pause_at:
            self._pause_at = self._session.steps + STEPS_AT_ONCE
            self._hold()
            asyncio.get_running_loop().call_soon(self._run)
            return True
        if self._receipts.in_flight >= self._max_in_flight:
            self._wait_for(self._receipts.wait_below(self._max_in_flight), None)
            return True
        return False

    def _wait_for(self, rest: Rest, receipt: str | None) -> None:
        self._hold()
        self._task = asyncio.create_task(rest, name="stomp frame")
        self._task.add_done_callback(lambda done: self._go_on(done, receipt))

    def _go_on(self, done: "asyncio.Task[None]", receipt: str | None) -> None:
        self._task = None
        if self._stopped:
            return
        error = Unavailable() if done.cancelled() else done.exception()
        if isinstance(error, Exception):
            self._on_failure(error, receipt)
        self._run()

    def _hold(self) -> None:
        if not self._is_held:
            self._is_held = True
            self._transport.pause_reading()

    def _release(self) -> None:
        if self._is_held:
            self._is_held = False
            self._transport.resume_reading()


def _receipt_of(event: Event | None) -> str | None:
    return getattr(event, "receipt", None)
