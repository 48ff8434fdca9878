"""Answers HEAD like GET (RFC 9110, 9.3.2). The servers leave out the body."""

from entrypoints.asgi.types import AsgiApp, Receive, Scope, Send


class HeadAsGet:
    """ASGI middleware. Litestar has no HEAD for a GET route."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves HEAD as GET. The server drops the body."""
        is_head = scope["type"] == "http" and scope["method"] == "HEAD"
        await self._app({**scope, "method": "GET"} if is_head else scope, receive, send)
