"""The token with which we call another service."""

from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from adapters.jwt.signing import issue_service_token
from adapters.jwt.verifier import MAX_SERVICE_LIFETIME
from application.ports.clock import Clock

RENEWED_BEFORE = 15.0  # seconds before exp: what a call may take, and another machine's clock be ahead


class ServiceTokenSigner:
    """Speaks for us as the service `name`, to the service `audience`. `lifetime` is in seconds."""

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
        """The same one until shortly before it expires: signing takes a millisecond of everybody's time."""
        now = self._clock.now()
        # one from before the clock was set back would not be valid yet
        if self._issued_at is None or not timedelta() <= now - self._issued_at < self._reused:
            self._token = issue_service_token(self._private_key, self._name, self._audience, self._lifetime, now)
            self._issued_at = now
        return self._token
