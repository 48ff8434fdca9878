"""The HTTP sessions of one endpoint: found by the id that the client chose, each with its application running."""

import asyncio
from dataclasses import dataclass, field

from adapters.sockjs.protocol.limits import SockJsLimits
from adapters.sockjs.session import SockJsSession
from application.ports.tokens import TokenVerifier
from entrypoints.asgi.admission import Admission, Refused
from entrypoints.asgi.sockets import Application, Client
from entrypoints.sockjs.request import Request
from entrypoints.sockjs.session_binding import Owner, is_owner, owner_of


class NoSuchSession(Exception):
    """There is none of this id, or it is another's: a stranger cannot tell which."""


@dataclass(slots=True)
class LiveSession:
    """`sending` lets one request of the client in after the other."""

    session: SockJsSession
    owner: Owner
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)


class LiveSessions:
    """Sessions of WebSockets are not among these."""

    def __init__(
        self, application: Application, tokens: TokenVerifier, admission: Admission, limits: SockJsLimits
    ) -> None:
        self._application = application
        self._tokens = tokens
        self._admission = admission
        self._limits = limits
        self._live: dict[str, LiveSession] = {}

    async def get(self, session_id: str, request: Request) -> LiveSession:
        """Raises `NoSuchSession`."""
        live = self._live.get(session_id)
        if live is None or not await is_owner(live.owner, request, self._tokens):
            raise NoSuchSession
        return live

    async def get_or_open(self, session_id: str, request: Request) -> SockJsSession:
        """Raises `NoSuchSession` for another's, `Refused`."""
        if session_id not in self._live:
            owner = await owner_of(request, self._tokens)
            if session_id not in self._live:  # another request may have been faster
                return self._open(session_id, owner, request)
        return (await self.get(session_id, request)).session

    def _open(self, session_id: str, owner: Owner, request: Request) -> SockJsSession:
        if len(self._live) >= self._limits.max_sessions:
            raise Refused(503)
        place = self._admission.admit(request.scope)

        def forget() -> None:
            place.leave()
            self._live.pop(session_id, None)

        session = SockJsSession(self._limits, forget)
        place.on_evict(session.vanish)
        self._live[session_id] = LiveSession(session, owner)
        session.serve(self._application(session, Client(owner.authorization or None, place=place)))
        return session
