"""Refuses bodies that come too slowly, so that slow clients do not hold many connections."""

import asyncio
from time import monotonic

from domain.errors import TooSlow
from entrypoints.asgi.types import AsgiApp, Event, Receive, Scope, Send

LEAST_RATE = 1_024
"""Octets a second, after the `request_timeout`."""


class BodyRate:
    """ASGI middleware. A body has `request_timeout` seconds, and one more second for each KiB that has come.

    After that, the read of the body raises `TooSlow` (contract, section 5: 408 `too-slow`).
    """

    def __init__(self, app: AsgiApp, request_timeout: float) -> None:
        self._app = app
        self._request_timeout = request_timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request, and limits the time of its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, octets, is_complete = monotonic(), 0, False

        async def receive_in_time() -> Event:
            nonlocal octets, is_complete
            if is_complete:
                return await receive()
            left = started + self._request_timeout + octets / LEAST_RATE - monotonic()
            try:
                async with asyncio.timeout(max(0.0, left)):
                    event = await receive()
            except TimeoutError:
                raise TooSlow from None
            octets += len(event.get("body", b""))
            is_complete = not event.get("more_body", False)
            return event

        await self._app(scope, receive_in_time, send)
