"""The HTTP sessions of one endpoint, by the id that the client has chosen."""

import asyncio
from dataclasses import dataclass, field

from adapters.sockjs.protocol.limits import SockJsLimits
from adapters.sockjs.session import SockJsSession
from application.ports.tokens import TokenVerifier
from entrypoints.asgi.admission import Admission, Refused
from entrypoints.asgi.sockets import Application, Client
from entrypoints.sockjs.request import Request
from entrypoints.sockjs.session_binding import SessionBinding, bind_session, may_use_session


class NoSuchSession(Exception):
    """There is no session with this id, or another client has it. The answer is the same for both."""


@dataclass(slots=True)
class LiveSession:
    """A session and its binding. `sending` is the lock that orders the sends of the client."""

    session: SockJsSession
    binding: SessionBinding
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)


class LiveSessions:
    """Opens and finds sessions. Sessions over WebSocket are not among them."""

    def __init__(
        self, application: Application, tokens: TokenVerifier, admission: Admission, limits: SockJsLimits
    ) -> None:
        self._application = application
        self._tokens = tokens
        self._admission = admission
        self._limits = limits
        self._live: dict[str, LiveSession] = {}

    async def get(self, session_id: str, request: Request) -> LiveSession:
        """Finds a session. Raises `NoSuchSession`."""
        live = self._live.get(session_id)
        if live is None or not await may_use_session(live.binding, request, self._tokens):
            raise NoSuchSession
        return live

    async def get_or_open(self, session_id: str, request: Request) -> SockJsSession:
        """Finds or opens a session. Raises `NoSuchSession` for a session of another client, and `Refused`."""
        if session_id not in self._live:
            binding = await bind_session(request, self._tokens)
            if session_id not in self._live:  # another request may have opened it meanwhile
                return self._open(session_id, binding, request)
        return (await self.get(session_id, request)).session

    def _open(self, session_id: str, binding: SessionBinding, request: Request) -> SockJsSession:
        if len(self._live) >= self._limits.max_sessions:
            raise Refused(503)
        place = self._admission.admit(request.scope)

        def forget() -> None:
            place.leave()
            self._live.pop(session_id, None)

        session = SockJsSession(self._limits, forget)
        place.on_evict(session.vanish)
        self._live[session_id] = LiveSession(session, binding)
        session.serve(self._application(session, Client(binding.authorization or None, place=place)))
        return session
