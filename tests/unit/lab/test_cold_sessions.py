"""The sessions of the cold phase are all different, and none is that of a pair."""

import pytest

from bench.phases import cold
from bench.testbed.users import INTENT


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    kept: list[tuple[object, ...]] = []

    async def store(_: str, profiles: object, sessions: list[tuple[object, ...]]) -> None:
        kept.extend(sessions)

    monkeypatch.setattr(cold, "_store", store)
    return kept


@pytest.mark.parametrize(("pairs", "count"), [(1, 5), (2, 9), (10, 50), (10, 250), (100, 3)])
async def test_no_two_sessions_are_of_the_same_people_and_intent(
    pairs: int, count: int, stored: list[tuple[object, ...]]
) -> None:
    routes = await cold.make_sessions("", pairs, count)
    assert len(routes) == len({(one, other, intent) for _, one, other, intent, _ in stored}) == count
    assert all(0 <= route.sender < pairs for route in routes)


async def test_none_is_that_of_a_pair(stored: list[tuple[object, ...]]) -> None:
    await cold.make_sessions("", 10, 90)
    await cold.make_sessions("", 10, 10, first_partner=0)
    of_pairs = stored[90:]
    assert {session[1:4] for session in stored[:90]}.isdisjoint(session[1:4] for session in of_pairs)
    assert {session[3] for session in stored} == {INTENT}
