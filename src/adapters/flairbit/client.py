"""Asks FlairBit who a person is for an intent."""

import asyncio
import logging
from collections.abc import Callable
from random import uniform
from urllib.parse import quote

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from yarl import URL

from adapters.flairbit.answer import profile_of
from domain.errors import ProfileNotFound, Unavailable
from domain.identifiers import Email, Intent
from domain.profile import Profile

log = logging.getLogger(__name__)

MAX_ANSWER_BYTES = 16 * 1024
_CHUNK_BYTES = 4 * 1024


class _MayPass(Exception):
    """A failure that the next try may not see."""


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

    async def find(self, email: Email, intent: Intent, *, once: bool = False) -> Profile:
        """With `once`, by a single try."""
        if intent in (".", ".."):
            raise ProfileNotFound  # as a path segment it would lead to another resource, encoded or not
        url = URL(f"{self._users}/{quote(email, safe='')}/profile/{quote(intent, safe='')}", encoded=True)
        try:
            async with asyncio.timeout(self._timeout):
                return profile_of(await self._persistently(url, 1 if once else self._tries), email, intent)
        except TimeoutError:
            raise Unavailable("FlairBit did not answer in time") from None

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
                    raise Unavailable("FlairBit does not answer") from error
            # jittered, so that many lookups that failed together do not come back together
            await asyncio.sleep(self._backoff * 2 ** (failures - 1) * uniform(0.5, 1.5))  # noqa: S311
        raise Unavailable

    async def _get(self, url: URL) -> bytes:
        headers = {"Authorization": f"Bearer {self._token()}", "Accept": "application/json"}
        # a redirect is not followed: it would take the token to another host
        async with self._connected().get(url, headers=headers, allow_redirects=False) as response:
            if response.status == 404:
                raise ProfileNotFound
            if response.status >= 500 or response.status == 429:
                raise _MayPass(f"HTTP {response.status}")
            if response.status != 200:
                log.error("FlairBit refused the question: HTTP %d", response.status)
                raise Unavailable("FlairBit refused the question")
            return await _body(response)

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
            raise Unavailable("FlairBit's answer is too long")
    return bytes(body)


def _reason(error: Exception) -> str:
    """Without what the library's own words may hold: the address, and in it somebody's e-mail."""
    return str(error) if isinstance(error, _MayPass) else type(error).__name__
