"""Nobody but the attacker notices what an attacker makes FlairBit answer, on a whole service with a real RabbitMQ."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import aio_pika
import msgspec
import pytest

from adapters.rabbitmq.sends.moved_sends import REASON_HEADER
from adapters.rabbitmq.topology import DEAD_QUEUE
from lab.rabbitmq import RabbitNode
from tests.support.clients.web_client import INTENT, Rest, WebClient, chat_message
from tests.support.eventually import eventually_some
from tests.support.identity.fake_flairbit import fake_flairbit
from tests.support.network.http_server import HttpServer, answers, http_server
from tests.support.service.service_process import ServiceProcess

ANN, BOB, MEAN = "ann@example.org", "bob@example.org", "mean@example.org"
STRANGER = "stranger@example.org"  # whom nobody has asked FlairBit about
Message = dict[str, Any]


@pytest.fixture
async def flairbit() -> AsyncIterator[HttpServer]:
    async with http_server() as server:
        server.will(fake_flairbit)
        yield server


@pytest.fixture
async def service(
    flairbit: HttpServer, database_url: str, fresh_rabbitmq: RabbitNode, tmp_path: Path
) -> AsyncIterator[ServiceProcess]:
    service = ServiceProcess(
        tmp_path,
        {
            "CHAT_DATABASE_URL": database_url,
            "CHAT_BROKER_URL": fresh_rabbitmq.url,
            "CHAT_FLAIRBIT_BASE_URL": flairbit.url,
            "CHAT_CIRCUIT_OPEN": "1s",
            "CHAT_HELD_SEND_MAX_AGE": "4s",
        },
    )
    yield await service.start()
    await service.stop()
    assert "Traceback" not in service.log()


async def circuit(service: ServiceProcess) -> str:
    async with Rest(service.url, "") as rest, rest._http.get(f"{service.url}/metrics") as answer:
        state = re.search(r"^chat_circuit_state (.*)$", await answer.text(), re.MULTILINE)
    assert state is not None
    return {"0.0": "closed", "1.0": "half-open", "2.0": "open"}[state[1]]


async def put_into_queue(node: RabbitNode, messages: Sequence[Message]) -> None:
    connection = await aio_pika.connect(node.url)
    async with connection, connection.channel() as channel:
        exchange = await channel.get_exchange("amq.topic")
        for message in messages:
            await exchange.publish(aio_pika.Message(msgspec.json.encode(message)), "app/chat.send")


async def reasons_of_the_dead(node: RabbitNode, count: int, within: float = 30) -> dict[str, int]:
    """How many of the dead have which reason, once there are `count` of them, which are taken away."""

    async def are_there() -> bool:
        return (await asyncio.to_thread(node.queues))[DEAD_QUEUE] == count

    await eventually_some(are_there, within)
    connection = await aio_pika.connect(node.url)
    reasons: Counter[str] = Counter()
    async with connection, connection.channel() as channel:
        queue = await channel.get_queue(DEAD_QUEUE)
        while (letter := await queue.get(fail=False, no_ack=True)) is not None:
            reasons[str(letter.headers[REASON_HEADER])] += 1
    return reasons


async def all_are_stored(rest: Rest, session_id: str, messages: Sequence[Message], within: float = 30) -> None:
    async def is_there() -> bool:
        _, newest = await rest.get(f"/api/chat/{session_id}/history", limit=1)
        return bool(newest) and newest[0]["seq"] >= len(messages)

    await eventually_some(is_there, within)
    stored = [message["clientMessageId"] for message in await rest.history(session_id)]
    assert stored == [message["clientMessageId"] for message in messages]


@pytest.mark.timeout(120)
async def test_sends_with_an_intent_that_flairbit_refuses_delay_no_other_sends(
    service: ServiceProcess, fresh_rabbitmq: RabbitNode
) -> None:
    mean_token = service.token(MEAN)
    async with Rest(service.url, service.token(ANN)) as ann, Rest(service.url, mean_token) as mean:
        good, bad = await ann.init(ANN, BOB), await mean.init(MEAN, BOB)
        async with WebClient(service.ws_url, mean_token) as client:
            await client.subscribe("/user/queue/error")
            before = len(client.of("RECEIPT"))
            for number in range(250):
                await client.send(chat_message(bad, MEAN, "x", intent="http-400"), receipt=str(number))
            problems = await client.messages("/user/queue/error", 250)
            assert Counter(problem["code"] for problem in problems) == {"not-a-participant": 250}
            assert len(client.of("RECEIPT")) == before
            # FlairBit is asked who a stranger is; a wrong intent needs no question
            refused = [chat_message(bad, f"http-{status}.1@example.org", "x") for status in (400, 403, 422) * 84]
            messages = [chat_message(good, ANN, str(number)) for number in range(500)]
            await put_into_queue(fresh_rabbitmq, [*refused, *messages])
            await all_are_stored(ann, good, messages)
            assert await reasons_of_the_dead(fresh_rabbitmq, 252) == {"profile-not-found": 252}
        assert await circuit(service) == "closed"
        await service.stop()
        await service.start()
        assert await circuit(service) == "closed"
        more = [chat_message(good, ANN, "more") for _ in range(10)]
        await put_into_queue(fresh_rabbitmq, more)
        await all_are_stored(ann, good, [*messages, *more])


@pytest.mark.parametrize("kind", ["http-400", "http-401", "http-403", "http-422", "another", "html", "garbage"])
async def test_addresses_that_flairbit_answers_badly_open_no_circuit(service: ServiceProcess, kind: str) -> None:
    async with Rest(service.url, service.token(MEAN)) as mean, Rest(service.url, service.token(ANN)) as ann:
        for number in range(20):
            body = {"fromEmail": MEAN, "toEmail": f"{kind}.{number}@example.org", "intent": INTENT}
            status, problem = await mean.post("/api/chat/init", body)
            expected = "profile-not-found" if kind in ("http-400", "http-403", "http-422") else "unavailable"
            assert (status, problem["code"]) == (404 if expected == "profile-not-found" else 503, expected)
        assert await circuit(service) == "closed"
        assert await ann.init(ANN, BOB)
    told = [line for line in service.log().splitlines() if "FlairBit" in line and "adapters.flairbit" in line]
    assert len(told) == 1, told


@pytest.mark.timeout(120)
async def test_sends_that_wait_for_flairbit_leave_room_and_come_to_an_end(
    service: ServiceProcess, flairbit: HttpServer, fresh_rabbitmq: RabbitNode
) -> None:
    async with Rest(service.url, service.token(ANN)) as ann, Rest(service.url, service.token(MEAN)) as mean:
        good = await ann.init(ANN, BOB)
        waiting = [await mean.init(MEAN, f"friend.{number}@example.org") for number in range(2)]
        flairbit.will(answers(500))
        undecided = [chat_message(waiting[n % 2], STRANGER, "x") for n in range(250)]
        messages = [chat_message(good, ANN, str(number)) for number in range(500)]
        async with WebClient(service.ws_url, service.token(STRANGER)) as client:
            await client.subscribe("/user/queue/error")
            await put_into_queue(fresh_rabbitmq, [*undecided, *messages])
            await all_are_stored(ann, good, messages)
            assert await reasons_of_the_dead(fresh_rabbitmq, 250, within=60) == {"held-too-long": 250}
            problems = await client.messages("/user/queue/error", 250)
            assert Counter(problem["code"] for problem in problems) == {"held-too-long": 250}
        flairbit.will(fake_flairbit)
        late = [chat_message(waiting[0], MEAN, str(number)) for number in range(10)]
        await put_into_queue(fresh_rabbitmq, late)
        await all_are_stored(mean, waiting[0], late)
