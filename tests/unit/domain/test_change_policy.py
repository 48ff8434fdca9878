"""Edits, deletions and reactions, as properties of any history of them."""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import (
    ChatError,
    DeleteWindowOver,
    EditWindowOver,
    Invalid,
    MessageGone,
    NotAllowed,
    VersionConflict,
)
from domain.identifiers import ProfileId
from domain.message import Draft, Message
from domain.rules.change_policy import ChangePolicy, Windows, hide, react
from domain.rules.repeats import SentDigests, repeats_message
from domain.rules.visibility import show
from tests.support.people import NOW, draft, person, session_of

ANN, BOB = person("ann"), person("bob")
SENT = draft(session_of(ANN, BOB), ANN, BOB, "first")
DIGESTS = SentDigests([b"new", b"old"])
WINDOWS = Windows(timedelta(minutes=15), timedelta(hours=24))
RULES = ChangePolicy(WINDOWS, DIGESTS)
SOON = NOW + timedelta(minutes=1)


class Step(NamedTuple):
    by: ProfileId
    do: Callable[[Message], Message]
    is_shared: bool


def edit(by: ProfileId, content: str) -> Step:
    return Step(by, lambda message: RULES.edit(message, by, SOON, content), True)


def steps() -> st.SearchStrategy[Step]:
    sides = st.sampled_from([ANN.id, BOB.id])
    return st.one_of(
        st.builds(edit, sides, st.sampled_from(["first", "second", "third"])),
        st.builds(lambda by: Step(by, lambda message: RULES.delete(message, by, SOON), True), sides),
        st.builds(lambda by: Step(by, lambda message: hide(message, by, SOON), False), sides),
        st.builds(
            lambda by, emoji: Step(by, lambda message: react(message, by, emoji), True),
            sides,
            st.sampled_from(["👍", "👩🏽‍🚀", None]),
        ),
    )


def sent() -> Message:
    return SENT.stored(1, NOW)


def after(history: list[Step], message: Message | None = None) -> list[Message]:
    """The message after each step; those that are refused change nothing."""
    states = [message or sent()]
    for step in history:
        try:
            states.append(step.do(states[-1]))
        except ChatError:
            states.append(states[-1])
    return states


@given(st.lists(steps(), max_size=12))
def test_the_version_grows_by_one_with_each_change_that_the_viewer_sees(history: list[Step]) -> None:
    for before, now in zip(states := after(history), states[1:], strict=False):
        for viewer in (ANN.id, BOB.id):
            old, new = show(before, viewer), show(now, viewer)
            assert new.version - old.version in (0, 1)
            if new._replace(version=0) != old._replace(version=0):
                assert new.version == old.version + 1


@given(st.lists(steps(), max_size=12), steps())
def test_hiding_is_invisible_to_the_other_participant(history: list[Step], step: Step) -> None:
    before = after(history)[-1]
    now = after([step], before)[-1]
    other = BOB.id if step.by == ANN.id else ANN.id
    if not step.is_shared:
        assert show(now, other) == show(before, other)


@given(st.lists(steps(), max_size=12), steps())
def test_nothing_comes_back_from_a_deletion(history: list[Step], step: Step) -> None:
    before = after(history)[-1]
    now = after([step], before)[-1]
    for viewer in (ANN.id, BOB.id):
        if show(before, viewer).content is None:
            assert show(now, viewer).content is None
    if now.changes.deleted_at is not None:
        assert (now.content, now.changes.reactions) == ("", ())


@given(st.lists(steps(), max_size=12), steps())
def test_a_step_taken_twice_is_taken_once(history: list[Step], step: Step) -> None:
    once, twice = after([step, step], after(history)[-1])[1:]
    assert once == twice


@given(st.lists(steps(), max_size=12), st.sampled_from(["first", "second"]), st.sampled_from([None, 1]))
def test_a_repeat_is_compared_with_the_original(history: list[Step], content: str, reply_to: int | None) -> None:
    now = after(history)[-1]
    again = SENT._replace(content=content, reply_to=reply_to)
    assert repeats_message(again, now, DIGESTS) is ((content, reply_to) == ("first", None))
    assert not repeats_message(again._replace(sender=BOB), now, DIGESTS)


def test_a_digest_of_an_older_key_is_known_and_that_of_another_is_not() -> None:
    def edited_under(key: bytes) -> Message:
        return ChangePolicy(WINDOWS, SentDigests([key])).edit(sent(), ANN.id, SOON, "second")

    assert repeats_message(SENT, edited_under(b"old"), DIGESTS)
    assert not repeats_message(SENT, edited_under(b"other"), DIGESTS)


def test_only_the_sender_of_an_erased_message_gets_its_tombstone() -> None:
    deleted = RULES.delete(sent(), ANN.id, SOON)
    erased = deleted._replace(changes=deleted.changes._replace(sent_digest=None))
    stranger: Draft = SENT._replace(sender=BOB)
    assert repeats_message(SENT._replace(content="anything"), erased, DIGESTS)
    assert not repeats_message(stranger, erased, DIGESTS)


def test_the_rules_for_changes_hold() -> None:
    message, late = sent(), NOW + timedelta(hours=25)
    edited = RULES.edit(message, ANN.id, SOON, "second", version=1)
    deleted = RULES.delete(message, ANN.id, SOON)
    refusals: list[tuple[type[ChatError], Callable[[], Message]]] = [
        (NotAllowed, lambda: RULES.edit(message, BOB.id, SOON, "x")),
        (NotAllowed, lambda: RULES.delete(message, BOB.id, SOON)),
        (EditWindowOver, lambda: RULES.edit(message, ANN.id, NOW + timedelta(minutes=16), "x")),
        (DeleteWindowOver, lambda: RULES.delete(message, ANN.id, late)),
        (VersionConflict, lambda: RULES.edit(edited, ANN.id, SOON, "x", version=1)),
        (MessageGone, lambda: RULES.edit(deleted, ANN.id, SOON, "x")),
        (MessageGone, lambda: react(hide(message, BOB.id, SOON), BOB.id, "👍")),
        (Invalid, lambda: RULES.edit(message, ANN.id, SOON, " ")),
        (Invalid, lambda: react(message, BOB.id, "no emoji")),
    ]
    for error, refused in refusals:
        with pytest.raises(error):
            refused()
    assert RULES.delete(deleted, ANN.id, late) == deleted
    assert hide(message, BOB.id, late) != message
