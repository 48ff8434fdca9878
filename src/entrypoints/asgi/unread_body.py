"""Reads the rest of a refused request, so that the refusal reaches a client that is still sending (RFC 9112, 9.6).

Closing a connection with unread octets resets it, and then the answer is lost.
"""

import asyncio
from contextlib import suppress

from entrypoints.asgi.types import AsgiApp, Event, Receive, Scope, Send

MAX_DISCARDED = 16 * 1024 * 1024
"""The largest number of octets that are discarded for one request."""
DISCARD_TIMEOUT = 5.0
"""Seconds in which they are read."""


class UnreadBody:
    """ASGI middleware. Reads and discards the rest of a request before the end of its refusal."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request, and discards what a refusal has left of it."""
        if scope["type"] != "http" or not _sends_a_body(scope):
            await self._app(scope, receive, send)
            return
        unread, refused = True, False

        async def receive_noting_the_end() -> Event:
            nonlocal unread
            event = await receive()
            unread = event["type"] == "http.request" and event.get("more_body", False)
            return event

        async def send_before_the_end(event: Event) -> None:
            nonlocal refused
            if event["type"] == "http.response.start":
                refused = event["status"] >= 400
            elif refused and unread and not event.get("more_body", False):
                # before the end of the answer, as the server may close the connection then
                with suppress(TimeoutError):
                    async with asyncio.timeout(DISCARD_TIMEOUT):
                        left = MAX_DISCARDED
                        while unread and left > 0:
                            left -= len((await receive_noting_the_end()).get("body", b""))
            await send(event)

        await self._app(scope, receive_noting_the_end, send_before_the_end)


def _sends_a_body(scope: Scope) -> bool:
    """Whether the client sends a body without waiting. With `Expect` it waits, and nothing has to be read."""
    headers = {name.lower(): value for name, value in scope["headers"]}
    has_body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
    return has_body and b"expect" not in headers
