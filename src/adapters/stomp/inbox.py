"""Handles the messages of a client, one frame after the other."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Final

from adapters.stomp.protocol.events import Ack, Event
from adapters.stomp.protocol.session import StompSession
from adapters.stomp.receipts import Receipts
from adapters.stomp.transport import Transport
from adapters.stomp.turns import Turns
from adapters.stomp.write_queue import WriteQueue
from domain.errors import Unavailable

STEPS_AT_ONCE: Final = 32
"""Messages and frames of a client that are handled before the event loop runs other tasks."""

Rest = Coroutine[Any, Any, None]
"""The rest of the work for a frame, which has to wait for something."""


class Inbox:
    """`feed` makes events of a message for `session`. `handle` carries out an event, and may return the rest of it.

    The client has to wait while that rest runs, while `max_in_flight` of its frames wait for their outcome, while
    `queue` has no room for answers, and when the turn of all connections is over (`turns`). Then nothing more is read
    from its transport. An exception of `handle` goes to `on_failure`, with the `receipt` of the frame at fault.
    """

    __slots__ = (
        "_events",
        "_feed",
        "_handle",
        "_is_held",
        "_max_in_flight",
        "_messages",
        "_on_failure",
        "_only_acks",
        "_pause_at",
        "_queue",
        "_receipts",
        "_session",
        "_stopped",
        "_task",
        "_transport",
        "_turns",
    )

    def __init__(
        self,
        session: StompSession,
        feed: Callable[[str | bytes], Iterator[Event]],
        transport: Transport,
        turns: Turns,
        queue: WriteQueue,
        receipts: Receipts,
        max_in_flight: int,
        handle: Callable[[Event], Rest | None],
        on_failure: Callable[[Exception, str | None], None],
    ) -> None:
        self._session = session
        self._feed = feed
        self._transport = transport
        self._turns = turns
        self._queue = queue
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
        self._only_acks = False

    def put(self, message: str | bytes) -> None:
        """Handles a message, at once or after those before it."""
        if self._stopped:
            return
        self._messages.append(message)
        if not self._is_held:
            self._run()

    def only_acks(self) -> None:
        """Cancels the frame that is being handled. Handles ACKs from now on, and drops all other frames."""
        self._only_acks = True
        if self._task is not None:
            self._task.cancel()

    def stop(self) -> None:
        """Handles nothing more, and cancels the frame that is being handled."""
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
                    if self._only_acks and not isinstance(event, Ack):
                        continue
                    rest = self._handle(event)
                    if rest is not None:
                        self._wait_for(rest, _receipt_of(event))
                        return
                elif self._messages:
                    if self._turns.is_over():
                        self._wait_for_turn()
                        return
                    self._events = self._feed(self._messages.pop(0))
                else:
                    self._release()
                    return
        except Exception as error:
            self._on_failure(error, _receipt_of(event))

    def _must_wait(self) -> bool:
        """Whether the client has to wait now. Then handling goes on later by itself, unless the inbox was stopped."""
        if self._stopped:
            return True
        if self._session.steps >= self._pause_at:
            self._pause_at = self._session.steps + STEPS_AT_ONCE
            self._wait_for_turn()
            return True
        if self._receipts.in_flight >= self._max_in_flight:
            self._wait_for(self._receipts.wait_until_in_flight_below(self._max_in_flight), None)
            return True
        if not self._queue.has_room and not self._only_acks:  # to ACKs it gives no answers then
            self._wait_for(self._queue.room_for_answers(), None)
            return True
        return False

    def _wait_for_turn(self) -> None:
        self._hold()
        self._turns.wait(self._run)

    def _wait_for(self, rest: Rest, receipt: str | None) -> None:
        self._hold()
        self._task = asyncio.create_task(rest, name="stomp frame")
        self._task.add_done_callback(lambda done: self._go_on(done, receipt))

    def _go_on(self, done: "asyncio.Task[None]", receipt: str | None) -> None:
        self._task = None
        if self._stopped:
            return
        error = Unavailable() if done.cancelled() else done.exception()
        if isinstance(error, Exception) and not self._only_acks:
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
