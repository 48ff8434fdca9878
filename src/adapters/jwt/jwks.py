"""The keys that an issuer publishes, fetched and kept (contract, section 4)."""

import logging
import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from adapters.jwt.jwk_set import JwkSet, parse_jwk_set
from application.ports.clock import Clock
from application.single_flight import SingleFlight
from domain.errors import Unavailable

log = logging.getLogger(__name__)

MAX_DOCUMENT_BYTES = 256 * 1024
_CHUNK_BYTES = 16 * 1024


class JwksKeys:
    """The keys at `url`, fetched again after `ttl` seconds, and at once for a `kid` that is not among them.

    Neither strangers' made-up kids nor an endpoint that is away make it asked more often than once in `cool_down`
    seconds each. While it is away, the keys it gave last stand.
    """

    def __init__(
        self, url: str, clock: Clock, *, ttl: float = 300.0, cool_down: float = 10.0, timeout: float = 3.0
    ) -> None:
        self._url = url
        self._clock = clock
        self._ttl = timedelta(seconds=ttl)
        self._cool_down = timedelta(seconds=cool_down)
        self._timeout = ClientTimeout(total=timeout)
        self._session: ClientSession | None = None
        self._flights: SingleFlight[str, None] = SingleFlight()
        self._keys: JwkSet | None = None
        self._fetched_at: datetime | None = None
        self._failed_at: datetime | None = None
        self._searched_at: datetime | None = None

    async def candidates(self, kid: str | None) -> Sequence[RSAPublicKey]:
        """Raises `Unavailable` when the endpoint never gave any keys."""
        if not self._is_within(self._cool_down, self._failed_at):
            if not self._is_within(self._ttl, self._fetched_at):
                await self._flights(self._url, partial(self._fetch, searching=False))
            elif not self._knows(kid) and not self._is_within(self._cool_down, self._searched_at):
                await self._flights(self._url, partial(self._fetch, searching=True))
        if self._keys is None:
            raise Unavailable("the keys to check tokens with cannot be had right now", retry_after=self._retry_after())
        return self._keys.candidates(kid)

    async def close(self) -> None:
        """Closes the connections. Idempotent; a later fetch opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _fetch(self, searching: bool) -> None:
        try:
            self._keys = parse_jwk_set(await self._get())
        except (ClientError, OSError, TimeoutError, ValueError) as error:
            reason = str(error) if type(error) is ValueError else type(error).__name__
            log.warning("the keys to check tokens with cannot be fetched: %s", reason)
            self._failed_at = self._clock.now()
            return
        self._fetched_at, self._failed_at = self._clock.now(), None
        if searching:  # the end of the search, so that who asks during it waits for what it finds
            self._searched_at = self._fetched_at

    async def _get(self) -> bytes:
        if self._session is None:
            self._session = ClientSession(timeout=self._timeout, cookie_jar=DummyCookieJar())
        async with self._session.get(self._url, allow_redirects=False) as response:
            if response.status != 200:
                raise ValueError(f"HTTP {response.status}")
            document = bytearray()
            async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                document += chunk
                if len(document) > MAX_DOCUMENT_BYTES:
                    raise ValueError("the answer is too long")
            return bytes(document)

    def _knows(self, kid: str | None) -> bool:
        return self._keys is not None and self._keys.knows(kid)

    def _is_within(self, period: timedelta, since: datetime | None) -> bool:
        """Not so for a time to come either: a clock was set back."""
        return since is not None and timedelta() <= self._clock.now() - since < period

    def _retry_after(self) -> int:
        if self._failed_at is None:
            return 1
        left = self._cool_down - (self._clock.now() - self._failed_at)
        return max(1, math.ceil(left.total_seconds()))
