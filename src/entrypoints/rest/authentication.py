"""Requires a token for every path of the API (contract, section 4)."""

from collections.abc import Callable
from typing import Any

from litestar.connection import ASGIConnection
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.types import ASGIApp

from application.ports.tokens import TokenVerifier
from application.wire.bearer import bearer_token


class TokenAuthentication(AbstractAuthenticationMiddleware):
    """Sets `request.user` to the `Principal` of the token. Raises `Unauthenticated`, `Unavailable`.

    `tokens` is a function that returns the verifier, since Litestar makes deep copies of all other arguments of a
    middleware.
    """

    def __init__(self, app: ASGIApp, tokens: Callable[[], TokenVerifier]) -> None:
        super().__init__(app)
        self._tokens = tokens()

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        """Verifies the token of a request."""
        principal = await self._tokens.verify(bearer_token(connection.headers.get("Authorization")))
        return AuthenticationResult(user=principal, auth=None)
