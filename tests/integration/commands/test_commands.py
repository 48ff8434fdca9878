"""The command line, as its users call it (contract, section 2)."""

import asyncio
import json
import shutil
import signal
import socket
import stat
import subprocess
from pathlib import Path
from uuid import uuid4

import jwt
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from entrypoints.checkout import PROJECT
from lab.ports import free_port
from tests.support.clients.web_client import Rest
from tests.support.eventually import eventually, eventually_some
from tests.support.postgres.databases import Databases
from tests.support.service.service_process import COMMAND, ServiceProcess, environment, run_command

DEV = {"CHAT_PROFILE": "dev"}
REFUSED = "CHAT_DATABASE_URL: 127.0.0.1:1 cannot be reached: connection refused"
_DEAD = text("""
    INSERT INTO chat_message_outbox (destination, payload, next_retry_at, dead_at, retry_count, last_error)
    VALUES ('/topic/nowhere', CAST(:payload AS jsonb), 'infinity', clock_timestamp(), 10, 'nobody there') RETURNING id
""")
MEMORY = DEV | {"CHAT_DATABASE_URL": "memory:"}


def test_a_token_is_all_that_is_printed_and_the_key_is_made_once(tmp_path: Path) -> None:
    settings = DEV | {"CHAT_DATA_DIR": str(tmp_path)}
    made = [run_command("token", "Ann@Example.org", *more, **settings) for more in ([], ["--ttl", "5m"])]
    assert [(one.returncode, one.stderr, one.stdout.count(".")) for one in made] == [(0, "", 2)] * 2
    assert stat.S_IMODE((tmp_path / "keys" / "private.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("options", "lifetime"),
    [
        ([], 3600),
        (["--ttl", "1s"], 1),
        (["--service", "reports"], 120),
        (["--service", "reports", "--ttl", "2m"], 120),
        (["--service", "reports", "--ttl", "30s"], 30),
    ],
)
def test_a_token_lasts_as_long_as_was_said(tmp_path: Path, options: list[str], lifetime: int) -> None:
    made = run_command("token", "ann@example.org", *options, **DEV, CHAT_DATA_DIR=str(tmp_path))
    claims = jwt.decode(made.stdout.strip(), options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == lifetime


@pytest.mark.parametrize(
    ("arguments", "settings", "code", "told"),
    [
        (["token", "ann@example.org"], {}, 1, "CHAT_PROFILE"),
        (["token", "ann@example.org"], {"CHAT_PROFILE": "prod"}, 1, "CHAT_PROFILE"),
        (["token", "nobody"], DEV, 2, "e-mail"),
        (["token", "ann@example.org", "--ttl", "soon"], DEV, 2, "duration"),
        (["token", "ann@example.org", "--ttl", "999999999999d"], DEV, 2, "3650d"),
        (["token", "ann@example.org", "--ttl", "0"], DEV, 2, "--ttl"),
        (["token", "ann@example.org", "--ttl", "500ms"], DEV, 2, "--ttl"),
        (["token", "ann@example.org", "--service", ""], DEV, 2, "--service"),
        (["token", "ann@example.org", "--service", " "], DEV, 2, "--service"),
        (["token", "ann@example.org", "--service", "bob@example.org"], DEV, 2, "--service"),
        (["token", "ann@example.org", "--service", "chat-service"], DEV, 2, "--service"),
        (["token", "ann@example.org", "--service", "reports", "--ttl", "1h"], DEV, 2, "--ttl"),
        (["token"], DEV, 2, "EMAIL"),
        (["fly"], {}, 2, "one of serve, dev, migrate, token, keys, outbox"),
        (["serve"], {}, 2, "CHAT_DATABASE_URL"),
        (["serve"], {"CHAT_PORT": "http"}, 2, "CHAT_PORT"),
        (["serve", "--server", "apache"], {}, 2, "'granian', 'uvicorn'"),
        (["serve"], {"CHAT_SERVER": "apache"}, 2, "CHAT_SERVER: one of granian, uvicorn is expected"),
        (["serve"], {"CHAT_PROFILE": "staging"}, 2, "CHAT_PROFILE: one of dev, test, prod is expected"),
        (["serve"], {"CHAT_DATABSE_URL": "x"}, 2, "CHAT_DATABASE_URL was probably meant"),
        (["serve"], {"CHAT_OUTBOX_RETENTION": "99999999999d"}, 2, "CHAT_OUTBOX_RETENTION"),
        (["serve"], MEMORY | {"CHAT_FLAIRBIT_BASE_URL": "http://"}, 2, "CHAT_FLAIRBIT_BASE_URL"),
        (["serve"], MEMORY | {"CHAT_BROKER_URL": ","}, 2, "CHAT_BROKER_URL"),
        (["serve"], MEMORY | {"CHAT_HOST": "nowhere.invalid"}, 1, "nowhere.invalid"),
        (["serve"], MEMORY | {"CHAT_HOST": "nowhere..invalid"}, 1, "nowhere..invalid"),
        (["migrate"], MEMORY, 1, "nothing to migrate"),
        (["migrate"], {"CHAT_DATABASE_URL": "memory:"}, 1, "nothing to migrate"),
        (["outbox", "status"], MEMORY, 1, "no outbox"),
        (["outbox", "dead"], {"CHAT_DATABASE_URL": "memory:"}, 1, "no outbox"),
        (["migrate"], {}, 2, "CHAT_DATABASE_URL"),
        (["migrate"], {"CHAT_DATABASE_URL": "postgresql://chat:hidden@127.0.0.1:1/chat"}, 1, REFUSED),
        (["serve"], DEV | {"CHAT_DATABASE_URL": "postgresql://chat:hidden@127.0.0.1:1/chat"}, 1, REFUSED),
        (["migrate"], {"CHAT_DATABASE_URL": "postgresql://chat@127.0.0.1:first/chat"}, 2, "CHAT_DATABASE_URL"),
        (["migrate"], {"CHAT_DATABASE_URL": "postgresql://chat@127.0.0.1:70000/chat"}, 2, "CHAT_DATABASE_URL"),
        (["migrate"], {"CHAT_DATABASE_URL": "postgresql://chat@[::1/chat"}, 2, "CHAT_DATABASE_URL"),
        (["migrate"], {"CHAT_DATABASE_URL": "postgresql://chat@127.0.0.1:1/chat?sslmode=maybe"}, 1, "sslmode"),
        (["serve"], {"CHAT_BROKER_URL": "amqp://one:5672,amqp://two:amqp"}, 2, "CHAT_BROKER_URL"),
        (["outbox", "status"], {"CHAT_DATABASE_URL": "postgresql://chat:hidden@127.0.0.1:1/chat"}, 1, REFUSED),
        (["outbox", "status"], {}, 2, "CHAT_PROFILE=dev"),
        (["outbox", "drop"], {}, 2, "IDS"),
        (["outbox", "drop", "one", "--yes"], {}, 2, "one"),
        (["outbox", "requeue"], {}, 2, "--all"),
        (["outbox", "requeue", "one"], {}, 2, "one"),
    ],
)
def test_a_users_mistake_is_told_in_one_line(
    tmp_path: Path, arguments: list[str], settings: dict[str, str], code: int, told: str
) -> None:
    failed = run_command(*arguments, **({"CHAT_DATA_DIR": str(tmp_path)} | settings))
    assert (failed.returncode, failed.stdout) == (code, "")
    assert failed.stderr.count("\n") == 1
    assert told in failed.stderr
    assert "hidden" not in failed.stderr


@pytest.mark.parametrize("group", [[], ["outbox"], ["keys"]])
def test_who_gives_no_command_gets_the_list_of_them(group: list[str]) -> None:
    shown = run_command(*group)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "Commands:\n" in shown.stdout


async def test_the_dead_are_listed_with_their_ids_and_can_be_dropped(database_url: str, engine: AsyncEngine) -> None:
    payload = {"messageId": str(uuid4()), "sessionId": str(uuid4()), "seq": 7, "content": "hidden"}
    async with engine.begin() as connection:
        died = await connection.execute(_DEAD, {"payload": json.dumps(payload)})
        unreadable = await connection.execute(_DEAD, {"payload": '"hidden"'})
    ids = [str(died.scalar_one()), str(unreadable.scalar_one())]
    settings = {"CHAT_DATABASE_URL": database_url}
    heading, first, second = run_command("outbox", "dead", **settings).stdout.splitlines()
    assert heading.split("\t")[:2] == ["id", "destination"]
    assert first.split("\t")[4:7] == [payload["messageId"], payload["sessionId"], "7"]
    assert second.split("\t")[4:7] == ["-", "-", "-"]
    shown = run_command("outbox", "dead", "--json", **settings).stdout
    assert [one["id"] for one in json.loads(shown)] == ids
    assert json.loads(shown)[0]["messageId"] == payload["messageId"]
    assert "hidden" not in heading + first + second + shown

    asked = run_command("outbox", "drop", ids[0], **settings)  # with nobody to answer
    assert asked.returncode != 0
    assert run_command("outbox", "drop", "--yes", ids[0], **settings).stdout == "dropped 1\n"
    again = run_command("outbox", "drop", "--yes", *ids, **settings)
    assert (again.returncode, again.stdout) == (1, "dropped 1\n")
    assert again.stderr == "chat-service: 1 of them are not dead\n"


@pytest.mark.parametrize("more", [{}, {"CHAT_JWT_ISSUER": "us & them", "CHAT_JWT_AUDIENCE": "chat"}])
async def test_the_token_command_of_the_welcome_works_in_another_terminal(tmp_path: Path, more: dict[str, str]) -> None:
    settings = {"CHAT_DATABASE_URL": "memory:", "CHAT_DATA_DIR": str(tmp_path / "a folder")} | more
    (tmp_path / "a folder").mkdir()
    service = ServiceProcess(tmp_path, settings, command="dev")
    await service.start()
    line = await eventually_some(lambda: _line_with(service, "Get a token:"))
    made = await asyncio.to_thread(
        subprocess.check_output, ["sh", "-c", line.partition(":")[2]], env=environment({}), text=True
    )
    async with Rest(service.url, made.strip()) as rest:
        assert await rest.init("you@example.org", "bob@example.org")
    assert await service.stop() == 0


async def _line_with(service: ServiceProcess, start: str) -> str:
    return next((line for line in service.log().splitlines() if line.startswith(start)), "")


def test_generated_keys_are_not_overwritten(tmp_path: Path) -> None:
    assert run_command("keys", "generate", str(tmp_path / "pair")).returncode == 0
    key = (tmp_path / "pair" / "private.pem").read_bytes()
    assert run_command("keys", "generate", str(tmp_path / "pair")).returncode == 1
    assert (tmp_path / "pair" / "private.pem").read_bytes() == key


def test_the_schema_is_printed_and_changes_nothing() -> None:
    printed = run_command("migrate", "--sql")
    assert printed.returncode == 0
    assert "CREATE TABLE chat_messages" in printed.stdout


def test_a_full_disk_is_told_where_the_schema_is_printed() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [COMMAND, "migrate", "--sql"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    told = "chat-service: the SQL cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, told)


@pytest.mark.parametrize("command", ["status", "dead"])
async def test_an_outbox_without_our_schema_says_what_to_do(databases: Databases, command: str) -> None:
    url = await databases.empty()
    told = run_command("outbox", command, **DEV, CHAT_DATABASE_URL=f"{url}?connect_timeout=3")
    assert (told.returncode, told.stdout, told.stderr.count("\n")) == (1, "", 1)
    assert told.stderr.endswith("run chat-service migrate\n")
    await databases.drop(url)


async def test_serving_waits_for_a_migration(databases: Databases, tmp_path: Path) -> None:
    url = await databases.empty()
    settings = {"CHAT_DATABASE_URL": url, "CHAT_MIGRATE_ON_START": "no", "CHAT_LOG_LEVEL": "INFO"}
    refused = run_command("serve", **(DEV | settings | {"CHAT_PORT": str(free_port()), "CHAT_DATA_DIR": str(tmp_path)}))
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "chat-service migrate" in refused.stderr
    for _ in range(2):
        assert run_command("migrate", **settings).returncode == 0
    service = await ServiceProcess(tmp_path, settings).start()
    assert await service.stop() == 0
    await databases.drop(url)


@pytest.mark.parametrize(("command", "on_start"), [("migrate", "no"), ("serve", "no"), ("serve", "yes")])
async def test_a_schema_of_a_newer_version_is_told(
    database_url: str, engine: AsyncEngine, tmp_path: Path, command: str, on_start: str
) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    settings = {"CHAT_DATABASE_URL": database_url, "CHAT_MIGRATE_ON_START": on_start, "CHAT_LOG_LEVEL": "info"}
    refused = run_command(command, **DEV, **settings, CHAT_PORT=str(free_port()), CHAT_DATA_DIR=str(tmp_path))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "chat-service: the database has a newer schema (9999) than this version works on\n"


@pytest.mark.parametrize("server", ["granian", "uvicorn"])
async def test_the_address_to_listen_on_may_be_a_name(tmp_path: Path, server: str) -> None:
    service = await ServiceProcess(tmp_path, MEMORY | {"CHAT_HOST": "localhost", "CHAT_SERVER": server}).start()
    assert await service.stop() == 0


async def test_a_taken_port_is_told(database_url: str, tmp_path: Path) -> None:
    service = await ServiceProcess(tmp_path, {"CHAT_DATABASE_URL": database_url}).start()
    refused = run_command("serve", **service.settings)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert str(service.port) in refused.stderr
    await service.stop()


def test_an_empty_outbox_is_empty(database_url: str) -> None:
    settings = {"CHAT_DATABASE_URL": database_url}
    assert run_command("outbox", "status", **settings).stdout == "pending 0\ndead 0\noldest pending -\n"
    assert run_command("outbox", "dead", **settings).stdout.count("\n") == 1
    assert run_command("outbox", "dead", "--json", **settings).stdout == "[]\n"
    assert run_command("outbox", "requeue", "--all", **settings).stdout == "requeued 0\n"


def test_who_is_welcomed_can_connect(database_url: str, tmp_path: Path) -> None:
    port = free_port()
    settings = {"CHAT_PORT": str(port), "CHAT_DATABASE_URL": database_url, "CHAT_DATA_DIR": str(tmp_path)}
    with subprocess.Popen([COMMAND, "dev"], env=environment(settings), stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        try:
            assert any("chat-service is at" in line for line in service.stdout)
            socket.create_connection(("127.0.0.1", port)).close()
        finally:
            service.terminate()
    assert service.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_the_make_that_runs_it_whoever_else_was_told(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(f"run:\n\t@exec {COMMAND} dev\n")
    port = free_port()
    settings = {"CHAT_PORT": str(port), "CHAT_DATABASE_URL": "memory:", "CHAT_DATA_DIR": str(tmp_path)}
    make = subprocess.Popen(["make"], cwd=tmp_path, env=environment(settings), stdout=subprocess.PIPE, text=True)
    with make:
        assert make.stdout is not None
        assert any("Ctrl-C" in line for line in make.stdout)
        make.send_signal(number)
        assert make.stdout.read() == "", "which ends when nobody holds it any more"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_the_databases_address_may_have_the_parameters_of_libpq(database_url: str) -> None:
    for parameters, code, told in (("sslmode=prefer&application_name=me", 0, ""), ("sslmode=require", 1, "SSL")):
        migrated = run_command("migrate", CHAT_DATABASE_URL=f"{database_url}?{parameters}")
        assert (migrated.returncode, told in migrated.stderr) == (code, True)
        assert migrated.stderr.count("\n") == code


def test_what_the_database_says_is_told_without_the_librarys_words(database_url: str) -> None:
    url = make_url(database_url).set(password="wrong").render_as_string(hide_password=False)
    failed = run_command("outbox", "status", CHAT_DATABASE_URL=url)
    said = 'chat-service: the database cannot be used: password authentication failed for user "chat"\n'
    assert (failed.returncode, failed.stderr) == (1, said)


@pytest.mark.parametrize(("mode", "told"), [(0o500, "may not be written by"), (0o700, "venv module is missing")])
def test_what_make_cannot_install_is_said_and_not_left_in_half(
    ordinary_user: tuple[tuple[str, ...], Path], mode: int, told: str
) -> None:
    before, checkout = ordinary_user
    half = checkout / "half"  # as Python without its venv package does it
    half.write_text('#!/bin/sh\n[ "$1" = -c ] || { mkdir -p .venv/bin; touch .venv/bin/python; exit 1; }\n')
    half.chmod(0o755)
    (checkout / "requirements").mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements/run.txt"):
        shutil.copy(PROJECT / name, checkout / name)
    checkout.chmod(mode)
    for _ in range(2):
        make = [*before, "make", "run", f"PYTHON={half}"]
        failed = subprocess.run(make, cwd=checkout, env=environment({}), capture_output=True, text=True, check=False)
        assert failed.returncode == 2
        assert told in failed.stderr.splitlines()[0]
        assert not (checkout / ".venv").exists()
    checkout.chmod(0o700)


async def test_dev_needs_nothing_and_the_commands_reach_its_database(tmp_path: Path) -> None:
    service = await ServiceProcess(tmp_path, {}, command="dev").start()
    await eventually(lambda: service.log().count("chat-service token") == 1)
    status = run_command("outbox", "status", **service.settings)
    assert (status.returncode, status.stdout.splitlines()[0]) == (0, "pending 0")
    second = run_command("dev", **(service.settings | {"CHAT_PORT": str(free_port())}))
    assert (second.returncode, second.stderr.count("\n")) == (1, 1)
    assert await service.stop() == 0
    assert run_command("outbox", "status", **service.settings).returncode == 0  # starts it for as long as it takes
