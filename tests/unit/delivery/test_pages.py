"""Pages are bounded in messages and octets, and nothing is passed over, whatever fits."""

import asyncio
import tracemalloc
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from application.concurrency.concurrency_limit import ConcurrencyLimit
from application.delivery.pages import FRAME_OCTETS, PAGE, PAGE_OCTETS, Pages, Place
from application.ports.push import Delivery
from domain.identifiers import ClientMessageId, MessageId, ProfileId, SessionId
from domain.message import Message

ID = UUID(int=1)


def message(seq: int, content: str) -> Message:
    ids = MessageId(ID), SessionId(ID), seq, ClientMessageId(ID), ProfileId(ID)
    return Message(*ids, content, datetime.now(UTC), False, False)


class Stored:
    """`asked` says how many messages were asked for, each time."""

    def __init__(self, contents: Sequence[str]) -> None:
        self.asked: list[int] = []
        self._messages = [message(seq, content) for seq, content in enumerate(contents, 1)]
        self.pages = Pages(ConcurrencyLimit(1), self._fetch, self._render)

    async def _fetch(self, last: Place | None, limit: int) -> Sequence[Message]:
        self.asked.append(limit)
        first = 0 if last is None else last.seq
        return self._messages[first : first + limit]

    async def _render(self, messages: Sequence[Message]) -> Sequence[Delivery]:
        return [Delivery(str(one.seq), one.content) for one in messages]


CONTENTS = st.lists(st.sampled_from(["x", "x" * 4_000, "😀" * 4_000]), max_size=400)


@given(CONTENTS, st.lists(st.integers(1, 150), min_size=1), st.integers(1, 5))
def test_all_that_is_wanted_comes_in_order(contents: list[str], limits: list[int], every: int) -> None:
    async def run() -> None:
        stored, found, is_last, number = Stored(contents), [], False, 0
        while not is_last:
            limit = limits[number % len(limits)]
            deliveries, is_last = await stored.pages.next(limit, lambda one: one.seq % every == 0)
            octets = sum(FRAME_OCTETS + len(one.body.encode()) for one in deliveries)
            assert len(deliveries) <= min(limit, PAGE)
            assert len(deliveries) == 1 or octets <= PAGE_OCTETS
            found += [int(one.destination) for one in deliveries]
            number += 1
        assert found == [seq for seq in range(1, len(contents) + 1) if seq % every == 0]

    asyncio.run(run())


async def test_no_more_is_read_again_than_was_given() -> None:
    stored, given = Stored(["😀" * 4_000] * 400), 0
    is_last = False
    while not is_last:
        deliveries, is_last = await stored.pages.next()
        given += len(deliveries)
    assert given == 400
    assert sum(stored.asked[1:]) <= 2 * given


async def test_nothing_of_a_page_is_kept_until_the_next() -> None:
    async def fetch(_: Place | None, limit: int) -> Sequence[Message]:
        return [message(seq, "😀" * 4_000) for seq in range(1, limit + 1)]

    async def render(messages: Sequence[Message]) -> Sequence[Delivery]:
        return [Delivery(str(one.seq), one.content) for one in messages]

    replays = [Pages(ConcurrencyLimit(1), fetch, render) for _ in range(100)]
    tracemalloc.start()
    try:
        for pages in replays:
            await pages.next()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < len(replays) * 2_000
