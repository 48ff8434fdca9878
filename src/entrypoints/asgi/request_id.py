"""One id for a request, in its answer and in every log line about it (contract, section 10)."""

import logging
import re
from time import perf_counter
from uuid import uuid4

from structlog.contextvars import bound_contextvars

from entrypoints.asgi.types import AsgiApp, Event, Receive, Scope, Send

log = logging.getLogger(__name__)

HEADER = b"x-request-id"
_SOUND = re.compile(rb"[\w.:-]{1,64}")
_TOKEN = re.compile(r"eyJ[\w-]*\.[\w.-]+")  # RFC 7519: what begins a JSON object in base64url


class RequestId:
    """ASGI middleware: takes over the caller's `X-Request-ID` when it is a short word, or makes one."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        status = 0
        start = perf_counter()

        async def send_with_id(event: Event) -> None:
            nonlocal status
            if event["type"] == "http.response.start":
                status = event["status"]
                event["headers"] = [*event.get("headers", ()), (HEADER, request_id.encode())]
            await send(event)

        with bound_contextvars(request_id=request_id):
            await self._app(scope, receive, send_with_id)
            milliseconds = round((perf_counter() - start) * 1000, 1)
            # the path without its query, which may hold an address, and without a token that somebody put there
            path = _TOKEN.sub("…", scope["path"])
            details = {"method": scope["method"], "path": path, "status": status, "ms": milliseconds}
            log.info("request", extra=details)


def _request_id(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name.lower() == HEADER), b"")
    return given.decode() if _SOUND.fullmatch(given) else str(uuid4())
