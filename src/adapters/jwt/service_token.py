"""Makes the token for calls to another service."""

from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from adapters.jwt.signing import issue_service_token
from adapters.jwt.verifier import MAX_SERVICE_LIFETIME
from application.ports.clock import Clock

RENEWED_BEFORE = 15.0  # seconds before exp, for the duration of a call and for a clock that is ahead of ours


class ServiceTokenSigner:
    """Signs tokens that speak for the service `name` to the service `audience`. `lifetime` is in seconds."""

    def __init__(
        self,
        private_key: RSAPrivateKey,
        name: str,
        audience: str,
        clock: Clock,
        lifetime: float = MAX_SERVICE_LIFETIME,
    ) -> None:
        self._private_key = private_key
        self._name = name
        self._audience = audience
        self._clock = clock
        self._lifetime = timedelta(seconds=lifetime)
        self._reused = timedelta(seconds=lifetime - RENEWED_BEFORE)
        self._token = ""
        self._issued_at: datetime | None = None

    def token(self) -> str:
        """The token. It is reused until shortly before it expires, as signing blocks the event loop for 1 ms."""
        now = self._clock.now()
        # when the clock was set back, the old token is not valid yet
        if self._issued_at is None or not timedelta() <= now - self._issued_at < self._reused:
            self._token = issue_service_token(self._private_key, self._name, self._audience, self._lifetime, now)
            self._issued_at = now
        return self._token
