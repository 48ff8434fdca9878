"""Reads messages from the store in pages. A page is not larger than its reader has room for."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import NamedTuple

from application.concurrency.concurrency_limit import ConcurrencyLimit
from application.ports.push import Delivery
from domain.identifiers import SessionId
from domain.message import Message

PAGE = 100
"""The largest number of messages in a page."""
FIRST_PAGE = 20
"""Messages in the first page, when their sizes are not known yet."""
PAGE_OCTETS = 64 * 1024
"""The largest size of a page in octets. A page with one message may be larger."""
FRAME_OCTETS = 400
"""About the size of a MESSAGE frame without its content."""


class Place(NamedTuple):
    """The last message that was read. Thousands of replays may have one each, so it has no text."""

    session_id: SessionId
    seq: int


Fetch = Callable[[Place | None, int], Awaitable[Sequence[Message]]]
Render = Callable[[Sequence[Message]], Awaitable[Sequence[Delivery]]]
Wants = Callable[[Message], bool]


class Page(NamedTuple):
    """Deliveries of messages. `is_last` says that nothing came after them when the page was read."""

    deliveries: Sequence[Delivery]
    is_last: bool


class Pages:
    """Reads page after page. Keeps nothing between two pages but its place.

    `fetch` reads a number of messages after a place, or the first ones for None. `render` makes deliveries of those
    that `belong`. `concurrency` bounds how many pages are read at a time.
    """

    def __init__(
        self,
        concurrency: ConcurrencyLimit,
        fetch: Fetch,
        render: Render,
        max_page: int = PAGE,
        *,
        belong: Wants = lambda _: True,
    ) -> None:
        self._concurrency = concurrency
        self._fetch = fetch
        self._render = render
        self._belong = belong
        self._max_page = max_page
        self._size = min(FIRST_PAGE, max_page)
        self._last: Place | None = None

    async def next(self, limit: int = PAGE, wants: Wants = lambda _: True) -> Page:
        """The next messages that the reader `wants`, up to `limit` (1 or more). A page may be empty before the end.

        Raises what `fetch` and `render` raise.
        """
        messages, is_last = await self._concurrency(partial(self._read, limit, wants))
        return Page(await self._render(messages) if messages else (), is_last)

    async def _read(self, limit: int, wants: Wants) -> tuple[Sequence[Message], bool]:
        found = await self._fetch(self._last, self._size)
        chosen: list[Message] = []
        passed = octets = 0
        for message in found:
            if self._belong(message) and wants(message):
                octets += _octets_of(message)
                if len(chosen) == limit or (chosen and octets > PAGE_OCTETS):
                    break
                chosen.append(message)
            passed += 1
            self._last = Place(message.session_id, message.seq)
        is_last = passed == len(found) < self._size
        # messages that did not fit are read again, so the next page asks for as many as did fit, and then for more
        self._size = max(1, passed if passed < len(found) else min(self._max_page, 2 * passed))
        return chosen, is_last


def _octets_of(message: Message) -> int:
    """The largest size of a delivery in octets, without what JSON adds by escapes."""
    content = message.content
    return FRAME_OCTETS + len(content) * (1 if content.isascii() else 4)
