"""The port that verifies tokens."""

from typing import Protocol

from domain.principal import Principal


class TokenVerifier(Protocol):
    """Verifies tokens, and says who is calling."""

    async def verify(self, token: str) -> Principal:
        """The user or service that `token` (without `Bearer`) speaks for.

        Raises `Unauthenticated` for a token that is not valid now, whatever the reason, and `Unavailable` when the
        keys are not available.
        """
        ...
