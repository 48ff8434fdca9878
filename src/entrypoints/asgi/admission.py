"""Decides who may connect: by origin, by the state of the instance, and by the room for unauthenticated clients."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from adapters.stomp.connections import Connections
from adapters.stomp.transport import CloseReason
from adapters.stomp.waiting_room import NoRoom, Place, WaitingRoom
from application.diagnostics.seldom_log import SeldomLog
from application.wire.problem import Problem, problem_type
from entrypoints.asgi.client_address import ClientAddresses
from entrypoints.asgi.origins import Origins
from entrypoints.asgi.types import Scope, Send, headers_of

RETRY_AFTER = 5
"""Seconds until another try may succeed: a load balancer has noticed, and places are free."""

_PROBLEMS: Mapping[int, tuple[str, str]] = {
    403: ("forbidden-origin", "Pages of this origin may not connect"),
    404: ("not-found", "There is nothing to connect to here"),
    503: ("unavailable", "This instance takes no new connections right now"),
}
_seldom = SeldomLog(logging.getLogger(__name__))


class Refused(Exception):
    """A new client is refused. `status` is the HTTP status of the answer."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status

    @property
    def headers(self) -> dict[str, str]:
        """The headers besides those of the body."""
        return {"retry-after": str(RETRY_AFTER)} if self.status == 503 else {}

    @property
    def body_headers(self) -> dict[str, str]:
        """The headers of the body."""
        length = str(len(self.body))
        return {"content-type": "application/problem+json", "content-length": length, "connection": "close"}

    @property
    def body(self) -> bytes:
        """A problem document."""
        code, title = _PROBLEMS[self.status]
        return msgspec.json.encode(Problem(problem_type(code), title, self.status, title, code))

    def log(self) -> None:
        """Logs the refusal, but not more than one a minute for each status. A path that is wrong is no warning."""
        level = logging.INFO if self.status == 404 else logging.WARNING
        _seldom(level, f"connections are refused with {self.status}: {_PROBLEMS[self.status][1]}")


@dataclass(frozen=True, slots=True)
class Admission:
    """Admits new clients."""

    origins: Origins
    connections: Connections
    waiting_room: WaitingRoom
    addresses: ClientAddresses

    def check_origin(self, scope: Scope) -> None:
        """Raises `Refused` with status 403 for a foreign origin."""
        if not self.origins.allow(headers_of(scope)):
            raise Refused(403)

    def admit(self, scope: Scope) -> Place:
        """Admits a client. Returns its place in the waiting room, to leave when it is authenticated or gone.

        Raises `Refused` with status 403 or 503.
        """
        self.check_origin(scope)
        if not self.connections.open_to_more:
            raise Refused(503)
        try:
            return self.waiting_room.enter(self.addresses.of(scope))
        except NoRoom:
            raise Refused(503) from None


async def refuse_upgrade(refused: Refused, scope: Scope, send: Send) -> None:
    """Answers an upgrade with an HTTP response, if the server can (ASGI extension "WebSocket Denial Response")."""
    refused.log()
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": CloseReason.POLICY.value.code})
        return
    named = refused.body_headers | refused.headers
    headers = [(name.encode(), value.encode()) for name, value in named.items()]
    await send({"type": "websocket.http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": refused.body})
