"""One side's own state of a session, held against a model that judges each message when it comes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.conversation import KEEP, MAX_DRAFT_LENGTH, UNTOUCHED, Activity, ConversationChange
from domain.errors import Invalid
from domain.rules.conversations import changed, is_archived, is_muted
from tests.support.people import NOW


@dataclass(frozen=True)
class Step:
    """After `pause` seconds there is a message, or with `wanted` a change; that one mutes for `mute` seconds."""

    pause: int
    wanted: ConversationChange | None
    mute: int | None


changes = st.builds(
    ConversationChange,
    archived=st.sampled_from([KEEP, True, False]),
    pinned=st.sampled_from([KEEP, True, False]),
    draft=st.sampled_from([KEEP, "", "soon"]),
)
steps = st.lists(st.builds(Step, st.integers(1, 5), st.none() | changes, st.none() | st.integers(-3, 10)), max_size=20)


@given(steps)
def test_a_message_takes_it_out_of_the_archive_unless_it_is_muted_then(history: list[Step]) -> None:
    now, conversation, activity = NOW, UNTOUCHED, Activity(0, NOW)
    archived, pinned, draft = False, False, ""
    muted_until: datetime | None = None
    for step in history:
        now += timedelta(seconds=step.pause)
        if step.wanted is None:
            archived = archived and muted_until is not None and now < muted_until
            activity = Activity(activity.last_seq + 1, now)
        else:
            wanted = step.wanted
            if step.mute is not None:
                muted_until = now + timedelta(seconds=step.mute)
                wanted = ConversationChange(muted_until, wanted.archived, wanted.pinned, wanted.draft)
            archived = archived if wanted.archived is KEEP else wanted.archived
            pinned = pinned if wanted.pinned is KEEP else wanted.pinned
            draft = draft if wanted.draft is KEEP else wanted.draft
            conversation = changed(conversation, wanted, activity, now)
            assert changed(conversation, wanted, activity, now) == conversation
        assert is_archived(conversation, activity) == archived
        assert is_muted(conversation, now) == (muted_until is not None and now < muted_until)
        assert (conversation.pinned_at is not None, conversation.draft) == (pinned, draft)


@pytest.mark.parametrize("draft", ["x" * (MAX_DRAFT_LENGTH + 1), "a\0b"])
def test_a_draft_that_cannot_be_stored_is_refused(draft: str) -> None:
    with pytest.raises(Invalid) as caught:
        changed(UNTOUCHED, ConversationChange(draft=draft), Activity(0, NOW), NOW)
    assert caught.value.field == "draft"
