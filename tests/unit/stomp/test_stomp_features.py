"""Features over STOMP: CONNECTED names those that are on, and what is off is told on the error queue."""

from dataclasses import replace
from uuid import uuid4

import msgspec
import pytest

from adapters.stomp.names import COMMANDS
from domain.features import OFFERED, Features
from tests.support.memory.service import ANN
from tests.support.memory.stomp_chat import Chat


async def test_connected_names_the_features(chat: Chat) -> None:
    ann = await chat.user(ANN)
    (connected,) = ann.of("CONNECTED")
    assert connected.headers["chat-features"] == ",".join(chat.services.features.names)


@pytest.mark.parametrize("command", [name for name, feature in COMMANDS.items() if feature not in OFFERED])
async def test_a_command_that_is_off_is_refused(chat: Chat, command: str) -> None:
    ann = await chat.user(ANN)
    await ann.subscribe("/user/queue/error")
    operation = str(uuid4())
    body = msgspec.json.encode({"clientOperationId": operation}).decode()
    ann.say("SEND", body, destination=f"/app/chat.{command}", receipt="refused")
    (told,) = await ann.got("MESSAGE")
    problem = msgspec.json.decode(told.body)
    assert (problem["code"], problem["status"]) == ("feature-off", 404)
    assert (problem["command"], problem["clientOperationId"]) == (command, operation)
    ann.say("SEND", chat.message("well"), destination="/app/chat.send", receipt="stored")
    assert [frame.headers["receipt-id"] for frame in await ann.got("RECEIPT", 2)][1:] == ["stored"]


@pytest.mark.parametrize("body", ["", "no JSON", "[]", '{"clientOperationId":7}', '{"clientOperationId":"\\ud800"}'])
async def test_an_unreadable_body_is_refused_without_its_id(chat: Chat, body: str) -> None:
    ann = await chat.user(ANN)
    await ann.subscribe("/user/queue/error")
    ann.say("SEND", body, destination="/app/chat.report")
    (told,) = await ann.got("MESSAGE")
    problem = msgspec.json.decode(told.body)
    assert (problem["code"], problem["command"]) == ("feature-off", "report")
    assert "clientOperationId" not in problem


async def test_a_command_in_a_transaction_ends_the_connection_before_anything_is_done(chat: Chat) -> None:
    ann = await chat.user(ANN)
    ann.say("BEGIN", transaction="t")
    ann.say("SEND", chat.message("x"), destination="/app/chat.send", transaction="t")
    ann.say("SEND", "{}", destination="/app/chat.edit", transaction="t")
    ann.say("COMMIT", transaction="t")
    assert [frame.headers["message"] for frame in await ann.got("ERROR")] == ["forbidden-destination"]
    await ann.ended()
    assert not chat.service.store.messages


async def test_an_unknown_command_ends_the_connection(chat: Chat) -> None:
    ann = await chat.user(ANN)
    ann.say("SEND", "{}", destination="/app/chat.edits")
    assert [frame.headers["message"] for frame in await ann.got("ERROR")] == ["forbidden-destination"]


async def test_a_subscription_of_events_that_are_off_stays_open(chat: Chat) -> None:
    chat.services = replace(chat.services, features=Features())
    ann = await chat.user(ANN)
    ann.say("SUBSCRIBE", id="events", destination="/user/queue/events", receipt="refused")
    await ann.subscribe("/user/queue/error")
    (told,) = await ann.got("MESSAGE")
    assert msgspec.json.decode(told.body)["code"] == "feature-off"
    ann.say("UNSUBSCRIBE", id="events", receipt="gone")
    receipts = [frame.headers["receipt-id"] for frame in await ann.got("RECEIPT", 2)]
    assert "gone" in receipts
    assert "refused" not in receipts
