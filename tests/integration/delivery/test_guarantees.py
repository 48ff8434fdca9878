"""With the database away no RECEIPT, 200 or 204 is given (docs/guarantees.md), and what had one survives a crash."""

import asyncio
import signal
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from entrypoints.development.embedded_postgres import EmbeddedPostgres
from tests.support.clients.web_client import INTENT, Rest, WebClient, chat_message
from tests.support.eventually import eventually, eventually_some
from tests.support.postgres.outages import OUTAGES
from tests.support.service.service_process import ServiceProcess

ANN, BOB = "ann@example.org", "bob@example.org"
PATIENCE = 60  # seconds; statements and waits for a connection end after 5 s each


@dataclass
class Asked:
    """A client whose one answer may be `receipt`; `ids` are what a refusal of it names, empty where it is closed."""

    client: WebClient
    receipt: str
    ids: set[str | None]

    @property
    def receipted(self) -> bool:
        return any(frame.headers["receipt-id"] == self.receipt for frame in self.client.of("RECEIPT"))

    async def is_told(self) -> None:
        """Returns when it was refused, or the connection was closed."""

        def told() -> bool:
            is_refused = bool(self.ids) and self.ids <= set(self.client.refused())
            return self.receipted or is_refused or self.client.socket.close_code is not None

        await eventually(told, PATIENCE)


def ids(*messages: dict[str, Any]) -> set[str | None]:
    return {message["clientMessageId"] for message in messages}


def seen(session_id: str, reader: str) -> dict[str, Any]:
    return {"sessionId": session_id, "readerEmail": reader, "intent": INTENT, "upToSeq": 1}


class Chat:
    """Everything that may get a RECEIPT, asked at once on a connection each."""

    def __init__(self, session_id: str, clients: list[WebClient], to_ack: str) -> None:
        self._session_id = session_id
        self._send, self._commit, self._seen, self._ack, self._leave = clients
        self._to_ack = to_ack

    def message(self, content: str) -> dict[str, Any]:
        return chat_message(self._session_id, ANN, content)

    async def ask(self) -> tuple[list[Asked], set[str | None]]:
        """What was asked, and the id of the message before the goodbye."""
        sent, left, together = self.message("sent"), self.message("left"), [self.message(one) for one in "abc"]
        asked = [
            Asked(self._send, "sent", ids(sent)),
            Asked(self._commit, "committed", ids(*together)),
            Asked(self._seen, "seen", {None}),
            Asked(self._ack, "acked", set()),
            Asked(self._leave, "bye", set()),
        ]
        await self._send.send(sent, receipt="sent")
        self._commit.say("BEGIN", transaction="t")
        for message in together:
            await self._commit.send(message, transaction="t")
        self._commit.say("COMMIT", transaction="t", receipt="committed")
        mark = msgspec.json.encode(seen(self._session_id, BOB)).decode()
        self._seen.say("SEND", mark, destination="/app/chat.seen", receipt="seen")
        self._ack.say("ACK", id=self._to_ack, receipt="acked")
        await self._leave.send(left)
        self._leave.say("DISCONNECT", receipt="bye")
        for one in asked:
            await one.client.flush()
        return asked, ids(left)


async def stored(service: ServiceProcess, session_id: str) -> list[dict[str, Any]]:
    async with Rest(service.url, service.token(ANN)) as rest:

        async def is_up() -> bool:
            return (await rest.get("/actuator/health"))[0] == 200

        await eventually_some(is_up, PATIENCE)
        return await rest.history(session_id)


@pytest.mark.parametrize("outage", OUTAGES)
async def test_a_message_that_is_not_stored_gets_no_receipt_and_no_200(
    service: ServiceProcess, own_postgres: EmbeddedPostgres, outage: str
) -> None:
    ann_token, bob_token = service.token(ANN), service.token(BOB)
    tokens = [ann_token, ann_token, bob_token, bob_token, ann_token]
    async with Rest(service.url, ann_token) as rest, Rest(service.url, bob_token) as bob:
        session_id = await rest.init(ANN, BOB)
        clients = [await WebClient(service.ws_url, token).__aenter__() for token in tokens]
        for client in clients:
            await client.subscribe("/user/queue/error")
        await clients[3].subscribe("/user/queue/messages", ack="client-individual")
        assert (await rest.post("/api/chat/message", chat_message(session_id, ANN, "before")))[0] == 200
        await clients[3].messages("/user/queue/messages")
        to_ack = clients[3].of("MESSAGE")[-1].headers["ack"]
        chat = Chat(session_id, clients, to_ack)

        async with OUTAGES[outage](own_postgres):
            asked, left = await chat.ask()
            path = f"/api/chat/{session_id}/seen"
            answers = await asyncio.gather(
                rest.post("/api/chat/message", chat.message("over HTTP")),
                rest.post("/api/chat/init", {"fromEmail": ANN, "toEmail": "new@example.org", "intent": INTENT}),
                bob.post(path, seen(session_id, BOB)),
            )
            for one in asked:
                await one.is_told()

        receipted = [one.receipt for one in asked if one.receipted]
        # the goodbye may come after a refusal, which decides what was sent before it
        assert set(receipted) <= {"bye"}
        assert "bye" not in receipted or left <= set(clients[4].refused())
        assert [(status, problem["code"]) for status, problem in answers] == [(503, "unavailable")] * 3
        # of a commit whose answer was lost, nothing was said
        history = await stored(service, session_id)
        assert len(asked[1].ids & ids(*history)) in (0, 3)
        for client in clients:
            await client.__aexit__(None, None, None)


async def test_a_send_with_a_receipt_survives_a_crash(service: ServiceProcess, own_postgres: EmbeddedPostgres) -> None:
    ann_token, bob_token = service.token(ANN), service.token(BOB)
    async with (
        Rest(service.url, ann_token) as rest,
        WebClient(service.ws_url, ann_token) as ann,
        WebClient(service.ws_url, bob_token) as bob,
    ):
        session_id = await rest.init(ANN, BOB)
        await bob.subscribe("/user/queue/messages", ack="client-individual")
        first = chat_message(session_id, ANN, "first")
        assert (await rest.post("/api/chat/message", first))[0] == 200
        await bob.messages("/user/queue/messages")
        message_id = bob.of("MESSAGE")[-1].headers["ack"]
        together = [chat_message(session_id, ANN, content) for content in "abc"]
        ann.say("BEGIN", transaction="t")
        for message in together:
            await ann.send(message, transaction="t")
        ann.say("COMMIT", transaction="t", receipt="committed")
        bob.say("ACK", id=message_id, receipt="acked")
        for client in (ann, bob):
            await client.flush()
            await client.got("RECEIPT", len(client.of("RECEIPT")) + 1)
        await bob.messages("/user/queue/messages", 4)
        for message_frame in bob.of("MESSAGE")[1:]:
            bob.say("ACK", id=message_frame.headers["ack"])
        bob.say("DISCONNECT", receipt="bye")
        await bob.flush()
        await bob.got("RECEIPT", len(bob.of("RECEIPT")) + 1)
        await asyncio.to_thread(own_postgres.stop, signal.SIGQUIT)
        await asyncio.to_thread(own_postgres.start)
        history = await stored(service, session_id)
    sent = [message["clientMessageId"] for message in (first, *together)]
    assert [message["clientMessageId"] for message in history] == sent
    assert all(message["delivered"] for message in history)
