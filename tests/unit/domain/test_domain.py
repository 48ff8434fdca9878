"""The rules of the domain, as properties."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import destination
from domain.errors import Invalid, NotYourself
from domain.identifiers import (
    MAX_DESTINATION_LENGTH,
    MAX_EMAIL_LENGTH,
    ClientMessageId,
    Email,
    Intent,
    MessageId,
    ProfileId,
    SessionId,
    parse_email,
    parse_intent,
)
from domain.message import MAX_CONTENT_LENGTH, Draft, check_content
from domain.outbox import RetryPolicy
from domain.principal import Service, User
from domain.profile import Profile
from domain.rules.repeats import UNKEYED, repeats_draft, repeats_message
from domain.session import ChatSession, Pair

NOW = datetime(2026, 1, 1, tzinfo=UTC)
profile_ids = st.uuids().map(ProfileId)
valid_content = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=50)


@given(profile_ids, profile_ids)
def test_a_pair_does_not_depend_on_the_order(first: ProfileId, second: ProfileId) -> None:
    if first == second:
        with pytest.raises(Invalid):
            Pair.of(first, second)
        return
    pair = Pair.of(first, second)
    assert pair == Pair.of(second, first)
    assert set(pair) == {first, second}
    assert pair.low.bytes < pair.high.bytes


@given(profile_ids, profile_ids, st.uuids())
def test_each_participant_is_the_peer_of_the_other(first: ProfileId, second: ProfileId, session_id: UUID) -> None:
    if first == second:
        return
    session = ChatSession(SessionId(session_id), Pair.of(first, second), Intent("friends"), NOW)
    assert session.peer_of(first) == second
    assert session.peer_of(second) == first
    assert session.has(first)
    assert session.has(second)


@given(valid_content.filter(lambda text: not text.isspace()))
def test_valid_content_is_kept_as_sent(content: str) -> None:
    assert check_content(content) == content


@pytest.mark.parametrize("content", ["", " ", "\u2003\n\t", "a\0b", "\0", "x" * (MAX_CONTENT_LENGTH + 1), "a\ud800"])
def test_content_that_is_not_allowed_names_the_field(content: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_content(content)
    assert refused.value.field == "content"


@pytest.mark.parametrize("character", ["x", "\U0001f600", "\u05d0"])
def test_the_longest_content_is_counted_in_characters(character: str) -> None:
    assert check_content(character * MAX_CONTENT_LENGTH)


def test_emails_are_lower_cased() -> None:
    assert parse_email("Ann@Example.ORG") == "ann@example.org"


@pytest.mark.parametrize("raw", ["", "@", "a@", "@b", "a b@c", "a@b@c", "a@b\n", "a@" + "b" * 254, "a\0@b"])
def test_text_that_is_not_an_email_is_refused(raw: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_email(raw, "fromEmail")
    assert refused.value.field == "fromEmail"


def test_every_destination_of_the_longest_email_fits_the_outbox() -> None:
    longest = parse_email("a" * (MAX_EMAIL_LENGTH - 61) + "@" + "b" * 60)
    assert len(destination.user_destination(longest, destination.ACK_QUEUE)) == MAX_DESTINATION_LENGTH
    for raw in (f"{longest}b", longest[:-3] + ".\u00fc\u00fc"):  # the second is as long, until it is in ASCII
        with pytest.raises(Invalid, match="at most 239 characters"):
            parse_email(raw)


@pytest.mark.parametrize("raw", ["", "a b", "x" * 65, "a\n"])
def test_text_that_is_not_an_intent_is_refused(raw: str) -> None:
    with pytest.raises(Invalid):
        parse_intent(raw)


def test_a_user_acts_only_as_itself_and_a_service_as_anybody() -> None:
    user = User(Email("ann@example.org"), NOW)
    user.require(Email("ann@example.org"), "fromEmail")
    with pytest.raises(NotYourself):
        user.require(Email("bob@example.org"), "fromEmail")
    Service("billing", NOW).require(Email("bob@example.org"), "fromEmail")


def draft(content: str = "hello", session: int = 1, sender: int = 1) -> Draft:
    intent = Intent("friends")
    return Draft(
        MessageId(UUID(int=7)),
        SessionId(UUID(int=session)),
        ClientMessageId(UUID(int=9)),
        Profile(ProfileId(UUID(int=sender)), Email("ann@example.org"), intent, "Ann"),
        Profile(ProfileId(UUID(int=99)), Email("bob@example.org"), intent, "Bob"),
        content,
    )


@pytest.mark.parametrize(
    ("repeat", "same"),
    [
        (draft(), True),
        (draft(content="hello "), False),
        (draft(session=2), False),
        (draft(sender=2), False),
        (draft()._replace(reply_to=1), False),
    ],
)
def test_a_repeat_has_the_same_sender_session_and_content(repeat: Draft, same: bool) -> None:
    assert repeats_message(repeat, draft().stored(1, NOW), UNKEYED) is same
    assert repeats_draft(repeat, draft()) is same


@given(st.integers(1, 9))
def test_retries_back_off_to_a_minute(failures: int) -> None:
    policy = RetryPolicy(max_tries=10, max_backoff=timedelta(seconds=60))
    assert policy.delay(failures) == min(timedelta(seconds=60), timedelta(seconds=2**failures))


@given(st.integers(10, 10_000))
def test_an_entry_dies_after_ten_failures(failures: int) -> None:
    assert RetryPolicy(max_tries=10, max_backoff=timedelta(seconds=60)).delay(failures) is None


@given(st.uuids(), st.sampled_from(sorted(destination.USER_QUEUES)))
def test_destinations_are_read_as_they_were_written(some_id: UUID, queue: str) -> None:
    topic = destination.session_topic(SessionId(some_id))
    assert destination.parse_session_topic(topic) == some_id
    assert destination.parse_user_destination(topic) is None
    user = destination.user_destination(ProfileId(some_id), queue)
    assert destination.parse_user_destination(user) == (str(some_id), queue)
    assert destination.parse_session_topic(user) is None


@given(st.text())
def test_any_text_is_a_destination_or_none(text: str) -> None:
    session_id = destination.parse_session_topic(destination.SESSION_TOPIC_PREFIX + text)
    assert session_id is None or str(session_id) == text
    user = destination.parse_user_destination("user:" + text)
    assert user is None or destination.user_destination(*user) == "user:" + text
