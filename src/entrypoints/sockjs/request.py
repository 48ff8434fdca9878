"""An HTTP request and its answer, without a framework."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs

from entrypoints.asgi.types import Receive, Scope, Send, headers_of

TEXT: Final = "text/plain; charset=UTF-8"
SCRIPT: Final = "application/javascript; charset=UTF-8"
HTML: Final = "text/html; charset=UTF-8"


class ClientGone(Exception):
    """The client has gone before its request was complete."""


class BodyTooLarge(Exception):
    """The body is larger than its limit."""


class Request:
    """A request. `answer_headers` are sent with every answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.headers = headers_of(scope)
        self.answer_headers: dict[str, str] = {}
        self._query: bytes = scope["query_string"]
        self._receive = receive
        self._send = send

    def query(self, name: str) -> str:
        """A parameter of the query. Empty when it is missing."""
        return parse_qs(self._query.decode("latin-1")).get(name, [""])[0]

    def cookie(self, name: str) -> str | None:
        """A cookie. None when it is missing."""
        for pair in self.headers.get("cookie", "").split(";"):
            key, _, value = pair.strip().partition("=")
            if key == name:
                return value
        return None

    async def body(self, limit: int) -> bytes:
        """Reads the body. Raises `ClientGone`, and `BodyTooLarge` as soon as it is larger than `limit` octets."""
        body = bytearray()
        while True:
            event = await self._receive()
            if event["type"] != "http.request":
                raise ClientGone
            body += event.get("body", b"")
            if len(body) > limit:
                raise BodyTooLarge
            if not event.get("more_body", False):
                return bytes(body)

    async def gone(self) -> None:
        """Returns when the client has gone."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def answer(self, status: int, body: str = "", content_type: str = "") -> None:
        """Sends a whole answer."""
        octets = body.encode()
        length = {} if status in (204, 304) else {"content-length": str(len(octets))}
        await self.start(status, content_type, length)
        await self.chunk(octets, last=True)

    async def start(self, status: int, content_type: str = "", more: Mapping[str, str] | None = None) -> None:
        """Begins an answer that is sent in chunks."""
        headers = self.answer_headers | ({"content-type": content_type} if content_type else {}) | dict(more or {})
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": encoded})

    async def chunk(self, octets: bytes, *, last: bool = False) -> None:
        """Sends a chunk of the answer."""
        await self._send({"type": "http.response.body", "body": octets, "more_body": not last})
