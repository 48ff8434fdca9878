"""A send that is moved to another queue can be written there, whatever came with it."""

from typing import Any
from uuid import UUID

import pytest
from aiormq.abc import DeliveredMessage
from pamqp import commands
from pamqp.header import ContentHeader

from adapters.rabbitmq.received import Received
from adapters.rabbitmq.sends.moved_sends import HELD_SINCE_HEADER, REASON_HEADER, dead_letter, held_for, put_aside


def received(**properties: Any) -> Received:
    header = ContentHeader(properties=commands.Basic.Properties(**properties))
    delivery = commands.Basic.Deliver(delivery_tag=1)
    return Received(DeliveredMessage(delivery=delivery, header=header, body=b"{}", channel=None))  # type: ignore[arg-type]


def test_the_producers_own_headers_are_kept_and_the_brokers_are_not() -> None:
    headers = {
        "mine": 1,
        "x-death": [{}],
        "x-first-death-reason": "a",
        "x-delivery-count": 3,
        "CC": ["q"],
        "BCC": ["q"],
    }
    message = received(headers=headers, message_id="m", content_type="application/json")
    letter = dead_letter(message, "invalid").message
    assert letter.headers == {"mine": 1, REASON_HEADER: "invalid"}
    assert (letter.message_id, letter.content_type) == ("m", "application/json")


@pytest.mark.parametrize(
    "properties",
    [
        {"headers": {"a": b"\xff"}},
        {"headers": {"a": "x" * 20_000}},
        {"headers": {str(number): "x" for number in range(10_000)}},
        {"message_id": "\ufffd" * 255},
        {"content_type": "\ufffd" * 255, "headers": {"mine": 1}},
    ],
    ids=["octets", "a long one", "many", "a long id", "a long type"],
)
def test_a_key_that_cannot_be_encoded_again_is_left_out(properties: dict[str, Any]) -> None:
    letter = put_aside(received(**properties), 7.0, 1.5)
    assert len(letter.message.properties.marshal()) < 500
    assert letter.message.headers == {HELD_SINCE_HEADER: 7}
    assert letter.message.properties.expiration == "1500"
    assert UUID(letter.message.message_id)
    assert letter.message.body == b"{}"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 20),
        ({HELD_SINCE_HEADER: 40}, 60),
        ({HELD_SINCE_HEADER: 500}, 20),
        ({HELD_SINCE_HEADER: "40"}, 20),
        ({HELD_SINCE_HEADER: True}, 20),
        ({"x-delivery-count": 48}, 20),
        ({"x-delivery-count": 49}, float("inf")),
        ({"x-delivery-count": "49"}, 20),
    ],
    ids=repr,
)
def test_how_long_a_send_was_held(headers: dict[str, Any], expected: float) -> None:
    assert held_for(received(headers=headers), taken_at=80.0, now=100.0) == expected
