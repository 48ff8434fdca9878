"""What of a client's messages is let in, decided before anything is decoded."""

import pytest

from adapters.stomp.protocol.errors import FrameTooLarge, LimitExceeded
from adapters.stomp.protocol.session import StompSession
from tests.support.clients.stomp_client import connected, text_of
from tests.support.limits import session_limits

LIMITS = session_limits(max_message_bytes=200, max_message_frames=3, max_connect_bytes=640)
NACK = text_of("NACK", id="a")


def stranger() -> StompSession:
    return StompSession(server="chat/1", heartbeat=10, limits=LIMITS)


@pytest.mark.parametrize("message", ["x" * 201, b"x" * 201, "ö" * 101])
def test_a_message_over_its_limit_is_refused_whole(message: str | bytes) -> None:
    with pytest.raises(FrameTooLarge, match="200 octets"):
        stranger().feed(message)


def test_a_message_at_its_limit_is_taken() -> None:
    assert list(connected(limits=LIMITS).feed("\n" * 200)) == []
    assert list(connected(limits=LIMITS).feed(NACK * 3))


def test_the_frames_of_one_message_are_counted() -> None:
    session = connected(limits=LIMITS)
    for _ in range(5):
        assert len(list(session.feed(NACK * 3))) == 3
    events = session.feed(NACK * 4)
    assert [next(events) for _ in range(3)]
    with pytest.raises(FrameTooLarge, match="3 frames"):
        next(events)


@pytest.mark.parametrize(("message", "count"), [("", 10), ("\n", 10), ("\n" * 160, 4)])
def test_messages_before_connect_are_limited_together(message: str, count: int) -> None:
    session = stranger()
    for _ in range(count):
        assert list(session.feed(message)) == []
    with pytest.raises(FrameTooLarge, match="640 octets may come before CONNECT"):
        session.feed(message)


def test_messages_after_connect_are_not_limited_together() -> None:
    session = connected(limits=LIMITS)
    for _ in range(100):
        assert list(session.feed("\n" * 160)) == []


def test_messages_and_frames_are_steps() -> None:
    session = connected()
    before = session.steps
    for message in ("\n", "", NACK * 2):
        list(session.feed(message))
    assert session.steps - before == 5


def test_the_octets_of_transactions_are_limited_together() -> None:
    session = connected(limits=session_limits(max_transaction_bytes=200))
    for name in ("a", "b"):
        list(session.feed(text_of("BEGIN", transaction=name)))
    send = text_of("SEND", "x" * 60, transaction="a", destination="/q")
    list(session.feed(send))
    list(session.feed(send.replace("transaction:a", "transaction:b")))
    with pytest.raises(LimitExceeded, match="200 octets"):
        list(session.feed(send))
