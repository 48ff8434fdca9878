"""The principal of a connection, and the time until which its token is valid (contract, section 4)."""

import asyncio
from collections.abc import Callable, Mapping

from adapters.stomp.protocol.events import Connect
from adapters.stomp.protocol.negotiation.credentials import authorization_of, passcode_authorization
from adapters.stomp.services import StompServices
from application.presence.local_users import LocalPresence
from application.wire.bearer import bearer_token
from domain.errors import NotAllowed, TokenExpired, Unauthenticated
from domain.principal import Principal, User
from domain.rules.presence import State


class Identity:
    """Authenticates a client, and limits the time of its connection.

    `on_end` gets an error when CONNECT does not come in time, and when the token has expired. `upgrade_authorization`
    is the header `Authorization` of the HTTP upgrade, for a CONNECT without one. Without either, the `passcode` of
    CONNECT is the token.
    """

    __slots__ = ("_expiry", "_on_end", "_presence", "_principal", "_services", "_upgrade_authorization")

    def __init__(
        self, services: StompServices, upgrade_authorization: str | None, on_end: Callable[[Exception], None]
    ) -> None:
        self._services = services
        self._upgrade_authorization = upgrade_authorization
        self._on_end = on_end
        self._principal: Principal | None = None
        self._presence: LocalPresence | None = None
        late = Unauthenticated("no CONNECT in time")
        self._expiry = asyncio.get_running_loop().call_later(services.limits.connect_timeout, on_end, late)

    @property
    def is_known(self) -> bool:
        """Whether the client is authenticated."""
        return self._principal is not None

    @property
    def principal(self) -> Principal:
        """The principal. The client must be authenticated."""
        assert self._principal is not None, "the session allows only CONNECT before"
        return self._principal

    async def connect(self, event: Connect) -> None:
        """Authenticates the client. Raises `Unauthenticated`, `Unavailable`, and the errors of `Connections.enter`."""
        await self._services.connections.take_turn()
        authorization = event.authorization or self._upgrade_authorization or passcode_authorization(event.headers)
        principal = await self._services.tokens.verify(bearer_token(authorization))
        self._services.connections.enter(principal.name)
        if isinstance(principal, User):
            self._presence = self._services.presence.users.enter(principal.email)
        self.become(principal)
        self._upgrade_authorization = None

    async def renewal(self, headers: Mapping[str, str]) -> Principal:
        """The principal of a fresh token of the same user. Raises `Unauthenticated`, `Unavailable`."""
        principal = await self._services.tokens.verify(bearer_token(authorization_of(headers)))
        if principal.name != self.principal.name:
            raise Unauthenticated("a connection can be renewed only with a token of the same user")
        return principal

    def become(self, principal: Principal) -> None:
        """Sets the principal, and the end of the connection to that of its token."""
        self._principal = principal
        self._expiry.cancel()
        left = max(0.0, (principal.expires_at - self._services.clock.now()).total_seconds())
        self._expiry = asyncio.get_running_loop().call_later(left, self._on_end, TokenExpired())

    def appear(self, state: State) -> None:
        """Shows this connection of the user as online or away. Raises `NotAllowed` for a service, which is no user."""
        if self._presence is None:
            raise NotAllowed("a service is not present anywhere")
        self._presence.become(state)

    def stop(self) -> None:
        """Stops the timer: `on_end` is not called any more."""
        self._expiry.cancel()

    def leave(self) -> None:
        """Stops, and no longer counts the connection as one of the user's."""
        self.stop()
        if self._presence is not None:
            self._presence.leave()
        if self._principal is not None:
            self._services.connections.leave(self._principal.name)
