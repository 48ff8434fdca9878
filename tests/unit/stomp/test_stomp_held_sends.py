"""A send over STOMP is held in the queue only while the store is away, and only when it was checked."""

import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from adapters.memory.send_queue import InMemorySendQueue, InMemorySends
from domain.errors import BadAnswer, ChatError, DirectoryUnavailable, ProfileNotFound
from domain.identifiers import Email, Intent
from domain.profile import Profile
from tests.support.eventually import eventually
from tests.support.identity.lookups import WaywardLookup
from tests.support.memory.service import ANN
from tests.support.memory.stomp_chat import Chat, Client


class HeldChat(Chat):
    """With a queue of sends that nobody consumes, and a way to forget who takes part in which session."""

    def __init__(self) -> None:
        super().__init__()
        self.sends = InMemorySends()
        self.services = dataclasses.replace(self.services, send_queue=InMemorySendQueue(self.sends))

    @property
    def held(self) -> int:
        return self.sends.waiting.qsize()

    def forget_participations(self) -> None:
        self.service.participants._participations.clear()

    async def ann(self) -> Client:
        client = await self.user(ANN)
        await client.subscribe("/user/queue/error")
        return client


@pytest.fixture
async def chat() -> AsyncIterator[HeldChat]:
    chat = HeldChat()
    await chat.start()
    yield chat
    chat.service.outage.away = False
    await chat.stop()


def send(client: Client, message: str, receipt: str) -> None:
    client.say("SEND", message, destination="/app/chat.send", receipt=receipt)


def receipts(client: Client) -> set[str]:
    return {frame.headers["receipt-id"] for frame in client.of("RECEIPT")}


async def problems(client: Client, count: int = 1) -> list[dict[str, Any]]:
    return [msgspec.json.decode(frame.body) for frame in await client.got("MESSAGE", count)]


async def test_a_checked_send_is_held_while_the_store_is_away(chat: HeldChat) -> None:
    ann = await chat.ann()
    send(ann, chat.message("stored"), "stored")
    await eventually(lambda: "stored" in receipts(ann))
    chat.service.outage.away = True
    chat.service.clock.advance(100)  # the checks are old by now
    send(ann, chat.message("held"), "held")
    await eventually(lambda: "held" in receipts(ann))
    assert chat.held == 1


async def test_a_send_that_cannot_be_checked_is_refused_without_a_receipt(chat: HeldChat) -> None:
    ann = await chat.ann()
    chat.forget_participations()
    chat.service.participants._known.clear()
    chat.service.outage.away = True
    send(ann, chat.message("unchecked"), "unchecked")
    assert [problem["code"] for problem in await problems(ann)] == ["unavailable"]
    assert (chat.held, "unchecked" in receipts(ann)) == (0, False)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DirectoryUnavailable(), "unavailable"),
        (BadAnswer(), "unavailable"),
        (ProfileNotFound(), "profile-not-found"),
    ],
)
async def test_a_send_that_flairbit_refuses_is_not_held(
    chat: HeldChat, monkeypatch: pytest.MonkeyPatch, error: ChatError, code: str
) -> None:
    async def find(email: Email, intent: Intent) -> Profile:
        raise error

    ann = await chat.ann()
    chat.forget_participations()
    monkeypatch.setattr(chat.service.lookup, "find", find)
    for number in range(20):
        send(ann, chat.message("bad"), str(number))
    refused = await problems(ann, 20)
    assert {problem["code"] for problem in refused} == {code}
    assert len({problem["clientMessageId"] for problem in refused}) == 20
    assert (chat.held, receipts(ann) & {str(number) for number in range(20)}) == (0, set())


async def test_a_transaction_with_a_send_that_cannot_be_checked_is_refused_whole(
    chat: HeldChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await chat.ann()
    lookup = WaywardLookup()
    lookup.away = True
    chat.forget_participations()
    monkeypatch.setattr(chat.service.participants, "_lookup", lookup)
    ann.say("BEGIN", transaction="t")
    for number in range(2):
        ann.say("SEND", chat.message(str(number)), destination="/app/chat.send", transaction="t")
    ann.say("COMMIT", transaction="t", receipt="committed")
    assert {problem["code"] for problem in await problems(ann, 2)} == {"unavailable"}
    assert (chat.held, chat.service.store.messages) == (0, {})
    assert "committed" not in receipts(ann)
