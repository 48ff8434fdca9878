"""`/metrics` is valid text of Prometheus, and has what an operator watches."""

from pathlib import Path

import aiohttp
import asyncpg
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.support.clients.web_client import Rest, WebClient, chat_message
from tests.support.eventually import eventually_some
from tests.support.service.service_process import ServiceProcess

ANN, BOB = "ann@example.org", "bob@example.org"

_DEAD_ROW = """
    INSERT INTO chat_message_outbox (destination, payload, next_retry_at, dead_at, retry_count)
    VALUES ('/topic/nowhere', '{}', 'infinity', now(), 10)
"""
_FAILING_ROW = "INSERT INTO chat_message_outbox (destination, payload, next_retry_at) VALUES ('nowhere', '{}', now())"


async def scrape(service: ServiceProcess) -> dict[str, Metric]:
    async with aiohttp.ClientSession() as http, http.get(f"{service.url}/metrics") as answer:
        assert answer.status == 200
        return {family.name: family for family in text_string_to_metric_families(await answer.text())}


def value(families: dict[str, Metric], family: str, **labels: str) -> float | None:
    samples = families[family].samples if family in families else []
    return next((sample.value for sample in samples if labels.items() <= sample.labels.items()), None)


async def test_the_metrics_show_what_an_operator_watches(database_url: str, tmp_path: Path) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(_DEAD_ROW)
    await connection.close()
    async with ServiceProcess(tmp_path, {"CHAT_DATABASE_URL": database_url}) as service:
        token = service.token(ANN)
        async with Rest(service.url, token) as rest, WebClient(service.ws_url, token) as ann:
            session_id = await rest.init(ANN, BOB)
            assert (await rest.get(f"/api/chat/{session_id}/history"))[0] == 200
            assert (await rest.get("/api/chat/none/history"))[0] in (404, 422)
            assert (await rest.get("/api/nothing"))[0] == 404
            await ann.subscribe("/user/queue/error")
            await ann.send(chat_message(session_id, BOB, "not mine"))
            await ann.messages("/user/queue/error")
            families = await scrape(service)
        history = {"route": "/api/chat/{sessionId}/history", "method": "GET", "status": "200"}
        assert value(families, "chat_http_requests", **history) == 1
        assert value(families, "chat_http_request_seconds", route=history["route"], le="+Inf") == 2
        assert value(families, "chat_http_requests", route="other", status="404") == 1
        assert value(families, "chat_refusals", route="stomp", code="not-yourself") == 1
        assert value(families, "chat_refusals", route="http", code="not-found") == 1
        assert value(families, "chat_outbox_dead_rows") == 1
        assert value(families, "chat_database_table_bytes", table="chat_message_outbox") != 0
        assert value(families, "chat_database_table_dead_rows", table="chat_message_outbox") is not None
        assert value(families, "chat_database_index_bytes", index="chat_messages_seq") != 0
        assert value(families, "chat_database_oldest_transaction_seconds") is not None
        assert value(families, "chat_pending_sends") == 0
        assert value(families, "chat_broker_up") == 1
        assert value(families, "chat_database_up") == 1
        assert value(families, "chat_database_pool_size", database="primary") == 10
        assert value(families, "chat_database_pool_in_use", database="primary") is not None
        assert value(families, "chat_build_info", server="uvicorn") == 1
        assert value(families, "chat_event_loop_lag_seconds") is not None
        assert value(families, "chat_loop_lag_seconds", le="+Inf") is not None
        assert value(families, "chat_batch_seconds", le="+Inf") is not None
        assert await service.stop() == 0


async def test_a_failed_try_of_an_outbox_row_is_logged_once(database_url: str, tmp_path: Path) -> None:
    async with ServiceProcess(tmp_path, {"CHAT_DATABASE_URL": database_url, "CHAT_OUTBOX_POLL": "50ms"}) as service:
        connection = await asyncpg.connect(database_url)
        await connection.execute(_FAILING_ROW)

        async def has_failed() -> bool:
            return bool(await connection.fetchval("SELECT retry_count FROM chat_message_outbox"))

        await eventually_some(has_failed)
        tries = await connection.fetchval("SELECT retry_count FROM chat_message_outbox")
        await connection.close()
        assert await service.stop() == 0
        assert service.log().count("try 1 failed") == 1
        assert service.log().count(" failed, the next is in ") >= tries
