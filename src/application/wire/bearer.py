"""The `Authorization` header, as HTTP requests, upgrades and CONNECT frames carry it (RFC 6750, 2.1)."""

from domain.errors import Unauthenticated


def bearer_token(authorization: str | None) -> str:
    """The token. Raises `Unauthenticated` for any other scheme and for none."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("an Authorization header with `Bearer` and a token is needed")
    return token.strip()
