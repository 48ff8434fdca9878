"""A session: what looks like one connection from inside, while requests come and go outside."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from adapters.sockjs.protocol.framing import HEARTBEAT
from adapters.sockjs.protocol.halves import HalfJoiner
from adapters.sockjs.protocol.limits import SockJsLimits
from adapters.sockjs.protocol.state import SessionState, State


class CloseReason(Protocol):
    @property
    def code(self) -> int: ...

    @property
    def reason(self) -> str: ...


class Inside(Protocol):
    """Whoever serves the client: the receiver of the transport that the session is."""

    def received(self, data: str) -> None: ...

    def writable(self) -> None: ...

    def lost(self) -> None: ...


class SockJsSession:
    """For whoever serves the client, a transport. Outside: receivers, and `feed` for what came.

    A message is taken only while a receiver is attached, whose answer then carries it: what a client that has
    gone never got does not count as sent. `on_gone` is told once, when the session is over for good.
    """

    def __init__(self, limits: SockJsLimits, on_gone: Callable[[], object]) -> None:
        self._limits = limits
        self._on_gone = on_gone
        self._state = SessionState()
        self._inside: Inside | None = None
        self._incoming: deque[str] = deque()
        self._halves = HalfJoiner()
        self._unread = 0
        self._is_reading = True
        self._kept: deque[str] = deque()
        self._waiting: list[asyncio.Future[None]] = []
        self._expiry: asyncio.TimerHandle | None = None
        self._expire_later()

    def serve(self, inside: Inside) -> None:
        """`inside` serves the client from now on."""
        self._inside = inside
        self._hand_in()

    def send(self, text: str, *, binary: bool = False) -> bool:
        """True when a receiver takes `text` along, always as text: SockJS has no binary messages."""
        if self._state.state is not State.OPEN:
            return False
        self._kept.append(text)
        return self._hand_out()

    def pause_reading(self) -> None:
        self._is_reading = False

    def resume_reading(self) -> None:
        self._is_reading = True
        asyncio.get_running_loop().call_soon(self._hand_in)

    def close(self, close: CloseReason) -> None:
        """Who serves the client has left when the client was told."""
        self._kept.clear()
        self._state.close(close.code, close.reason)
        self._changed()

    async def free(self) -> None:
        """Returns when no receiver is attached, or when one that still is cannot have broken off before the call."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.notice):
                while self._state.attached:
                    await self._change()

    def attach(self, receiver: object) -> bool:
        """False when another receiver is attached."""
        if not self._state.attach(receiver):
            return False
        if self._expiry is not None:
            self._expiry.cancel()
        self._hand_out_later()
        self._changed()
        return True

    def detach(self, receiver: object) -> None:
        """Its request was answered; the next one has to come within the disconnect delay."""
        if self._state.detach(receiver):
            self._expire_later()
            self._changed()

    def abort(self, receiver: object) -> None:
        """Its request broke off: what was on the way is lost, so that the session ends and the client starts anew."""
        if self._state.detach(receiver):
            self.vanish()

    async def next_frame(self) -> str | None:
        """The attached receiver's next frame, a heart-beat when there was none for long; None when all is over."""
        try:
            async with asyncio.timeout(self._limits.heartbeat):
                while self._state.state is not State.GONE:
                    frame = self._state.next_frame()
                    if frame is not None:
                        if frame.startswith("c"):
                            self._leave()
                        self._hand_out_later()
                        return frame
                    await self._change()
                return None
        except TimeoutError:
            return HEARTBEAT

    async def room(self) -> None:
        """Returns when more may be fed."""
        while self._is_full and self._state.state is State.OPEN:
            await self._change()

    @property
    def _is_full(self) -> bool:
        return self._unread >= self._limits.max_unread or len(self._incoming) >= self._limits.max_messages

    def feed(self, messages: Sequence[str]) -> None:
        if self._state.state is not State.OPEN:
            return
        whole = self._halves.join(messages)
        self._incoming.extend(whole)
        self._unread += sum(map(len, whole))
        self._hand_in()

    def vanish(self) -> None:
        """The client has gone."""
        if self._state.state is State.GONE:
            return
        if self._expiry is not None:
            self._expiry.cancel()
        self._state.vanish()
        self._kept.clear()
        self._changed()
        self._leave()
        self._on_gone()

    def _expire_later(self) -> None:
        self._expiry = asyncio.get_running_loop().call_later(self._limits.disconnect_delay, self.vanish)

    def _hand_in(self) -> None:
        """To whoever serves the client, as long as it reads."""
        while self._incoming and self._is_reading and self._inside is not None:
            message = self._incoming.popleft()
            self._unread -= len(message)
            self._inside.received(message)
        self._changed()

    def _hand_out(self) -> bool:
        """To the receiver, as much as it takes along; whether that is all."""
        while self._kept and self._state.attached and self._state.unsent < self._limits.max_unsent:
            self._state.push(self._kept.popleft())
        self._changed()
        return not self._kept

    def _hand_out_later(self) -> None:
        """What is kept, and then what was not sent because of it."""
        if self._kept and self._hand_out() and self._inside is not None:
            self._inside.writable()

    def _leave(self) -> None:
        inside, self._inside = self._inside, None
        if inside is not None:
            inside.lost()

    async def _change(self) -> None:
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        await waiting

    def _changed(self) -> None:
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)
