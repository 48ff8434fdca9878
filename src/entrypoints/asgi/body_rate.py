"""A body that drips is cut by its rate, before many of them hold connections for nothing."""

import asyncio
from time import monotonic

from domain.errors import TooSlow
from entrypoints.asgi.types import AsgiApp, Event, Receive, Scope, Send

LEAST_RATE = 1_024  # octets a second, after the grace


class BodyRate:
    """ASGI middleware. `grace` in seconds: a body has that long, and a second more for each KiB that has come.

    The application's read of the body raises `TooSlow` beyond it (contract, section 5: 408 `too-slow`).
    """

    def __init__(self, app: AsgiApp, grace: float) -> None:
        self._app = app
        self._grace = grace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, octets, is_complete = monotonic(), 0, False

        async def receive_in_time() -> Event:
            nonlocal octets, is_complete
            if is_complete:
                return await receive()
            left = started + self._grace + octets / LEAST_RATE - monotonic()
            try:
                async with asyncio.timeout(max(0.0, left)):
                    event = await receive()
            except TimeoutError:
                raise TooSlow from None
            octets += len(event.get("body", b""))
            is_complete = not event.get("more_body", False)
            return event

        await self._app(scope, receive_in_time, send)
