"""One request that waits for frames."""

import asyncio

from adapters.sockjs.protocol.limits import SockJsLimits
from adapters.sockjs.protocol.state import ANOTHER_RECEIVER, INTERRUPTED
from adapters.sockjs.session import SockJsSession
from entrypoints.sockjs.downstream import Receiver
from entrypoints.sockjs.request import Request


class Receiving:
    """Answers one request of a receiving transport with the frames of `session`."""

    def __init__(self, request: Request, receiver: Receiver, callback: str, limits: SockJsLimits) -> None:
        self._request = request
        self._receiver = receiver
        self._callback = callback
        self._limits = limits
        self._started = False

    async def run(self, session: SockJsSession) -> None:
        """Returns when the answer is complete or the client has gone."""
        if self._receiver.streaming:
            await self._start()
        await session.free()
        if not session.attach(self):
            await self._write(ANOTHER_RECEIVER, last=True)
            return
        gone = asyncio.create_task(self._request.gone(), name="sockjs disconnect")
        gone.add_done_callback(lambda _: session.abort(self))
        try:
            if not await self._carry(session) and not gone.done():
                await self._write(INTERRUPTED, last=True)
        finally:
            session.abort(self)  # nothing when it ended well: it is detached then
            gone.cancel()

    async def _carry(self, session: SockJsSession) -> bool:
        """Whether the answer was completed; the session is over otherwise."""
        room = self._limits.response if self._receiver.streaming else 1
        while (frame := await session.next_frame()) is not None:
            room -= len(frame)
            last = room <= 0 or frame.startswith("c")
            if last:
                # before it is written: the client's next request may be here before this one goes on
                session.detach(self)
            await self._write(frame, last=last)
            if last:
                return True
        return False

    async def _start(self) -> None:
        self._started = True
        self._request.answer_headers["x-accel-buffering"] = "no"  # nginx would hold the stream back
        await self._request.start(200, self._receiver.content_type)
        await self._request.chunk(self._receiver.prelude(self._callback).encode())

    async def _write(self, frame: str, *, last: bool) -> None:
        """Raises TimeoutError when the client does not read."""
        text = self._receiver.wrap(frame, self._callback)
        async with asyncio.timeout(self._limits.slow_client):
            if not self._started:
                await self._request.answer(200, text, self._receiver.content_type)
                return
            await self._request.chunk(text.encode())
            if last:
                await self._request.chunk(b"", last=True)
