"""What instances tell each other is signed, and what is not is counted and has no effect."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from aio_pika import Message
from hypothesis import given
from hypothesis import strategies as st

from adapters.memory.clock import ManualClock
from adapters.memory.push import RecordingPush
from adapters.rabbitmq.deliveries.local_push import LocalPush
from adapters.rabbitmq.deliveries.seal import MAX_BYTES, SIGNATURE_HEADER, SIGNED_AT_HEADER, Seal, Unsigned, Unverified
from adapters.rabbitmq.settings import RabbitSettings
from application.ports.push import Delivery
from application.wire.deliveries import CONTENT_TYPE, pack
from tests.support.rabbitmq.broker_instance import some_deliveries

NOW = 1_800_000_000
CLOCK = ManualClock(datetime.fromtimestamp(NOW, UTC))


def a_message(body: bytes = b"\x90", **changes: Any) -> Message:
    fields = {"content_type": CONTENT_TYPE, "app_id": "host.1", "message_id": uuid4().hex}
    return Message(body, **(fields | changes))


def sealed(secret: str = "ours", **fields: Any) -> Message:
    message = a_message(**fields)
    Seal([secret], CLOCK).sign(message)
    return message


def test_a_message_that_an_instance_signed_is_verified() -> None:
    Seal(["ours"], CLOCK).verify(sealed(headers={"other": 1}))


@pytest.mark.parametrize("verifying", [["ours"], ["ours", "next"], ["next", "ours"]], ids=" ".join)
def test_the_keys_are_changed_one_instance_after_the_other(verifying: list[str]) -> None:
    Seal(verifying, CLOCK).verify(sealed("ours"))


def test_another_key_does_not_verify() -> None:
    with pytest.raises(Unverified, match="wrong"):
        Seal(["next"], CLOCK).verify(sealed("ours"))


def test_there_is_no_seal_without_a_key() -> None:
    with pytest.raises(ValueError, match="no key"):
        Seal([], CLOCK)


@pytest.mark.parametrize(
    "changes",
    [{"body": b"\x91"}, {"content_type": None}, {"content_type": "text/plain"}, {"app_id": "x"}, {"message_id": "x"}],
)
def test_a_changed_message_is_not_verified(changes: dict[str, Any]) -> None:
    genuine = sealed()
    message = a_message(**{"app_id": genuine.app_id, "message_id": genuine.message_id} | changes)
    message.headers = genuine.headers
    with pytest.raises(Unverified, match="wrong"):
        Seal(["ours"], CLOCK).verify(message)


@given(st.text(max_size=5), st.text(max_size=5))
def test_no_octet_moves_from_one_part_to_the_next(app_id: str, message_id: str) -> None:
    one, other = sealed(app_id=app_id, message_id=message_id), sealed(app_id=app_id + message_id, message_id="")
    same = (app_id, message_id) == (app_id + message_id, "")
    assert (one.headers[SIGNATURE_HEADER] == other.headers[SIGNATURE_HEADER]) == same


@pytest.mark.parametrize(
    "headers",
    [
        {SIGNATURE_HEADER: 7, SIGNED_AT_HEADER: 7},
        {SIGNATURE_HEADER: "é", SIGNED_AT_HEADER: 7},
        {SIGNATURE_HEADER: "a", SIGNED_AT_HEADER: "7"},
        {SIGNATURE_HEADER: "a", SIGNED_AT_HEADER: None},
        {SIGNATURE_HEADER: ["a"], SIGNED_AT_HEADER: {"a": 1}},
        {SIGNATURE_HEADER: "", SIGNED_AT_HEADER: -(2**63)},
        {SIGNATURE_HEADER: "0" * 64, SIGNED_AT_HEADER: NOW},
    ],
    ids=repr,
)
def test_odd_headers_are_not_verified(headers: Any) -> None:
    with pytest.raises(Unverified):
        Seal(["ours"], CLOCK).verify(a_message(headers=headers))


def test_an_unsigned_message_is_rejected_with_that_reason() -> None:
    with pytest.raises(Unsigned):
        Seal(["ours"], CLOCK).verify(a_message())


@pytest.mark.parametrize(("seconds", "good"), [(3600, True), (3601, False), (-300, True), (-301, False)])
def test_an_old_message_cannot_be_sent_again(seconds: float, good: bool) -> None:
    clock = ManualClock(CLOCK.now())
    message = sealed()
    clock.advance(seconds)
    if good:
        Seal(["ours"], clock).verify(message)
    else:
        with pytest.raises(Unverified, match="too long ago"):
            Seal(["ours"], clock).verify(message)


def test_a_huge_message_is_not_even_read() -> None:
    with pytest.raises(Unverified, match="too large"):
        Seal(["ours"], CLOCK).verify(sealed(body=b"x" * (MAX_BYTES + 1)))


class Receiver:
    def __init__(self, **settings: Any) -> None:
        self.push = RecordingPush()
        self.gaps = self.rejected = 0
        self._local = LocalPush("me", Seal(["ours"], CLOCK), RabbitSettings(**settings), self._gap, self._reject)
        self._local.open(self.push)

    def receive(self, message: Message) -> None:
        self._local.receive(message)  # type: ignore[arg-type]

    def _gap(self) -> None:
        self.gaps += 1

    def _reject(self) -> None:
        self.rejected += 1


DELIVERIES = some_deliveries(3)
((PIECE, _),) = pack(DELIVERIES, 100_000)
GARBAGE: list[dict[str, Any]] = [
    {"body": b"", "content_type": None},
    {"body": b"\xff" * 1_000},
    {"body": PIECE},
    {"body": PIECE, "content_type": "application/vnd.chat-service.deliveries.v2+msgpack"},
    {"body": PIECE, "headers": {SIGNATURE_HEADER: "0" * 64, SIGNED_AT_HEADER: NOW}},
]


@pytest.mark.parametrize("fields", GARBAGE)
def test_a_message_of_no_instance_is_counted_and_dropped(
    fields: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    receiver = Receiver()
    for _ in range(100):
        receiver.receive(a_message(**fields))
    assert (receiver.push.deliveries, receiver.gaps, receiver.rejected) == ([], 0, 100)
    assert len(caplog.records) == 1


def test_a_forgery_does_not_keep_the_genuine_one_out() -> None:
    receiver = Receiver()
    genuine = sealed(body=PIECE)
    receiver.receive(a_message(message_id=genuine.message_id))
    for _ in range(3):
        receiver.receive(genuine)
    assert receiver.push.deliveries == DELIVERIES


def test_a_signed_but_unreadable_message_of_a_newer_version_is_a_gap() -> None:
    receiver = Receiver()
    receiver.receive(sealed(body=PIECE, content_type="application/vnd.chat-service.deliveries.v2+msgpack"))
    assert (receiver.gaps, receiver.rejected) == (1, 0)


def test_unsigned_deliveries_can_be_accepted_and_unsigned_garbage_has_no_effect() -> None:
    receiver = Receiver(accept_unsigned=True)
    receiver.receive(a_message(PIECE))
    assert receiver.push.deliveries == DELIVERIES
    for fields in (GARBAGE[0], GARBAGE[1], GARBAGE[3], GARBAGE[4]):
        receiver.receive(a_message(**fields))
    assert (receiver.push.deliveries, receiver.gaps, receiver.rejected) == (DELIVERIES, 0, 4)


@pytest.mark.parametrize(
    ("destination", "body"),
    [
        ("/topic/session.x", "{}"),
        ("/topic/x\nfake:header", "{}"),
        ("user:ann@example.org:/queue/else", "{}"),
        ("user:ann\n@example.org:/queue/ack", "{}"),
        ("", "{}"),
        ("user:ann@example.org:/queue/ack", "{}\0MESSAGE\n\nfake\0"),
    ],
)
def test_deliveries_that_would_break_frames_are_left_out(destination: str, body: str) -> None:
    receiver = Receiver()
    good = Delivery("user:ann@example.org:/queue/ack", '{"a": 1}')
    ((piece, _),) = pack([Delivery(destination, body), good], 100_000)
    receiver.receive(sealed(body=piece))
    assert (receiver.push.deliveries, receiver.gaps) == ([good], 0)
