"""HEAD, for whatever can be got (RFC 9110, 9.3.2); the servers leave out the body."""

from entrypoints.asgi.types import AsgiApp, Receive, Scope, Send


class HeadAsGet:
    """ASGI middleware. The framework's routes know the methods that they were given, and no other."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_head = scope["type"] == "http" and scope["method"] == "HEAD"
        await self._app({**scope, "method": "GET"} if is_head else scope, receive, send)
