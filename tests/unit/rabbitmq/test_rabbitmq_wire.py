"""Deliveries on the wire: each comes out as it went in, in bounded pieces, and repeats are told from what is new."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.delivery.recent_deliveries import RecentDeliveries
from application.ports.push import Delivery, MessageKey
from application.wire.deliveries import CONTENT_TYPE, UnreadablePiece, pack, unpack
from domain.destination import ACK_QUEUE, USER_QUEUES, session_topic, user_destination
from domain.identifiers import Email, MessageId, SessionId
from tests.support.rabbitmq.broker_instance import a_delivery, some_deliveries

# the wire carries them as they are; those that hypothesis makes of the RFC take most of the time of these tests
EMAILS = st.text(".@+é😀 ab", min_size=1, max_size=20)
KEYS = st.builds(
    MessageKey,
    st.uuids().map(MessageId),
    st.uuids().map(SessionId),
    st.integers(1, 2**63 - 1),
    EMAILS.map(Email),
)
DESTINATIONS = st.builds(session_topic, st.uuids().map(SessionId)) | st.builds(
    user_destination, EMAILS, st.sampled_from(sorted(USER_QUEUES))
)
DELIVERIES = st.builds(
    Delivery,
    DESTINATIONS,
    st.text(max_size=200).filter(lambda body: "\0" not in body),
    st.none() | KEYS,
    st.none() | st.floats(allow_nan=False),
)


def everything(_: str) -> bool:
    return True


@given(st.lists(DELIVERIES, max_size=20), st.integers(1, 1_000))
def test_unpacking_gives_the_packed_deliveries(deliveries: list[Delivery], max_bytes: int) -> None:
    pieces = [piece.body for piece in pack(deliveries, max_bytes)]
    assert [one for piece in pieces for one in unpack(CONTENT_TYPE, piece, everything)] == deliveries


@given(st.lists(DELIVERIES, max_size=20), st.sets(DESTINATIONS))
def test_only_wanted_deliveries_are_unpacked(deliveries: list[Delivery], others: set[str]) -> None:
    wanted = {delivery.destination for delivery in deliveries[::2]} | others
    pieces = list(pack(deliveries, 10_000_000))
    unpacked = [one for piece in pieces for one in unpack(CONTENT_TYPE, piece.body, wanted.__contains__)]
    assert unpacked == [delivery for delivery in deliveries if delivery.destination in wanted]


def test_pieces_are_bounded_and_a_body_for_several_destinations_is_sent_once() -> None:
    alone = a_delivery(body="x" * 4_000)
    deliveries = [msgspec.structs.replace(alone, destination=f"user:{name}:/queue/ack") for name in range(100)]
    ((piece, destinations),) = pack(deliveries, 100_000)
    assert len(piece) < 10_000
    assert destinations == [delivery.destination for delivery in deliveries]
    pieces = [piece for piece, _ in pack([a_delivery(seq, body="x" * 4_000) for seq in range(100)], 100_000)]
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
        (CONTENT_TYPE, b"\x91\x92\xa1\xff\x91\xa1a"),
        (CONTENT_TYPE, msgspec.msgpack.encode([["body", ["a"], 7]])),
    ],
)
def test_unreadable_octets_are_an_unreadable_piece(content_type: str | None, piece: bytes) -> None:
    with pytest.raises(UnreadablePiece):
        unpack(content_type, piece, everything)


def test_a_field_added_at_the_end_is_passed_over() -> None:
    ack = user_destination("ann@example.org", ACK_QUEUE)
    newer: list[Any] = [["{}", [ack], None, 1.5, "new"]]
    assert unpack(CONTENT_TYPE, msgspec.msgpack.encode(newer), everything) == [Delivery(ack, "{}", None, 1.5)]


def test_a_repeat_after_a_failed_publish_is_suppressed_once() -> None:
    recent = RecentDeliveries(max_pushed=100, max_received=100)
    deliveries = some_deliveries(3)
    receipt = Delivery("user:ann@example.org:/queue/receipts", "{}")
    acked_again = msgspec.structs.replace(deliveries[0], committed_at=None)
    recent.add_pushed([*deliveries[:2], receipt])
    assert recent.without_pushed([acked_again, *deliveries, receipt]) == [acked_again, deliveries[2], receipt]
    assert recent.without_received([*deliveries, acked_again]) == [*deliveries, acked_again]
    assert recent.without_pushed(deliveries) == deliveries


def test_a_received_delivery_is_suppressed_as_often_as_it_comes() -> None:
    recent = RecentDeliveries(max_pushed=100, max_received=3)
    deliveries = some_deliveries(4)
    assert recent.without_received(deliveries[:3]) == deliveries[:3]
    assert recent.without_received(deliveries[1:]) == deliveries[3:]
    assert recent.without_received(deliveries[1:]) == []
    assert recent.without_received(deliveries[:1]) == deliveries[:1], "the window is bounded"
