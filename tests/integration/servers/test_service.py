"""The service as a whole: its own process, real sockets, a real database; on both servers."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from adapters.jwt.signing import issue_user_token, load_private_key
from domain.identifiers import Email
from tests.support.clients.web_client import INTENT, Rest, WebClient, chat_message
from tests.support.eventually import eventually_some
from tests.support.service.service_process import ServiceProcess

ANN, BOB, EVE = "ann@example.org", "bob@example.org", "eve@example.org"


@pytest.fixture(params=["granian", "uvicorn"])
async def service(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> AsyncIterator[ServiceProcess]:
    settings = {"CHAT_DATABASE_URL": database_url, "CHAT_SERVER": request.param, "CHAT_HEARTBEAT": "1s"}
    service = ServiceProcess(tmp_path, settings)
    yield await service.start()
    await service.stop()
    assert "Traceback" not in service.log()


async def test_a_client_that_connects_in_binary_is_answered_in_binary(service: ServiceProcess) -> None:
    async with connect(service.ws_url, compression=None) as socket:
        token = service.token(ANN)
        await socket.send(f"CONNECT\naccept-version:1.2\npasscode:{token}\n\n\0".encode())
        connected = await asyncio.wait_for(socket.recv(), 30)
        assert isinstance(connected, bytes)
        assert connected.startswith(b"CONNECTED\n")
        await socket.send("DISCONNECT\nreceipt:bye\n\n\0")
        assert await asyncio.wait_for(socket.recv(), 30) == b"RECEIPT\nreceipt-id:bye\n\n\0"


async def test_two_people_chat(service: ServiceProcess) -> None:
    ann_token, bob_token = service.token(ANN), service.token(BOB)
    async with (
        Rest(service.url, ann_token) as rest,
        WebClient(service.ws_url, ann_token) as ann,
        WebClient(service.ws_url, bob_token) as bob,
    ):
        session_id = await rest.init(ANN, BOB)
        topic = f"/topic/session.{session_id}"
        await ann.subscribe("/user/queue/ack")
        await ann.subscribe("/user/queue/receipts")
        await bob.subscribe("/user/queue/messages")
        await bob.subscribe(topic)
        sent = chat_message(session_id, ANN, "grüß dich 👋")
        await ann.send(sent, receipt="r-1")
        (received,) = await bob.messages("/user/queue/messages")
        (acked,) = await ann.messages("/user/queue/ack")
        (on_topic,) = await bob.messages(topic)
        assert received == acked == on_topic
        assert (received["seq"], received["content"]) == (1, "grüß dich 👋")
        assert received["clientMessageId"] == sent["clientMessageId"]
        assert (await ann.got("RECEIPT", 3))[-1].headers["receipt-id"] == "r-1"

        bob.say(
            "SEND",
            f'{{"sessionId":"{session_id}","readerEmail":"{BOB}","intent":"{INTENT}","upToSeq":1}}',
            destination="/app/chat.seen",
        )
        await bob.flush()
        (receipt,) = await ann.messages("/user/queue/receipts")
        assert receipt["upToSeq"] == 1
        (stored,) = await rest.history(session_id)
        assert stored == received | {"delivered": True, "seen": True}


async def test_rest_alone_is_enough_to_chat(service: ServiceProcess) -> None:
    async with Rest(service.url, service.token(ANN)) as ann, Rest(service.url, service.token(BOB)) as bob:
        session_id = await ann.init(ANN, BOB)
        assert await bob.init(BOB, ANN) == session_id
        first = chat_message(session_id, ANN, "one")
        status, stored = await ann.post("/api/chat/message", first)
        assert (status, stored["seq"]) == (200, 1)
        answers = await asyncio.gather(*(ann.post("/api/chat/message", first) for _ in range(20)))
        assert {(status, answer["messageId"]) for status, answer in answers} == {(200, stored["messageId"])}
        conflict = await ann.post("/api/chat/message", first | {"content": "two"})
        assert (conflict[0], conflict[1]["code"]) == (409, "idempotency-conflict")
        query = {"readerEmail": BOB, "intent": INTENT}
        assert await bob.get(f"/api/chat/{session_id}/unread", **query) == (200, [stored])
        seen = {"readerEmail": BOB, "intent": INTENT, "upToSeq": 1}
        assert await bob.post(f"/api/chat/{session_id}/seen", seen) == (204, None)
        assert await bob.get(f"/api/chat/{session_id}/unread", **query) == (200, [])


async def test_in_dev_any_service_may_act_for_anybody(service: ServiceProcess) -> None:
    async with Rest(service.url, service.token("any@example.org", "--service", "reports")) as reports:
        session_id = await reports.init(ANN, BOB)
        assert (await reports.post("/api/chat/message", chat_message(session_id, ANN, "hi")))[0] == 200
        (listed,) = (await reports.get("/api/chat/sessions", email=BOB))[1]["sessions"]
        assert (listed["sessionId"], listed["unreadCount"]) == (session_id, 1)


async def test_in_dev_a_token_of_any_issuer_is_a_user_token(service: ServiceProcess, tmp_path: Path) -> None:
    key, now = load_private_key(tmp_path / "keys" / "private.pem"), datetime.now(UTC)
    token = issue_user_token(key, Email(ANN), timedelta(hours=1), now, issuer="bar", audience="chat-service")
    async with Rest(service.url, token) as ann:
        await ann.init(ANN, BOB)
        assert (await ann.get("/api/chat/sessions", email=BOB))[0] == 403


async def test_sessions_are_listed_a_page_at_a_time(service: ServiceProcess) -> None:
    async with Rest(service.url, service.token(ANN)) as ann, Rest(service.url, service.token(BOB)) as bob:
        opened = [await ann.init(ANN, other) for other in (EVE, BOB)]
        _, stored = await bob.post("/api/chat/message", chat_message(opened[1], BOB, "hi"))
        status, first = await ann.get("/api/chat/sessions", email=ANN, limit=1)
        assert status == 200
        (listed,) = first["sessions"]
        assert listed["peer"].pop("profileId") == stored["senderId"]
        created_at = listed.pop("createdAt")
        assert created_at.endswith("Z")
        assert listed == {
            "sessionId": opened[1],
            "intent": INTENT,
            "peer": {"email": BOB, "displayName": "Bob"},
            "lastMessage": stored,
            "unreadCount": 1,
            "lastSeq": 1,
            "deliveredTo": 0,
            "seenTo": 0,
            "firstSeq": 1,
            **dict.fromkeys(("muted", "archived", "pinned", "closed"), False),
        }
        status, rest = await ann.get("/api/chat/sessions", email=ANN, intent=INTENT, cursor=first["nextCursor"])
        assert [one["sessionId"] for one in rest["sessions"]] == opened[:1]
        assert (rest["nextCursor"], rest["sessions"][0]["lastMessage"]) == (None, None)
        assert await ann.get("/api/chat/sessions", email=EVE, intent="work") == (
            403,
            (await bob.get("/api/chat/sessions", email=EVE))[1],
        )
        status, refused = await ann.get("/api/chat/sessions", email=ANN, cursor="else")
        assert (status, refused["code"], refused["field"]) == (422, "invalid", "cursor")


async def test_beats_keep_an_idle_connection_and_silence_ends_it(service: ServiceProcess) -> None:
    async with WebClient(service.ws_url, service.token(ANN), heart_beat="1000,1000") as ann:
        assert (await ann.got("CONNECTED"))[0].headers["heart-beat"] == "1000,1000"
        assert await ann.closed() == (1008, "heart-beat missed")


async def test_a_stop_tells_clients_to_go_away_and_exits_0(service: ServiceProcess) -> None:
    async with WebClient(service.ws_url, service.token(ANN)) as ann:
        service.signal(signal.SIGTERM)
        assert (await ann.closed())[0] == 1001
    assert await service.ended() == 0


async def test_a_stop_finishes_accepted_sends(service: ServiceProcess) -> None:
    token = service.token(ANN)
    async with Rest(service.url, token) as rest:
        session_id = await rest.init(ANN, BOB)
    async with WebClient(service.ws_url, token) as ann:
        for number in range(200):
            ann.say(
                "SEND",
                f'{{"sessionId":"{session_id}","senderEmail":"{ANN}","intent":"{INTENT}","content":"{number}",'
                f'"clientMessageId":"{uuid4()}"}}',
                destination="/app/chat.send",
                receipt=str(number),
            )
        await ann.flush()
        await ann.got("RECEIPT")
        service.signal(signal.SIGTERM)
        await ann.closed()
        receipts = [int(frame.headers["receipt-id"]) for frame in ann.of("RECEIPT")]
    assert await service.ended() == 0
    await service.start()
    async with Rest(service.url, token) as rest:
        stored = [int(message["content"]) for message in await rest.history(session_id)]
    assert stored[: len(receipts)] == receipts
    assert stored == list(range(len(stored)))


async def test_a_stop_ends_in_time_while_a_client_reads_nothing(service: ServiceProcess) -> None:
    await service.stop()
    service.settings["CHAT_SHUTDOWN_SECONDS"] = "5s"
    await service.start()
    ann = service.token(ANN)
    async with Rest(service.url, ann) as rest, WebClient(service.ws_url, service.token(BOB)) as bob:
        session_id = await rest.init(ANN, BOB)
        for number in range(10):
            await bob.subscribe(f"/topic/session.{session_id}", id=str(number))
        bob.socket.transport.pause_reading()
        for _ in range(67):  # 2.7 MB, of which the sockets take most
            assert (await rest.post("/api/chat/message", chat_message(session_id, ANN, "x" * 4_000)))[0] == 200
        service.signal(signal.SIGTERM)
        assert await service.ended(within=6) == 0


@pytest.mark.parametrize("how", ["upgrade", "none", "forged"])
async def test_the_token_may_come_with_the_upgrade_and_has_to_come_somehow(service: ServiceProcess, how: str) -> None:
    token = {"upgrade": service.token(ANN), "none": "", "forged": "a.b.c"}[how]
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with connect(service.ws_url, additional_headers=headers, compression=None) as socket:
        await socket.send("CONNECT\naccept-version:1.2\n\n\0")
        answer = str(await socket.recv())
    assert answer.startswith("CONNECTED" if how == "upgrade" else "ERROR\nmessage:unauthenticated")


async def test_huge_and_half_frames_get_an_error_and_disturb_no_other_client(service: ServiceProcess) -> None:
    token = service.token(ANN)
    async with WebClient(service.ws_url, token) as other:
        for size in (65 * 1024, 15 * 1024 * 1024):
            async with WebClient(service.ws_url, token) as ann:
                await ann.socket.send("SEND\ndestination:/app/chat.send\n\n" + "x" * size + "\0")
                assert (await ann.got("ERROR"))[0].headers["message"] == "too-large"
                await ann.closed()
        async with WebClient(service.ws_url, token) as ann:
            with contextlib.suppress(ConnectionClosed):  # so much the server itself cuts off, while it is still coming
                await ann.socket.send("SEND\ndestination:/app/chat.send\n\n" + "x" * 17 * 1024 * 1024 + "\0")
            await ann.closed()
        async with WebClient(service.ws_url, token) as ann:
            await ann.socket.send("SEND\ndestination:/app/chat.send\n\nhalf a fra")
        await other.subscribe("/user/queue/messages")


async def test_metrics_count_sends_and_refusals(service: ServiceProcess) -> None:
    token = service.token(ANN)
    async with Rest(service.url, token) as rest, WebClient(service.ws_url, token) as ann:
        session_id = await rest.init(ANN, BOB)
        await ann.subscribe("/user/queue/ack")
        await ann.send(chat_message(session_id, ANN, "counted"))
        await ann.messages("/user/queue/ack")

        async def metrics() -> set[str]:
            async with aiohttp.ClientSession() as http, http.get(f"{service.url}/metrics") as answer:
                return set((await answer.text()).splitlines())

        assert {'chat_messages_total{route="stomp"} 1.0', "chat_connections 1.0"} <= await metrics()
        processed = {"chat_outbox_processed_total 3.0", "chat_outbox_pending 0.0"}

        async def all_processed() -> bool:
            return processed <= await metrics()

        await eventually_some(all_processed)


async def test_in_memory_the_whole_service_runs_and_nothing_is_left(tmp_path: Path) -> None:
    async with ServiceProcess(tmp_path, {"CHAT_DATABASE_URL": "memory:", "CHAT_PROFILE": "test"}) as service:
        service.settings["CHAT_PROFILE"] = "dev"  # for the token
        async with Rest(service.url, service.token(ANN)) as ann, WebClient(service.ws_url, service.token(BOB)) as bob:
            session_id = await ann.init(ANN, BOB)
            await bob.subscribe("/user/queue/messages")
            status, stored = await ann.post("/api/chat/message", chat_message(session_id, ANN, "hello"))
            assert status == 200
            assert await bob.messages("/user/queue/messages") == [stored]
            assert await ann.history(session_id) in ([stored], [stored | {"delivered": True}])
            assert (await ann.get("/actuator/health"))[0] == 200
        assert await service.stop() == 0
        assert "Traceback" not in service.log()
        assert set(os.listdir(tmp_path)) == {"keys", f"service-{service.port}.log"}
