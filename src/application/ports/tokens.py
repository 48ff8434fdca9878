"""Who a token speaks for."""

from typing import Protocol

from domain.principal import Principal


class TokenVerifier(Protocol):
    async def verify(self, token: str) -> Principal:
        """The user or service that `token` (without `Bearer`) speaks for.

        Raises `Unauthenticated` for a token that is not valid now, whatever the reason, and `Unavailable`
        when the keys to tell cannot be had.
        """
        ...
