"""A request that waits for frames: polling and streaming."""

import asyncio

from adapters.sockjs.protocol.limits import SockJsLimits
from adapters.sockjs.protocol.state import ANOTHER_RECEIVER, INTERRUPTED
from adapters.sockjs.session import SockJsSession
from entrypoints.sockjs.downstream import Downstream
from entrypoints.sockjs.request import Request


class DownstreamRequest:
    """Answers one request with the frames of a session."""

    def __init__(self, request: Request, receiver: Downstream, callback: str, limits: SockJsLimits) -> None:
        self._request = request
        self._receiver = receiver
        self._callback = callback
        self._limits = limits
        self._started = False

    async def run(self, session: SockJsSession) -> None:
        """Sends frames. Returns when the answer is complete, or when the client has gone."""
        if self._receiver.streaming:
            await self._start()
        await session.wait_detached()
        if not session.attach(self):
            await self._write(ANOTHER_RECEIVER, last=True)
            return
        gone = asyncio.create_task(self._request.gone(), name="sockjs disconnect")
        gone.add_done_callback(lambda _: session.abort(self))
        try:
            if not await self._carry(session) and not gone.done():
                await self._write(INTERRUPTED, last=True)
        finally:
            session.abort(self)  # does nothing when the answer is complete, as the session is detached then
            gone.cancel()

    async def _carry(self, session: SockJsSession) -> bool:
        """Returns whether the answer is complete. Otherwise the session has ended."""
        room = self._limits.response if self._receiver.streaming else 1
        while (frame := await session.next_frame()) is not None:
            room -= len(frame)
            last = room <= 0 or frame.startswith("c")
            if last:
                # before the write, as the next request of the client may come before this one goes on
                session.detach(self)
            await self._write(frame, last=last)
            if last:
                return True
        return False

    async def _start(self) -> None:
        self._started = True
        self._request.answer_headers["x-accel-buffering"] = "no"  # nginx would buffer the stream
        await self._request.start(200, self._receiver.content_type)
        await self._request.chunk(self._receiver.prelude(self._callback).encode())

    async def _write(self, frame: str, *, last: bool) -> None:
        """Raises TimeoutError when the client does not read."""
        text = self._receiver.wrap(frame, self._callback)
        async with asyncio.timeout(self._limits.slow_consumer):
            if not self._started:
                await self._request.answer(200, text, self._receiver.content_type)
                return
            await self._request.chunk(text.encode())
            if last:
                await self._request.chunk(b"", last=True)
