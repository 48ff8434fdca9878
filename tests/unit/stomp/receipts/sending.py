"""What the tests of RECEIPTs send, and what they look for."""

import dataclasses
from typing import Any

import msgspec

from tests.support.eventually import eventually
from tests.support.memory.service import ANN
from tests.support.memory.stomp_chat import Chat, Client


def limit(chat: Chat, **limits: Any) -> None:
    chat.services = dataclasses.replace(chat.services, limits=dataclasses.replace(chat.services.limits, **limits))


async def ann_of(chat: Chat) -> Client:
    ann = await chat.user(ANN)
    await ann.subscribe("/user/queue/error")
    return ann


def send(client: Client, message: str, **headers: str) -> None:
    client.say("SEND", message, destination="/app/chat.send", **headers)


def transaction(client: Client, *messages: str, receipt: str = "committed") -> None:
    client.say("BEGIN", transaction="t")
    for message in messages:
        send(client, message, transaction="t")
    client.say("COMMIT", transaction="t", receipt=receipt)


def receipts(client: Client) -> list[str]:
    """Those that are no subscription's."""
    return [name for frame in client.of("RECEIPT") if len(name := frame.headers["receipt-id"]) < 36]


async def problems(client: Client, count: int) -> list[str]:
    return [msgspec.json.decode(frame.body)["code"] for frame in await client.got("MESSAGE", count)]


def problems_of(client: Client) -> list[dict[str, Any]]:
    frames = [frame for frame in client.of("MESSAGE") if frame.headers["destination"] == "/user/queue/error"]
    return [msgspec.json.decode(frame.body) for frame in frames]


def stored(chat: Chat) -> list[str]:
    return [message.content for message in chat.service.store.messages.get(chat.session_id, [])]


async def nothing_waits(chat: Chat) -> None:
    """Returns when the store was asked for all that was sent so far."""
    await eventually(lambda: not chat.service.intake._batcher._queue)
