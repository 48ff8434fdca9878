"""Who hears of a refused SEND: every device of its sender, nobody else, and nothing of it is stored."""

import asyncio
from functools import partial
from uuid import uuid4

import pytest

from domain.principal import User
from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB, EVE
from tests.support.memory.stomp_chat import Chat, Client
from tests.unit.stomp.receipts.sending import problems_of, receipts, send, stored, transaction

QUEUES = ("messages", "ack", "error", "receipts")


async def device(chat: Chat, user: User) -> Client:
    """A device that listens to all that it may."""
    client = await chat.user(user)
    for queue in QUEUES:
        await client.subscribe(f"/user/queue/{queue}")
    if user is not EVE:
        await client.subscribe(chat.topic)
    return client


def has_first_message(client: Client) -> bool:
    return any(frame.headers.get("seq") == "1" for frame in client.of("MESSAGE"))


class Devices:
    """Two of Ann, who sends, two of Bob, and one of Eve, who is in no session."""

    async def connect(self, chat: Chat) -> "Devices":
        self.chat = chat
        self.sender, self.second = [await device(chat, ANN) for _ in range(2)]
        self.others = [*[await device(chat, BOB) for _ in range(2)], await device(chat, EVE)]
        return self

    def heard(self) -> list[list[tuple[str, str]]]:
        """Code and id of the problems that each of Ann's devices got."""
        return [
            [(problem["code"], problem["clientMessageId"]) for problem in problems_of(client)]
            for client in (self.sender, self.second)
        ]

    async def nothing_else_happened(self) -> None:
        """A message that comes through afterwards is the first that anybody got."""
        send(self.sender, self.chat.message("well"), receipt="well")
        for client in (self.sender, self.second, *self.others[:2]):
            await eventually(partial(has_first_message, client))
        await eventually(lambda: receipts(self.sender) == ["well"])
        for _ in range(20):
            await asyncio.sleep(0)
        assert stored(self.chat) == ["well"]
        for client in self.others:
            assert problems_of(client) == []
        assert self.others[2].of("MESSAGE") == []
        assert not any(client.of("ERROR") for client in self.chat.clients)
        assert receipts(self.second) == []


@pytest.fixture
async def devices(chat: Chat) -> Devices:
    return await Devices().connect(chat)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"content": " "}, "invalid"),
        ({"content": "x" * 4_001}, "invalid"),
        ({"senderEmail": BOB.email}, "not-yourself"),
        ({"sessionId": str(uuid4())}, "session-not-found"),
        ({"intent": "work"}, "not-a-participant"),
    ],
)
async def test_a_refused_send_is_a_problem_on_the_devices_of_its_sender_only(
    devices: Devices, changes: dict[str, str], code: str
) -> None:
    client_id = str(uuid4())
    send(devices.sender, devices.chat.message("x", clientMessageId=client_id, **changes), receipt="refused")
    await eventually(lambda: devices.heard() == [[(code, client_id)]] * 2)
    await devices.nothing_else_happened()


async def test_a_send_without_a_store_is_a_problem_on_the_devices_of_its_sender_only(devices: Devices) -> None:
    client_id = str(uuid4())
    devices.chat.service.outage.away = True
    send(devices.sender, devices.chat.message("x", clientMessageId=client_id), receipt="refused")
    await eventually(lambda: devices.heard() == [[("unavailable", client_id)]] * 2)
    devices.chat.service.outage.away = False
    await devices.nothing_else_happened()


async def test_a_refused_transaction_is_a_problem_on_the_devices_of_its_sender_only(devices: Devices) -> None:
    ids = [str(uuid4()) for _ in range(2)]
    contents = zip(["good", " "], ids, strict=True)
    transaction(devices.sender, *(devices.chat.message(content, clientMessageId=one) for content, one in contents))
    expected = [("transaction-aborted", ids[0]), ("invalid", ids[1])]
    await eventually(lambda: devices.heard() == [expected] * 2)
    await devices.nothing_else_happened()


async def test_a_device_that_does_not_read_keeps_no_problem_from_the_others(devices: Devices) -> None:
    devices.second.reads = False
    ids = [str(uuid4()) for _ in range(20)]
    for one in ids:
        send(devices.sender, devices.chat.message(" ", clientMessageId=one))
    await eventually(lambda: devices.heard()[0] == [("invalid", one) for one in ids])
    devices.second.reads = True
    await eventually(lambda: devices.heard()[1] == devices.heard()[0])
    await devices.nothing_else_happened()
