"""Deliveries on the wire: each comes out as it went in, in bounded pieces, and repeats are told from what is new."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.delivery.recent import RecentDeliveries
from application.ports.push import Delivery, MessageKey
from application.wire.deliveries import CONTENT_TYPE, UnreadablePiece, pack, unpack
from domain.destination import ACK_QUEUE, USER_QUEUES, session_topic, user_destination
from domain.identifiers import Email, MessageId, SessionId
from tests.support.rabbitmq.broker_instance import a_delivery, some_deliveries

KEYS = st.builds(
    MessageKey,
    st.uuids().map(MessageId),
    st.uuids().map(SessionId),
    st.integers(1, 2**63 - 1),
    st.emails().map(Email),
)
DESTINATIONS = st.builds(session_topic, st.uuids().map(SessionId)) | st.builds(
    user_destination, st.emails(), st.sampled_from(sorted(USER_QUEUES))
)
DELIVERIES = st.builds(
    Delivery,
    DESTINATIONS,
    st.text(max_size=200).filter(lambda body: "\0" not in body),
    st.none() | KEYS,
    st.none() | st.floats(allow_nan=False),
)


@given(st.lists(DELIVERIES, max_size=20), st.integers(1, 1_000))
def test_what_is_unpacked_is_what_was_packed(deliveries: list[Delivery], max_bytes: int) -> None:
    pieces = list(pack(deliveries, max_bytes))
    assert [one for piece in pieces for one in unpack(CONTENT_TYPE, piece)] == deliveries


def test_pieces_are_bounded_and_a_body_for_several_destinations_is_sent_once() -> None:
    alone = a_delivery(body="x" * 4_000)
    deliveries = [msgspec.structs.replace(alone, destination=f"user:{name}:/queue/ack") for name in range(100)]
    (piece,) = pack(deliveries, 100_000)
    assert len(piece) < 10_000
    pieces = list(pack([a_delivery(seq, body="x" * 4_000) for seq in range(100)], 100_000))
    assert len(pieces) == 5
    assert max(map(len, pieces)) <= 100_000 + 10


@pytest.mark.parametrize(
    ("content_type", "piece"),
    [
        (None, b"\x90"),
        ("application/vnd.chat-service.deliveries.v2+msgpack", b"\x90"),
        (CONTENT_TYPE, b""),
        (CONTENT_TYPE, b"\xff"),
        (CONTENT_TYPE, msgspec.msgpack.encode([["body", 7]])),
        (CONTENT_TYPE, b"\x91\x92\xa1\xff\x90"),
    ],
)
def test_what_cannot_be_read_is_said_to_be(content_type: str | None, piece: bytes) -> None:
    with pytest.raises(UnreadablePiece):
        unpack(content_type, piece)


def test_a_field_added_at_the_end_is_passed_over() -> None:
    ack = user_destination("ann@example.org", ACK_QUEUE)
    newer: list[Any] = [["{}", [ack], None, 1.5, "new"]]
    assert unpack(CONTENT_TYPE, msgspec.msgpack.encode(newer)) == [Delivery(ack, "{}", None, 1.5)]


def test_a_repeat_of_what_was_pushed_in_vain_is_suppressed_once() -> None:
    recent = RecentDeliveries(max_pushed=100, max_received=100)
    deliveries = some_deliveries(3)
    receipt = Delivery("user:ann@example.org:/queue/receipts", "{}")
    acked_again = msgspec.structs.replace(deliveries[0], committed_at=None)
    recent.pushed([*deliveries[:2], receipt])
    assert recent.unpushed([acked_again, *deliveries, receipt]) == [acked_again, deliveries[2], receipt]
    assert recent.unreceived([*deliveries, acked_again]) == [*deliveries, acked_again]
    assert recent.unpushed(deliveries) == deliveries


def test_what_was_received_lately_is_suppressed_as_often_as_it_comes() -> None:
    recent = RecentDeliveries(max_pushed=100, max_received=3)
    deliveries = some_deliveries(4)
    assert recent.unreceived(deliveries[:3]) == deliveries[:3]
    assert recent.unreceived(deliveries[1:]) == deliveries[3:]
    assert recent.unreceived(deliveries[1:]) == []
    assert recent.unreceived(deliveries[:1]) == deliveries[:1], "the window is bounded"
