"""Asks FlairBit who a person is for an intent."""

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

from adapters.flairbit.answer import profile_of
from application.diagnostics.seldom_log import SeldomLog
from domain.errors import BadAnswer, DirectoryUnavailable, ProfileNotFound
from domain.identifiers import Email, Intent
from domain.profile import Profile

log = logging.getLogger(__name__)

MAX_ANSWER_BYTES = 16 * 1024
_CHUNK_BYTES = 4 * 1024
_MAY_PASS = frozenset({408, 425, 429})


class _MayPass(Exception):
    """A failure that the next try may not see."""


class _TokenRefused(BadAnswer):
    """Nobody's fault but ours."""


class FlairBitProfileLookup:
    """`token` gives the service token of each request; `timeout` is that of a whole lookup, all its tries included."""

    def __init__(
        self,
        base_url: str,
        token: Callable[[], str],
        *,
        timeout: float = 3.0,
        try_timeout: float = 1.0,
        tries: int = 3,
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
        """With `once`, by a single try.

        Raises `ProfileNotFound` for any 4xx but 401, 408, 425 and 429: that is an answer about this person and intent.
        Raises `BadAnswer` for an answer that cannot be used, and `DirectoryUnavailable` when FlairBit fails.
        """
        if intent in (".", ".."):
            raise ProfileNotFound  # as a path segment it would lead to another resource, encoded or not
        url = URL(f"{self._users}/{quote(email, safe='')}/profile/{quote(intent, safe='')}", encoded=True)
        try:
            async with asyncio.timeout(self._timeout):
                return profile_of(await self._persistently(url, 1 if once else self._tries), email, intent)
        except TimeoutError:
            raise DirectoryUnavailable("FlairBit did not answer in time") from None
        except BadAnswer as error:
            self._seldom(logging.ERROR if isinstance(error, _TokenRefused) else logging.WARNING, error.detail)
            raise

    async def close(self) -> None:
        """Closes the connections. Idempotent; a later lookup opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _persistently(self, url: URL, tries: int) -> bytes:
        """The body of the answer, asked for again while that may help."""
        for failures in range(1, tries + 1):
            try:
                return await self._get(url)
            except (ClientError, OSError, TimeoutError, _MayPass) as error:
                log.warning("try %d of %d to ask FlairBit failed: %s", failures, tries, _reason(error))
                if failures == tries:
                    raise DirectoryUnavailable("FlairBit does not answer") from error
            # jittered, so that many lookups that failed together do not come back together
            await asyncio.sleep(self._backoff * 2 ** (failures - 1) * uniform(0.5, 1.5))  # noqa: S311
        raise DirectoryUnavailable

    async def _get(self, url: URL) -> bytes:
        headers = {"Authorization": f"Bearer {self._token()}", "Accept": "application/json"}
        # a redirect is not followed: it would take the token to another host
        try:
            async with self._connected().get(url, headers=headers, allow_redirects=False) as response:
                self._check(response.status)
                return await _body(response)
        except (ClientResponseError, ClientPayloadError) as error:
            if isinstance(error, ClientResponseError) or isinstance(error.__cause__, ContentEncodingError):
                raise BadAnswer("FlairBit's answer is not HTTP") from error
            raise

    def _check(self, status: int) -> None:
        """Raises what `find` does for every status but 200."""
        if status == 200:
            return
        if status == 404:
            raise ProfileNotFound
        if status >= 500 or status in _MAY_PASS:
            raise _MayPass(f"HTTP {status}")
        if status == 401:
            raise _TokenRefused("FlairBit does not accept our token: HTTP 401")
        if status >= 400:
            level = logging.ERROR if status == 403 else logging.WARNING
            self._seldom(level, f"FlairBit refused a question: HTTP {status}")
            raise ProfileNotFound("FlairBit has no profile for this address and intent")
        raise BadAnswer(f"FlairBit answered with HTTP {status}")

    def _connected(self) -> ClientSession:
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
    """Without what the library's own words may hold: the address, and in it somebody's e-mail."""
    return str(error) if isinstance(error, _MayPass) else type(error).__name__
