"""Gives each request an id, in its answer and in its log lines (contract, section 10)."""

import logging
import re
from time import monotonic
from uuid import uuid4

from structlog.contextvars import bound_contextvars

from entrypoints.asgi.types import AsgiApp, Event, Receive, Scope, Send

log = logging.getLogger(__name__)

HEADER = b"x-request-id"
_SOUND = re.compile(rb"[\w.:-]{1,64}")
_TOKEN = re.compile(r"eyJ[\w-]*\.[\w.-]+")  # RFC 7519: a JSON object in base64url


class RequestId:
    """ASGI middleware. Uses the `X-Request-ID` of the caller when it is a short word, or makes one."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request, and gives its response the id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        status = 0
        start = monotonic()

        async def send_with_id(event: Event) -> None:
            nonlocal status
            if event["type"] == "http.response.start":
                status = event["status"]
                event["headers"] = [*event.get("headers", ()), (HEADER, request_id.encode())]
            await send(event)

        with bound_contextvars(request_id=request_id):
            await self._app(scope, receive, send_with_id)
            milliseconds = round((monotonic() - start) * 1000, 1)
            # without the query, which may have an e-mail, and without a token that somebody put into the path
            path = _TOKEN.sub("…", scope["path"])
            details = {"method": scope["method"], "path": path, "status": status, "ms": milliseconds}
            log.info("request", extra=details)


def _request_id(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name.lower() == HEADER), b"")
    return given.decode() if _SOUND.fullmatch(given) else str(uuid4())
