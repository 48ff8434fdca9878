"""The text of a deleted message is nowhere any more: not in a table, not in a queue of RabbitMQ, not in a log."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aio_pika
import asyncpg
import pytest

from lab.rabbitmq import RabbitNode
from tests.support.clients.web_client import Rest, WebClient, chat_message
from tests.support.eventually import eventually_some
from tests.support.service.instances import two_instances
from tests.support.service.service_process import ServiceProcess

ANN, BOB = "ann@example.org", "bob@example.org"
SECRET, EDITED = "my first secret", "my second secret"
KEPT = "what is not deleted"


@pytest.fixture
async def services(tmp_path: Path, database_url: str, rabbitmq: RabbitNode) -> AsyncIterator[list[ServiceProcess]]:
    settings = {"CHAT_DATABASE_URL": database_url, "CHAT_BROKER_URL": rabbitmq.url, "CHAT_LOG_LEVEL": "debug"}
    async with two_instances(tmp_path, **settings) as services:
        yield services


async def test_it_is_in_no_table_in_no_queue_and_in_no_log(
    services: list[ServiceProcess], database_url: str, rabbitmq: RabbitNode
) -> None:
    here, there = services
    async with Rest(here.url, here.token(ANN)) as ann, WebClient(there.ws_url, there.token(BOB)) as bob:
        session_id = await ann.init(ANN, BOB)
        for queue in ("events", "messages"):
            await bob.subscribe(f"/user/queue/{queue}")
        await say(ann, session_id, KEPT)
        sent = await say(ann, session_id, SECRET)
        await say(ann, session_id, "a reply", replyTo=sent["seq"])
        place = f"/api/chat/{session_id}/messages/{sent['messageId']}"
        assert (await ann.call("PATCH", place, f'{{"content": "{EDITED}"}}'))[0] == 200
        assert (await ann.call("DELETE", f"{place}?for=everyone"))[0] == 204
        await eventually_some(lambda: deleted_at(bob))
        found = {text: await tables_with(database_url, text) for text in (SECRET, EDITED, KEPT)}
    assert found == {SECRET: [], EDITED: [], KEPT: ["chat_messages"]}
    waiting = await bodies(rabbitmq)
    assert SECRET.encode() not in waiting
    assert EDITED.encode() not in waiting
    logs = "".join(service.log() for service in services)
    assert SECRET not in logs
    assert EDITED not in logs


async def say(ann: Rest, session_id: str, content: str, **more: Any) -> dict[str, Any]:
    status, answer = await ann.post("/api/chat/message", chat_message(session_id, ANN, content, **more))
    assert status == 200, answer
    message: dict[str, Any] = answer
    return message


async def deleted_at(bob: WebClient) -> bool:
    return any(b'"deleted":true' in frame.body for frame in bob.of("MESSAGE"))


async def tables_with(database_url: str, text: str) -> list[str]:
    """The tables with a row that has this text in any column."""
    connection = await asyncpg.connect(database_url)
    try:
        names = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
        )
        return [
            name
            for (name,) in names
            if await connection.fetchval(f'SELECT count(*) FROM "{name}" AS r WHERE r::text LIKE $1', f"%{text}%")
        ]
    finally:
        await connection.close()


async def bodies(rabbitmq: RabbitNode) -> bytes:
    """All that waits in queues, of which nothing is taken."""
    found = b""
    connection = await aio_pika.connect(rabbitmq.url)
    async with connection, connection.channel() as channel:
        for name, count in rabbitmq.queues().items():
            if count:
                queue = await channel.get_queue(name, ensure=False)
                waiting = [await queue.get(fail=False) for _ in range(count)]
                found += b"".join(message.body for message in waiting if message is not None)
    return found
