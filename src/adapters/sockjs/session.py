"""A session: one connection for its handler, carried by many requests of the client."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from adapters.sockjs.protocol.framing import HEARTBEAT
from adapters.sockjs.protocol.limits import SockJsLimits
from adapters.sockjs.protocol.state import SessionState, State
from adapters.sockjs.protocol.surrogates import SurrogateJoiner


class CloseReason(Protocol):
    """Why the service closes a session."""

    @property
    def code(self) -> int:
        """A close code of WebSocket."""
        ...

    @property
    def reason(self) -> str:
        """The reason in words."""
        ...


class Handler(Protocol):
    """Serves the client of a session."""

    def received(self, data: str) -> None:
        """A message of the client."""
        ...

    def writable(self) -> None:
        """More may be sent, after `send` has returned False."""
        ...

    def lost(self) -> None:
        """The session has ended. It is the last call."""
        ...


class SockJsSession:
    """The transport of a handler, and the meeting point of the client's requests.

    Requests that carry frames to the client attach themselves as receivers. Requests with messages call `feed`.
    A message counts as sent when a receiver takes it, not while it waits for one. `on_gone` is called once, when the
    session has ended.
    """

    def __init__(self, limits: SockJsLimits, on_gone: Callable[[], object]) -> None:
        self._limits = limits
        self._on_gone = on_gone
        self._state = SessionState()
        self._handler: Handler | None = None
        self._incoming: deque[str] = deque()
        self._surrogates = SurrogateJoiner()
        self._unread = 0
        self._is_reading = True
        self._outgoing: deque[str] = deque()
        self._state_waiters: list[asyncio.Future[None]] = []
        self._expiry: asyncio.TimerHandle | None = None
        self._expire_later()

    def serve(self, handler: Handler) -> None:
        """Makes `handler` serve the client. Passes it the messages that wait."""
        self._handler = handler
        self._pass_incoming()

    def send(self, text: str, *, binary: bool = False) -> bool:
        """Sends a message, as text: SockJS has no binary messages. True when a receiver has taken it."""
        if self._state.state is not State.OPEN:
            return False
        self._outgoing.append(text)
        return self._pass_outgoing()

    def pause_reading(self) -> None:
        """Stops passing messages to the handler."""
        self._is_reading = False

    def resume_reading(self) -> None:
        """Passes messages to the handler again, from the next turn of the event loop on."""
        self._is_reading = True
        asyncio.get_running_loop().call_soon(self._pass_incoming)

    def close(self, close: CloseReason) -> None:
        """Closes the session. The handler's `lost` follows when a receiver has taken the close frame."""
        self._outgoing.clear()
        self._state.close(close.code, close.reason)
        self._changed()

    async def wait_detached(self) -> None:
        """Returns when no receiver is attached, after `detach_timeout` seconds at the latest."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.detach_timeout):
                while self._state.attached:
                    await self._change()

    def attach(self, receiver: object) -> bool:
        """Attaches a receiver. False when another is attached."""
        if not self._state.attach(receiver):
            return False
        if self._expiry is not None:
            self._expiry.cancel()
        self._fill_receiver()
        self._changed()
        return True

    def detach(self, receiver: object) -> None:
        """Detaches a receiver whose response is complete. The next must attach within the disconnect delay."""
        if self._state.detach(receiver):
            self._expire_later()
            self._changed()

    def abort(self, receiver: object) -> None:
        """Detaches a receiver whose request broke off. Frames may be lost, so this ends the session."""
        if self._state.detach(receiver):
            self.vanish()

    async def next_frame(self) -> str | None:
        """The next frame for the attached receiver, or a heart-beat after a pause. None when the session has ended."""
        try:
            async with asyncio.timeout(self._limits.heartbeat):
                while self._state.state is not State.GONE:
                    frame = self._state.next_frame()
                    if frame is not None:
                        if frame.startswith("c"):
                            self._leave()
                        self._fill_receiver()
                        return frame
                    await self._change()
                return None
        except TimeoutError:
            return HEARTBEAT

    async def wait_room(self) -> None:
        """Returns when more messages may be fed."""
        while self._is_full and self._state.state is State.OPEN:
            await self._change()

    @property
    def _is_full(self) -> bool:
        return self._unread >= self._limits.max_unread or len(self._incoming) >= self._limits.max_messages

    def feed(self, messages: Sequence[str]) -> None:
        """Takes messages of the client, in order."""
        if self._state.state is not State.OPEN:
            return
        whole = self._surrogates.join(messages)
        self._incoming.extend(whole)
        self._unread += sum(map(len, whole))
        self._pass_incoming()

    def vanish(self) -> None:
        """Ends the session: the client has gone."""
        if self._state.state is State.GONE:
            return
        if self._expiry is not None:
            self._expiry.cancel()
        self._state.vanish()
        self._outgoing.clear()
        self._changed()
        self._leave()
        self._on_gone()

    def _expire_later(self) -> None:
        self._expiry = asyncio.get_running_loop().call_later(self._limits.disconnect_delay, self.vanish)

    def _pass_incoming(self) -> None:
        """Passes messages to the handler while it reads."""
        while self._incoming and self._is_reading and self._handler is not None:
            message = self._incoming.popleft()
            self._unread -= len(message)
            self._handler.received(message)
        self._changed()

    def _pass_outgoing(self) -> bool:
        """Passes messages to the receiver as far as its frame has room. True when no message is left."""
        while self._outgoing and self._state.attached and self._state.unsent < self._limits.max_unsent:
            self._state.push(self._outgoing.popleft())
        self._changed()
        return not self._outgoing

    def _fill_receiver(self) -> None:
        """Passes the waiting messages to the receiver, then asks the handler for more."""
        if self._outgoing and self._pass_outgoing() and self._handler is not None:
            self._handler.writable()

    def _leave(self) -> None:
        handler, self._handler = self._handler, None
        if handler is not None:
            handler.lost()

    async def _change(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._state_waiters.append(waiter)
        await waiter

    def _changed(self) -> None:
        waiters, self._state_waiters = self._state_waiters, []
        for future in waiters:
            if not future.done():
                future.set_result(None)
