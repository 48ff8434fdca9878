"""`chat-service outbox`: shows, requeues and drops the entries of the outbox (contract, section 2)."""

import json
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.support.postgres.databases import Databases
from tests.support.service.service_process import run_command

DEV = {"CHAT_PROFILE": "dev"}


_DEAD = text("""
    INSERT INTO chat_message_outbox (destination, payload, next_retry_at, dead_at, retry_count, last_error)
    VALUES ('/topic/nowhere', CAST(:payload AS jsonb), 'infinity', clock_timestamp(), 10, 'nobody there') RETURNING id
""")


async def test_dead_entries_are_listed_with_their_ids_and_can_be_dropped(
    database_url: str, engine: AsyncEngine
) -> None:
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


@pytest.mark.parametrize("command", ["status", "dead"])
async def test_without_our_schema_outbox_says_to_migrate(databases: Databases, command: str) -> None:
    url = await databases.empty()
    told = run_command("outbox", command, **DEV, CHAT_DATABASE_URL=f"{url}?connect_timeout=3")
    assert (told.returncode, told.stdout, told.stderr.count("\n")) == (1, "", 1)
    assert told.stderr.endswith("run chat-service migrate\n")
    await databases.drop(url)


def test_an_empty_outbox_is_empty(database_url: str) -> None:
    settings = {"CHAT_DATABASE_URL": database_url}
    assert run_command("outbox", "status", **settings).stdout == "pending 0\ndead 0\noldest pending -\n"
    assert run_command("outbox", "dead", **settings).stdout.count("\n") == 1
    assert run_command("outbox", "dead", "--json", **settings).stdout == "[]\n"
    assert run_command("outbox", "requeue", "--all", **settings).stdout == "requeued 0\n"


def test_an_error_of_the_database_is_one_line_without_words_of_the_library(database_url: str) -> None:
    url = make_url(database_url).set(password="wrong").render_as_string(hide_password=False)
    failed = run_command("outbox", "status", CHAT_DATABASE_URL=url)
    said = 'chat-service: the database cannot be used: password authentication failed for user "chat"\n'
    assert (failed.returncode, failed.stderr) == (1, said)
