"""`chat-service migrate`, and what `serve` does with a schema of another version (contract, section 2)."""

import subprocess
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from lab.ports import free_port
from tests.support.postgres.databases import Databases
from tests.support.service.service_process import COMMAND, ServiceProcess, run_command

DEV = {"CHAT_PROFILE": "dev"}


def test_migrate_prints_the_sql_and_changes_nothing() -> None:
    printed = run_command("migrate", "--sql")
    assert printed.returncode == 0
    assert "CREATE TABLE chat_messages" in printed.stdout


def test_migrate_fails_when_the_disk_is_full() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [COMMAND, "migrate", "--sql"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    told = "chat-service: the SQL cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, told)


async def test_serve_refuses_to_start_before_the_migration(databases: Databases, tmp_path: Path) -> None:
    url = await databases.empty()
    settings = {"CHAT_DATABASE_URL": url, "CHAT_MIGRATE_ON_START": "no", "CHAT_LOG_LEVEL": "INFO"}
    refused = run_command("serve", **(DEV | settings | {"CHAT_PORT": str(free_port()), "CHAT_DATA_DIR": str(tmp_path)}))
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "chat-service migrate" in refused.stderr
    for _ in range(2):
        assert run_command("migrate", **settings).returncode == 0
    async with ServiceProcess(tmp_path, settings) as service:
        assert await service.stop() == 0
        await databases.drop(url)


@pytest.mark.parametrize(("command", "on_start"), [("migrate", "no"), ("serve", "no"), ("serve", "yes")])
async def test_a_schema_of_a_newer_version_is_refused(
    database_url: str, engine: AsyncEngine, tmp_path: Path, command: str, on_start: str
) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    settings = {"CHAT_DATABASE_URL": database_url, "CHAT_MIGRATE_ON_START": on_start, "CHAT_LOG_LEVEL": "info"}
    refused = run_command(command, **DEV, **settings, CHAT_PORT=str(free_port()), CHAT_DATA_DIR=str(tmp_path))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "chat-service: the database has a newer schema (9999) than this version works on\n"


def test_the_database_url_may_have_parameters_of_libpq(database_url: str) -> None:
    for parameters, code, told in (("sslmode=prefer&application_name=me", 0, ""), ("sslmode=require", 1, "SSL")):
        migrated = run_command("migrate", CHAT_DATABASE_URL=f"{database_url}?{parameters}")
        assert (migrated.returncode, told in migrated.stderr) == (code, True)
        assert migrated.stderr.count("\n") == code
