"""A refusal reaches a client that is still sending (RFC 9112, 9.6).

Closing a connection with octets of it unread resets it, and the answer that was on its way is lost with it.
"""

import asyncio
from contextlib import suppress

from entrypoints.asgi.types import AsgiApp, Event, Receive, Scope, Send

MAX_DISCARDED = 16 * 1024 * 1024
"""Octets of one refused request that are read for nothing, at most."""
DISCARD_TIMEOUT = 5.0
"""Seconds for all of them."""


class UnreadBody:
    """ASGI middleware: before a refusal is sent, the rest of its request is read and forgotten."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
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
                # before the answer's end, at which a server may close at once
                with suppress(TimeoutError):
                    async with asyncio.timeout(DISCARD_TIMEOUT):
                        left = MAX_DISCARDED
                        while unread and left > 0:
                            left -= len((await receive_noting_the_end()).get("body", b""))
            await send(event)

        await self._app(scope, receive_noting_the_end, send_before_the_end)


def _sends_a_body(scope: Scope) -> bool:
    """Also when it waits to be told to (`Expect`), it will not be, and nothing has to be read."""
    headers = {name.lower(): value for name, value in scope["headers"]}
    has_body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
    return has_body and b"expect" not in headers
