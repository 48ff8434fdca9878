"""The HTTP client that looks up profiles at FlairBit (contract, section 9)."""

import asyncio
import logging
from collections.abc import Callable
from random import uniform
from urllib.parse import quote

from aiohttp import (
    ClientError,
    ClientPayloadError,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)
from aiohttp.http_exceptions import ContentEncodingError
from yarl import URL

from adapters.flairbit.answer import parse_profile
from application.diagnostics.seldom_log import SeldomLog
from domain.errors import BadAnswer, DirectoryUnavailable, ProfileNotFound
from domain.identifiers import Email, Intent
from domain.profile import Profile

log = logging.getLogger(__name__)

MAX_ANSWER_BYTES = 16 * 1024
_CHUNK_BYTES = 4 * 1024
_TRANSIENT_STATUSES = frozenset({408, 425, 429})


class _TransientFailure(Exception):
    """A failure that may not come again with the next request."""


class _TokenRefused(BadAnswer):
    """FlairBit does not accept our own token."""


class FlairBitProfileLookup:
    """Looks up profiles at `base_url`.

    `token` gives the service token for a request. A lookup takes at most `timeout` seconds and makes up to `tries`
    requests of at most `try_timeout` seconds. The pause after the first is about `backoff` seconds, and doubles.
    """

    def __init__(
        self,
        base_url: str,
        token: Callable[[], str],
        *,
        timeout: float,
        try_timeout: float,
        tries: int,
        backoff: float = 0.05,
        max_connections: int = 100,
    ) -> None:
        self._users = f"{base_url.rstrip('/')}/internal/chat-service/users"
        self._token = token
        self._timeout = timeout
        self._try_timeout = ClientTimeout(total=try_timeout)
        self._tries = tries
        self._backoff = backoff
        self._max_connections = max_connections
        self._session: ClientSession | None = None
        self._seldom = SeldomLog(log)

    async def find(self, email: Email, intent: Intent, *, once: bool = False) -> Profile:
        """The profile of `email` for `intent`. With `once` it makes a single request.

        Raises `ProfileNotFound` for any 4xx but 401, 408, 425 and 429: they are answers about this person and intent.
        Raises `BadAnswer` for an answer that cannot be used, and `DirectoryUnavailable` when FlairBit fails.
        """
        if intent in (".", ".."):
            raise ProfileNotFound  # in a path this would lead to another resource, encoded or not
        url = URL(f"{self._users}/{quote(email, safe='')}/profile/{quote(intent, safe='')}", encoded=True)
        try:
            async with asyncio.timeout(self._timeout):
                return parse_profile(await self._get_with_retries(url, 1 if once else self._tries), email, intent)
        except TimeoutError:
            raise DirectoryUnavailable("FlairBit did not answer in time") from None
        except BadAnswer as error:
            self._seldom(logging.ERROR if isinstance(error, _TokenRefused) else logging.WARNING, error.detail)
            raise

    async def close(self) -> None:
        """Closes the connections. Idempotent. A later lookup opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _get_with_retries(self, url: URL, tries: int) -> bytes:
        """The body of the answer. Repeats requests that failed for reasons that may pass."""
        for failures in range(1, tries + 1):
            try:
                return await self._get(url)
            except (ClientError, OSError, TimeoutError, _TransientFailure) as error:
                log.warning("request %d of %d to FlairBit failed: %s", failures, tries, _reason(error))
                if failures == tries:
                    raise DirectoryUnavailable("FlairBit does not answer") from error
            # jitter keeps lookups that failed together from repeating together
            await asyncio.sleep(self._backoff * 2 ** (failures - 1) * uniform(0.5, 1.5))  # noqa: S311
        raise DirectoryUnavailable

    async def _get(self, url: URL) -> bytes:
        headers = {"Authorization": f"Bearer {self._token()}", "Accept": "application/json"}
        # does not follow redirects: they would take the token to another host
        try:
            async with self._client().get(url, headers=headers, allow_redirects=False) as response:
                self._check(response.status)
                return await _body(response)
        except (ClientResponseError, ClientPayloadError) as error:
            if isinstance(error, ClientResponseError) or isinstance(error.__cause__, ContentEncodingError):
                raise BadAnswer("FlairBit's answer is not HTTP") from error
            raise

    def _check(self, status: int) -> None:
        """Raises the error of `find` for any status but 200."""
        if status == 200:
            return
        if status == 404:
            raise ProfileNotFound
        if status >= 500 or status in _TRANSIENT_STATUSES:
            raise _TransientFailure(f"HTTP {status}")
        if status == 401:
            raise _TokenRefused("FlairBit does not accept our token: HTTP 401")
        if status >= 400:
            level = logging.ERROR if status == 403 else logging.WARNING
            self._seldom(level, f"FlairBit refused a request: HTTP {status}")
            raise ProfileNotFound("FlairBit has no profile for this address and intent")
        raise BadAnswer(f"FlairBit answered with HTTP {status}")

    def _client(self) -> ClientSession:
        if self._session is None:
            connector = TCPConnector(limit=self._max_connections)
            self._session = ClientSession(connector=connector, timeout=self._try_timeout, cookie_jar=DummyCookieJar())
        return self._session


async def _body(response: ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise BadAnswer("FlairBit's answer is too long")
    return bytes(body)


def _reason(error: Exception) -> str:
    """A reason for the log. The library's own message may contain the URL, and with it an e-mail address."""
    return str(error) if isinstance(error, _TransientFailure) else type(error).__name__
