"""What is killed and stopped in mid-load: nothing acked is lost, and the service heals without help."""

import asyncio
import signal
from pathlib import Path
from uuid import uuid4

from adapters.postgres.schema.migrations import upgrade
from entrypoints.development.embedded_postgres import EmbeddedPostgres
from lab.rabbitmq import RabbitNode
from tests.support.clients.web_client import Rest, WebClient, chat_message
from tests.support.eventually import eventually, eventually_some
from tests.support.service.service_process import ServiceProcess, run_command

ANN, BOB = "ann@example.org", "bob@example.org"


class Sender:
    """Sends a numbered message every few milliseconds until it is told to stop or its connection ends."""

    def __init__(self, client: WebClient, session_id: str) -> None:
        self._client = client
        self._session_id = session_id
        self._stopping = asyncio.Event()
        self.sent: dict[str, str] = {}

    async def run(self) -> None:
        while not self._stopping.is_set() and self._client.socket.close_code is None:
            message = chat_message(self._session_id, ANN, f"message {len(self.sent)}")
            self.sent[message["clientMessageId"]] = message["content"]
            await self._client.send(message, receipt=message["clientMessageId"])
            await asyncio.sleep(0.002)

    def stop(self) -> None:
        self._stopping.set()

    def receipts(self) -> set[str]:
        return {frame.headers["receipt-id"] for frame in self._client.of("RECEIPT")} & set(self.sent)


async def nothing_is_owed(service: ServiceProcess) -> None:
    async def owes_nothing() -> bool:
        status = await asyncio.to_thread(run_command, "outbox", "status", **service.settings)
        return status.stdout.startswith("pending 0\ndead 0\n")

    await eventually_some(owes_nothing, 30)


async def test_a_killed_service_has_lost_nothing_that_it_acked(service: ServiceProcess) -> None:
    ann_token, bob_token = service.token(ANN), service.token(BOB)
    async with Rest(service.url, ann_token) as rest:
        session_id = await rest.init(ANN, BOB)
    topic = f"/topic/session.{session_id}"
    async with WebClient(service.ws_url, ann_token) as ann, WebClient(service.ws_url, bob_token) as bob:
        await ann.subscribe("/user/queue/ack")
        await bob.subscribe(topic)
        sender = Sender(ann, session_id)
        sending = asyncio.create_task(sender.run())
        await bob.messages(topic, 200)
        await eventually(lambda: len(sender.receipts()) >= 200)
        await service.kill()
        await sending
        acked = {message["clientMessageId"] for message in await ann.messages("/user/queue/ack", 1)}
        acked |= sender.receipts()
        seen = [message["seq"] for message in await bob.messages(topic, 1)]
    assert len(acked) >= 200
    await service.start()
    async with Rest(service.url, ann_token) as rest, WebClient(service.ws_url, bob_token) as bob:
        history = await rest.history(session_id)
        stored = [message["clientMessageId"] for message in history]
        assert acked <= set(stored)
        assert len(stored) == len(set(stored))
        assert [message["seq"] for message in history] == list(range(1, len(history) + 1))
        assert seen == list(range(1, len(seen) + 1))
        await bob.subscribe(topic, resume_after=str(seen[-1]))
        resumed = await bob.messages(topic, len(history) - len(seen)) if len(history) > len(seen) else []
        assert seen + [message["seq"] for message in resumed] == list(range(1, len(history) + 1))
    await nothing_is_owed(service)


