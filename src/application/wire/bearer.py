"""Parses the `Authorization` header of HTTP requests, upgrades and CONNECT frames (RFC 6750, 2.1)."""

from domain.errors import Unauthenticated


def bearer_token(authorization: str | None) -> str:
    """The token in the header. Raises `Unauthenticated` without a header and for any scheme but `Bearer`."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("an Authorization header with `Bearer` and a token is needed")
    return token.strip()
