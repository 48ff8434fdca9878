"""A database that can be read and not written: told once, with its cause, to operators, load balancers and clients."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from tests.support.clients.web_client import Rest, chat_message
from tests.support.eventually import eventually_some
from tests.support.service.service_process import ServiceProcess

ANN, BOB = "ann@example.org", "bob@example.org"

_FULL = """
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON chat_messages FOR EACH ROW EXECUTE FUNCTION full_disk();
"""
_ROOM_AGAIN = "DROP TRIGGER full_disk ON chat_messages"
_ANEW = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


async def full(url: str) -> None:
    await _execute(url, _FULL)


async def room_again(url: str) -> None:
    await _execute(url, _ROOM_AGAIN)


async def read_only(url: str) -> None:
    await _execute(url, f"ALTER DATABASE {make_url(url).database} SET default_transaction_read_only = on", _ANEW)


async def writable_again(url: str) -> None:
    await _execute(url, f"ALTER DATABASE {make_url(url).database} RESET default_transaction_read_only", _ANEW)


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url, server_settings={"default_transaction_read_only": "off"})
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


Change = Callable[[str], Awaitable[None]]


@pytest.mark.parametrize(
    ("spoil", "mend", "cause"),
    [(full, room_again, "its disk is full"), (read_only, writable_again, "it is read-only")],
)
async def test_a_read_only_database_is_logged_once_and_the_instance_is_not_ready(
    database_url: str, tmp_path: Path, spoil: Change, mend: Change, cause: str
) -> None:
    async with ServiceProcess(tmp_path, {"CHAT_DATABASE_URL": database_url, "CHAT_LOG_LEVEL": "warning"}) as service:
        async with Rest(service.url, service.token(ANN)) as rest:
            session_id = await rest.init(ANN, BOB)
            await spoil(database_url)

            async def is_refused() -> bool:
                status, problem = await rest.post("/api/chat/message", chat_message(session_id, ANN, "hello"))
                return (status, problem["detail"]) == (503, "the database takes no writes")

            for _ in range(5):
                await eventually_some(is_refused)
            status, answer = await rest.get("/actuator/health/readiness")
            assert status == 503
            assert cause in answer["cause"]
            status, answer = await rest.get("/actuator/health")
            assert status == 503
            assert cause in answer["components"]["database"]["cause"]
            assert (await rest.get(f"/api/chat/{session_id}/history"))[0] == 200

            await mend(database_url)

            async def is_ready() -> bool:
                return (await rest.get("/actuator/health/readiness"))[0] == 200

            await eventually_some(is_ready)
            assert (await rest.post("/api/chat/message", chat_message(session_id, ANN, "hello")))[0] == 200
        assert await service.stop() == 0
        assert service.log().count(cause) == 1
        assert service.log().count("the database: that is over") == 1
        assert "Traceback" not in service.log()


async def test_a_standby_is_noticed_without_any_traffic(database_url: str, tmp_path: Path) -> None:
    async with ServiceProcess(tmp_path, {"CHAT_DATABASE_URL": database_url}) as service:
        await read_only(database_url)
        async with Rest(service.url, service.token(ANN)) as rest:

            async def is_down() -> bool:
                return (await rest.get("/actuator/health/readiness"))[0] == 503

            await eventually_some(is_down)
        await writable_again(database_url)
        assert await service.stop() == 0


async def test_a_refused_password_is_reported_as_refused(database_url: str, tmp_path: Path) -> None:
    await _execute(
        database_url,
        "CREATE ROLE rotated LOGIN SUPERUSER PASSWORD 'one'",
    )
    url = make_url(database_url).set(username="rotated", password="one").render_as_string(hide_password=False)
    async with ServiceProcess(tmp_path, {"CHAT_DATABASE_URL": url, "CHAT_LOG_LEVEL": "warning"}) as service:
        try:
            await _execute(database_url, "ALTER ROLE rotated PASSWORD 'another'", _ANEW)
            async with Rest(service.url, service.token(ANN)) as rest:

                async def is_down() -> bool:
                    status, answer = await rest.get("/actuator/health/readiness")
                    return status == 503 and "it refuses our user or password" in answer["cause"]

                await eventually_some(is_down)
                status, _ = await rest.post("/api/chat/init", {"fromEmail": ANN, "toEmail": BOB, "intent": "friends"})
                assert status == 503
            assert await service.stop() == 0
            assert service.log().count("it refuses our user or password") == 1
            assert "Traceback" not in service.log()
        finally:
            await _execute(database_url, "DROP ROLE rotated")
