"""What is shown of marks never goes back, and never leads what was made while both showed it."""

from hypothesis import given
from hypothesis import strategies as st

from domain.rules.receipts import hide, seen
from domain.showing import EVERYTHING, Hidden, Receipts, Showing

steps = st.lists(st.tuples(st.sampled_from(["seen", "delivered", "settings"]), st.integers(0, 15)), max_size=30)


@given(steps)
def test_what_is_shown_is_what_was_marked_while_both_showed_it(history: list[tuple[str, int]]) -> None:
    receipts, hidden = Receipts(), Hidden.NOTHING
    seen_to = shown = 0
    for what, number in history:
        before = receipts
        if what == "seen":
            receipts = seen(receipts, number, hidden)
            seen_to = max(seen_to, number)
            shown = shown if Hidden.SEEN in hidden else max(shown, number)
        elif what == "delivered":
            receipts = receipts._replace(delivered_to=max(receipts.delivered_to, number))
        else:
            hidden = Hidden(number)
            receipts = hide(receipts, hidden)
        assert (receipts.seen_to, receipts.shown_as_seen) == (seen_to, shown)
        assert receipts.shown_as_seen >= before.shown_as_seen
        assert receipts.shown_as_delivered >= max(before.shown_as_delivered, receipts.shown_as_seen)
        if Hidden.DELIVERED in hidden and what == "delivered":
            assert receipts.shown_as_delivered == before.shown_as_delivered
        if not hidden & (Hidden.SEEN | Hidden.DELIVERED):
            assert receipts.shown_as_delivered == max(receipts.delivered_to, receipts.seen_to)


@given(st.builds(Showing, st.booleans(), st.booleans(), st.booleans(), st.booleans()))
def test_settings_and_what_they_hide_say_the_same(showing: Showing) -> None:
    assert Showing.of(showing.hidden) == showing
    assert (showing.hidden == Hidden.NOTHING) == (showing == EVERYTHING)