async def test_a_stopped_database_is_reported_and_the_service_recovers(
    service: ServiceProcess, own_postgres: EmbeddedPostgres
) -> None:
    ann_token, bob_token = service.token(ANN), service.token(BOB)
    async with (
        Rest(service.url, ann_token) as rest,
        WebClient(service.ws_url, ann_token) as ann,
        WebClient(service.ws_url, bob_token) as bob,
    ):
        session_id = await rest.init(ANN, BOB)
        await ann.subscribe("/user/queue/ack")
        await ann.subscribe("/user/queue/error")
        await bob.subscribe("/user/queue/messages")
        sender = Sender(ann, session_id)
        sending = asyncio.create_task(sender.run())
        await bob.messages("/user/queue/messages", 100)

        await asyncio.to_thread(own_postgres.stop, signal.SIGQUIT)  # as a crash
        refused = await ann.messages("/user/queue/error")
        assert {problem["code"] for problem in refused} == {"unavailable"}
        status, problem = await rest.get(f"/api/chat/{session_id}/history")
        assert (status, problem["code"]) == (503, "unavailable")
        assert (await rest.get("/actuator/health"))[1]["components"]["database"]["status"] == "DOWN"
        assert (await rest.get("/actuator/health/liveness"))[0] == 200

        await asyncio.to_thread(own_postgres.start)

        async def is_up() -> bool:
            return (await rest.get("/actuator/health"))[0] == 200

        await eventually_some(is_up)
        before = len(sender.receipts())
        await eventually(lambda: len(sender.receipts()) > before + 50)
        sender.stop()
        await sending
        # each was durable or refused; some that were refused may be stored all the same: their commit had no answer
        await eventually(lambda: sender.receipts() | set(ann.refused()) == set(sender.sent))
        history = await rest.history(session_id)
        stored = [message["clientMessageId"] for message in history]
        assert sender.receipts() <= set(stored)
        assert len(stored) == len(set(stored))
        await bob.messages("/user/queue/messages", len(sender.receipts()))
    await nothing_is_owed(service)


async def test_with_a_broker_sends_are_held_while_the_database_is_away(
    own_postgres: EmbeddedPostgres, fresh_rabbitmq: RabbitNode, tmp_path: Path
) -> None:
    await upgrade(own_postgres.url)
    settings = {"CHAT_DATABASE_URL": own_postgres.url, "CHAT_BROKER_URL": fresh_rabbitmq.url}
    async with ServiceProcess(tmp_path, settings | {"CHAT_LOG_LEVEL": "warning"}) as service:
        token = service.token(ANN)
        async with Rest(service.url, token) as rest, WebClient(service.ws_url, token) as ann:
            session_id = await rest.init(ANN, BOB)
            await ann.subscribe("/user/queue/ack")
            await ann.subscribe("/user/queue/error")
            await ann.send(chat_message(session_id, ANN, "before"), receipt="before")
            (before,) = await ann.messages("/user/queue/ack")

            await asyncio.to_thread(own_postgres.stop, signal.SIGQUIT)
            ids = [str(uuid4()) for _ in range(20)]
            for number, client_id in enumerate(ids):
                await ann.send(
                    chat_message(session_id, ANN, f"held {number}", clientMessageId=client_id), receipt=client_id
                )
            receipts = [frame.headers["receipt-id"] for frame in await ann.got("RECEIPT", 3 + len(ids), within=30)]
            assert set(ids) <= set(receipts)
            status, _ = await rest.post("/api/chat/message", chat_message(session_id, ANN, "over HTTP"))
            assert status == 503
            assert len(await ann.messages("/user/queue/ack")) == 1

            together = [chat_message(session_id, ANN, content) for content in "ab"]
            ann.say("BEGIN", transaction="t")
            for message in together:
                await ann.send(message, transaction="t")
            ann.say("COMMIT", transaction="t", receipt="never: a transaction is not held")
            await ann.flush()
            await asyncio.to_thread(fresh_rabbitmq.kill)
            lost = chat_message(session_id, ANN, "both are away")
            await ann.send(lost, receipt="never: nobody has it")
            refused = {message["clientMessageId"] for message in (*together, lost)}
            await eventually(lambda: refused <= set(ann.refused()), 30)
            assert not [frame for frame in ann.of("RECEIPT") if frame.headers["receipt-id"].startswith("never")]
            await asyncio.to_thread(fresh_rabbitmq.start)

            await asyncio.to_thread(own_postgres.start)
            # the ack before the outage may come again, when its mark is lost
            expected = {before["clientMessageId"], *ids}
            await eventually(lambda: ann.acked() >= expected, 60)
            assert ann.acked() == expected
            stored = [message["clientMessageId"] for message in await rest.history(session_id)]
            assert sorted(stored[1:]) == sorted(ids)
            assert not ann.of("ERROR")
        assert await service.stop() == 0
        assert "Traceback" not in service.log()
