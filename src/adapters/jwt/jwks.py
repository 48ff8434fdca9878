"""Fetches and caches the keys that an issuer publishes (contract, section 4)."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from adapters.jwt.jwk_set import JwkSet, parse_jwk_set
from adapters.jwt.unknown_kids import UnknownKids
from application.ports.clock import Clock
from domain.errors import Unavailable

log = logging.getLogger(__name__)

MAX_DOCUMENT_BYTES = 256 * 1024
_CHUNK_BYTES = 16 * 1024


class JwksKeys:
    """The keys at `url`. Fetches them again after `ttl` seconds, and at once for an unknown `kid`.

    While the endpoint is away, the last keys stay valid, and it is asked again at most every `pause` seconds. A token
    with a known key never waits for a fetch. `timeout` is the limit for one fetch, in seconds.
    """

    def __init__(self, url: str, clock: Clock, *, ttl: float, pause: float = 1.0, timeout: float = 3.0) -> None:
        self._url = url
        self._clock = clock
        self._ttl = timedelta(seconds=ttl)
        self._pause = timedelta(seconds=pause)
        self._timeout = ClientTimeout(total=timeout)
        self._session: ClientSession | None = None
        self._fetch: asyncio.Task[None] | None = None
        self._keys: JwkSet | None = None
        self._fetched_at: datetime | None = None
        self._failed_at: datetime | None = None
        self._unknown = UnknownKids(clock)

    async def candidates(self, kid: str | None) -> Sequence[RSAPublicKey]:
        """The keys that may have signed a token with this `kid`. Raises `Unavailable` while no fetch has succeeded."""
        is_known = self._keys is not None and self._keys.knows(kid)
        if not self._is_within(self._pause, self._failed_at):
            is_due = not self._is_within(self._ttl, self._fetched_at)
            if is_due or (not is_known and self._unknown.allow(kid)):
                fetch = self._fetching(None if is_due else kid)
                if not is_known:
                    await asyncio.wait([fetch])
        if self._keys is None:
            raise Unavailable("the keys to check tokens with cannot be had right now", retry_after=1)
        return self._keys.candidates(kid)

    async def close(self) -> None:
        """Closes the connections. Idempotent. A later fetch opens new ones."""
        fetch, self._fetch = self._fetch, None
        if fetch is not None:
            fetch.cancel()
            await asyncio.wait([fetch])
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _fetching(self, searched: str | None) -> "asyncio.Task[None]":
        """The running fetch, or a new one. There is one at a time. It goes on when a caller is cancelled."""
        if self._fetch is None or self._fetch.done():
            self._fetch = asyncio.create_task(self._renew(searched), name="jwks")
        return self._fetch

    async def _renew(self, searched: str | None) -> None:
        try:
            self._keys = parse_jwk_set(await self._get())
        except (ClientError, OSError, TimeoutError, ValueError) as error:
            if self._failed_at is None:  # logs once, not at every try
                reason = str(error) if type(error) is ValueError else type(error).__name__
                log.warning("the keys to check tokens with cannot be fetched: %s", reason)
            self._failed_at = self._clock.now()
            return
        if self._failed_at is not None:
            log.info("the keys to check tokens with can be fetched again")
        self._fetched_at, self._failed_at = self._clock.now(), None
        if not self._keys.knows(searched):
            self._unknown.add(searched)

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

    def _is_within(self, period: timedelta, since: datetime | None) -> bool:
        """Whether `since` is less than `period` ago. False for a time in the future: the clock was set back."""
        return since is not None and timedelta() <= self._clock.now() - since < period
