"""The AsyncAPI document: complete, sound in itself, and of what the STOMP side really does."""

from typing import Any, get_args
from uuid import UUID, uuid4

import jsonschema_rs
import msgspec
import pytest

from adapters.stomp.hub import head_of
from adapters.stomp.names import COMMAND_PREFIX, COMMANDS
from adapters.stomp.protocol.frames.decoder import FrameDecoder
from adapters.stomp.protocol.subscription import AckMode, Subscription
from application.wire.chat_message import ChatMessage
from domain.destination import EVENTS_QUEUE, MESSAGES_QUEUE, USER_QUEUES, session_topic, user_destination
from domain.features import OFFERED
from domain.identifiers import SessionId
from entrypoints.rest.documents.asyncapi import asyncapi_document
from tests.support.json_references import references
from tests.support.people import NOW

Document = dict[str, Any]
SESSION = UUID(int=7)  # its address is in the names of tests
MESSAGE = ChatMessage(uuid4(), SESSION, 7, uuid4(), uuid4(), "ann@example.org", "Ann", "hi", NOW, False, False)


@pytest.fixture
def document() -> Document:
    document: Document = msgspec.json.decode(msgspec.json.encode(asyncapi_document()))
    return document


def resolve(document: Document, reference: str) -> Any:
    node: Any = document
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node


def test_the_document_is_complete(document: Document) -> None:
    assert document["asyncapi"] == "3.0.0"
    assert document["info"]["title"]
    assert document["info"]["version"]
    for reference in references(document):
        assert resolve(document, reference)


def test_every_channel_has_one_operation_and_a_message(document: Document) -> None:
    assert set(document["operations"]) == set(document["channels"])
    for name, operation in document["operations"].items():
        channel = resolve(document, operation["channel"]["$ref"])
        assert channel is document["channels"][name]
        assert operation["action"] == ("receive" if channel["address"].startswith("/app/") else "send")
        (message,) = operation["messages"]
        assert resolve(document, message["$ref"]) == next(iter(channel["messages"].values()))


def test_receipts_are_of_two_kinds(document: Document) -> None:
    payload = document["components"]["messages"]["receiptsMessage"]["payload"] | {"components": document["components"]}
    common = {"sessionId": str(uuid4()), "readerId": str(uuid4()), "readerEmail": "bob@example.org"}
    at = "2026-01-01T12:00:00.123456Z"
    for more in ({"upToSeq": 1, "seenAt": at}, {"deliveredUpToSeq": 1, "deliveredAt": at}):
        assert jsonschema_rs.is_valid(payload, common | more)
    assert not jsonschema_rs.is_valid(payload, common)
    assert document["channels"]["receipts"]["x-subscribe-headers"]["properties"]["receipts"]["const"] == "all"


def test_all_destinations_are_there(document: Document) -> None:
    addresses = {channel["address"] for channel in document["channels"].values()}
    offered = {f"{COMMAND_PREFIX}{name}" for name, feature in COMMANDS.items() if feature in OFFERED}
    queues = {f"/user{queue}" for queue in (*USER_QUEUES, EVENTS_QUEUE)}
    assert addresses == offered | queues | {
        "/app/chat.send",
        "/app/chat.seen",
        "/app/auth.renew",
        "/topic/session.{sessionId}",
    }


@pytest.mark.parametrize(
    ("name", "destination"),
    [
        ("session", session_topic(SessionId(MESSAGE.session_id))),
        ("messages", user_destination("ann@example.org", MESSAGES_QUEUE)),
    ],
)
@pytest.mark.parametrize("mode", get_args(AckMode))
def test_messages_fit_the_document(document: Document, name: str, destination: str, mode: AckMode) -> None:
    address = document["channels"][name]["address"].replace("{sessionId}", str(MESSAGE.session_id))
    subscription = Subscription("s-1", address, mode, serial=1, version="1.2", max_unacked=1)
    decoder = FrameDecoder(max_frame_bytes=10_000)
    decoder.use("1.2")
    delivery = MESSAGE.delivery(destination)
    (frame,) = decoder.feed(subscription.message(head_of(delivery), delivery.body))
    headers = dict(frame.headers)
    assert headers["destination"] == address
    told = document["components"]["messages"][f"{name}Message"]
    (trait,) = (resolve(document, one["$ref"]) for one in told["traits"])
    described = set(told["headers"]["properties"]) | set(trait["headers"]["properties"])
    assert set(headers) == described - ({"ack"} if mode == "auto" else set())
    for schema in (told["headers"], trait["headers"]):
        assert jsonschema_rs.is_valid(schema, headers, validate_formats=True)
        for name_of_it in schema["required"]:
            assert not jsonschema_rs.is_valid(schema, {key: headers[key] for key in headers if key != name_of_it})
    payload = {**told["payload"], "components": document["components"]}
    assert jsonschema_rs.is_valid(payload, msgspec.json.decode(MESSAGE.to_json()), validate_formats=True)
    assert not jsonschema_rs.is_valid(payload, {"seq": 7})
