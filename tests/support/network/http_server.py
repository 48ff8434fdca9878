"""A real HTTP server that misbehaves as a test asks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]


class HttpServer:
    """Answers as `behaviours` say, one a request, and then for ever as the last of them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.paths: list[str] = []
        """The path of every request, as it came over the wire."""
        self.authorizations: list[str] = []
        self.gate = asyncio.Event()
        """What `waits` waits for."""
        self._behaviours: list[Behaviour] = [answers(404)]

    def will(self, *behaviours: Behaviour) -> None:
        self._behaviours = list(behaviours)

    @property
    def asked(self) -> int:
        return len(self.paths)

    def waits(self, then: Behaviour) -> Behaviour:
        """Answers only when the gate is open."""

        async def behave(request: web.Request) -> web.StreamResponse:
            await self.gate.wait()
            return await then(request)

        return behave

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        assert isinstance(request, web.Request)
        self.paths.append(request.raw_path)
        self.authorizations.append(request.headers.get("Authorization", ""))
        behave = self._behaviours.pop(0) if len(self._behaviours) > 1 else self._behaviours[0]
        return await behave(request)


def answers(status: int, body: bytes = b"", **headers: str) -> Behaviour:
    async def behave(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, headers=headers)

    return behave


async def cuts_at_once(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def cuts_in_the_middle(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"id": ')
    return await cuts_at_once(request)


def sends(raw: bytes) -> Behaviour:
    """Writes these octets instead of a response."""

    async def behave(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(raw)
        request.transport.close()
        return web.Response()

    return behave


async def never_ends(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" " * 1024)


@asynccontextmanager
async def http_server(port: int = 0) -> AsyncIterator[HttpServer]:
    """A server on the loopback interface, on a free port unless one is given."""
    server = HttpServer("")
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(application, shutdown_timeout=1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        server.gate.set()
        await runner.cleanup()
