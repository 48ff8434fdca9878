"""Who is told what passes: the two show it to each other, or neither sees it; and a block that is not noticed."""

from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import uuid4

from application.access.block_delay import LEAST, MOST, BlockDelay
from domain.identifiers import ProfileId
from domain.rules.presence import OFFLINE, Presence, State
from domain.rules.telling import BlockedViewer, Relation, may_be_told, shown_presence

BLOCKED_AT = datetime(2026, 1, 1, 12, 34, 56, tzinfo=UTC)
HIDDEN_FROM = BLOCKED_AT + timedelta(seconds=50)
BLOCKED = BlockedViewer(BLOCKED_AT, HIDDEN_FROM)
PRESENCES = (Presence(State.ONLINE), Presence(State.AWAY), OFFLINE, Presence(State.OFFLINE, BLOCKED_AT))


def test_typing_is_told_only_where_both_show_it_and_nobody_blocks() -> None:
    for shows, other_shows, blocks, blocked in product((True, False), (True, False), (False, True), (None, BLOCKED)):
        relation = Relation(shows, other_shows, blocks, blocked)
        assert may_be_told(relation) == (relation == Relation())


def test_somebody_who_is_blocked_is_told_the_truth_at_first_and_then_always_the_same() -> None:
    relation = Relation(blocked=BLOCKED)
    for presence in PRESENCES:
        assert shown_presence(presence, relation, HIDDEN_FROM - timedelta(seconds=1)) == presence
        for later in (timedelta(), timedelta(days=9)):
            shown = shown_presence(presence, relation, HIDDEN_FROM + later)
            assert shown == Presence(State.OFFLINE, datetime(2026, 1, 1, 12, tzinfo=UTC))


def test_who_hides_or_blocks_sees_nobody() -> None:
    for presence in PRESENCES:
        for relation in (
            Relation(viewer_blocks=True),
            Relation(False),
            Relation(True, False),
            Relation(False, blocked=BLOCKED),
        ):
            assert shown_presence(presence, relation, BLOCKED_AT) == OFFLINE


def test_the_delay_of_a_block_cannot_be_guessed_and_is_the_same_everywhere() -> None:
    viewer, subject = ProfileId(uuid4()), ProfileId(uuid4())
    times = [BLOCKED_AT + timedelta(seconds=number) for number in range(500)]
    delays = [BlockDelay(b"key")(viewer, subject, time) for time in times]
    assert all(LEAST <= delay < MOST for delay in delays)
    assert min(delays) < timedelta(seconds=30) < timedelta(seconds=110) < max(delays)
    assert delays == [BlockDelay(b"key")(viewer, subject, time) for time in times]
    assert delays != [BlockDelay(b"another")(viewer, subject, time) for time in times]
