"""Who a connection is, and until when."""

import asyncio
from collections.abc import Callable, Mapping

from adapters.stomp.protocol.events import Connect
from adapters.stomp.protocol.session import authorization_of, passcode_authorization
from adapters.stomp.services import StompServices
from application.wire.bearer import bearer_token
from domain.errors import TokenExpired, Unauthenticated
from domain.principal import Principal


class Identity:
    """`on_end` is told when the client did not say in time who it is, or when its token has ended.

    `upgrade_authorization` is that header of the HTTP upgrade, for clients whose CONNECT has none. Without either the
    `passcode` of CONNECT is taken as the token.
    """

    __slots__ = ("_expiry", "_on_end", "_principal", "_services", "_upgrade_authorization")

    def __init__(
        self, services: StompServices, upgrade_authorization: str | None, on_end: Callable[[Exception], None]
    ) -> None:
        self._services = services
        self._upgrade_authorization = upgrade_authorization
        self._on_end = on_end
        self._principal: Principal | None = None
        late = Unauthenticated("no CONNECT in time")
        self._expiry = asyncio.get_running_loop().call_later(services.limits.connect_timeout, on_end, late)

    @property
    def is_known(self) -> bool:
        return self._principal is not None

    @property
    def principal(self) -> Principal:
        assert self._principal is not None, "the session lets nothing but CONNECT through before"
        return self._principal

    async def connect(self, event: Connect) -> None:
        """Raises `Unauthenticated`, and what `Connections.enter` does."""
        await self._services.connections.take_turn()
        shown = event.authorization or self._upgrade_authorization or passcode_authorization(event.headers)
        principal = await self._services.tokens.verify(bearer_token(shown))
        self._services.connections.enter(principal.name)
        self.become(principal)
        self._upgrade_authorization = None

    async def renewal(self, headers: Mapping[str, str]) -> Principal:
        """Who the connection is from now on. Raises `Unauthenticated`."""
        principal = await self._services.tokens.verify(bearer_token(authorization_of(headers)))
        if principal.name != self.principal.name:
            raise Unauthenticated("a connection can be renewed only with a token of the same user")
        return principal

    def become(self, principal: Principal) -> None:
        """The connection is this principal's until its token ends."""
        self._principal = principal
        self._expiry.cancel()
        left = max(0.0, (principal.expires_at - self._services.clock.now()).total_seconds())
        self._expiry = asyncio.get_running_loop().call_later(left, self._on_end, TokenExpired())

    def stop(self) -> None:
        """`on_end` is told nothing more."""
        self._expiry.cancel()

    def leave(self) -> None:
        """One connection less of this user."""
        self.stop()
        if self._principal is not None:
            self._services.connections.leave(self._principal.name)
