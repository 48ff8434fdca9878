"""Every path of the API needs a token (contract, section 4)."""

from collections.abc import Callable
from typing import Any

from litestar.connection import ASGIConnection
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.types import ASGIApp

from application.ports.tokens import TokenVerifier
from application.wire.bearer import bearer_token


class TokenAuthentication(AbstractAuthenticationMiddleware):
    """`request.user` is the `Principal` of the token. Raises `Unauthenticated`, `Unavailable`.

    `tokens` gives the verifier: Litestar copies in depth whatever a middleware is given, but for functions.
    """

    def __init__(self, app: ASGIApp, tokens: Callable[[], TokenVerifier]) -> None:
        super().__init__(app)
        self._tokens = tokens()

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        principal = await self._tokens.verify(bearer_token(connection.headers.get("Authorization")))
        return AuthenticationResult(user=principal, auth=None)
