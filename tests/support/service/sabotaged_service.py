"""The service with one promise broken on purpose, to see that it is noticed: run as a script with a fault's name.

Each is a mistake that somebody could make in good faith, and that no test without outages would show.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.database import driver_transaction
from adapters.postgres.messages import append, append_once
from adapters.postgres.messages.repository import PostgresMessageRepository
from adapters.rabbitmq.deliveries.broker import RabbitBroker
from application.access.participants import Reader
from application.delivery.pages import Pages
from application.delivery.replay import Replay
from application.ports.messages import AppendOutcome, Repeated, Stored
from application.ports.push import Delivery
from domain.errors import Unavailable
from domain.identifiers import ClientMessageId
from domain.message import Draft, Message
from entrypoints.cli.main import main

_background: set[asyncio.Task[None]] = set()


def _later(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    async def wait_and_work() -> None:
        await asyncio.sleep(seconds)
        await work()

    task = asyncio.create_task(wait_and_work())
    _background.add(task)
    task.add_done_callback(_background.discard)


def ack_before_commit() -> None:
    @asynccontextmanager
    async def commits_late(engine: AsyncEngine) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        async with AsyncExitStack() as stack:
            yield await stack.enter_async_context(driver_transaction(engine))
            _later(0.8, stack.pop_all().aclose)

    append.driver_transaction = commits_late  # type: ignore[attr-defined]


def processed_before_confirm() -> None:
    publish = RabbitBroker.publish

    async def does_not_wait(self: RabbitBroker, deliveries: Sequence[Delivery]) -> None:
        async def publish_or_not() -> None:
            with suppress(Unavailable):
                await publish(self, deliveries)

        _later(1.0, publish_or_not)

    RabbitBroker.publish = does_not_wait  # type: ignore[method-assign]


def resume_off_by_one() -> None:
    session = Replay.session

    def skips_one(self: Replay, reader: Reader, after: int) -> Pages:
        return session(self, reader, after + 1)

    Replay.session = skips_one  # type: ignore[method-assign]


def idempotency_by_cache_only() -> None:
    store = PostgresMessageRepository.append
    stored: dict[ClientMessageId, Message] = {}

    async def looks_into_a_cache(
        self: PostgresMessageRepository, drafts: Sequence[Draft], *rest: Any, **options: Any
    ) -> Sequence[AppendOutcome]:
        fresh = [draft for draft in drafts if draft.client_message_id not in stored]
        outcomes = iter(await store(self, fresh, *rest, **options))
        answers: list[AppendOutcome] = []
        for draft in drafts:
            known = stored.get(draft.client_message_id) if draft not in fresh else None
            answers.append(next(outcomes) if known is None else Repeated(known))
        stored.update(
            (answer.message.client_message_id, answer.message) for answer in answers if isinstance(answer, Stored)
        )
        return answers

    PostgresMessageRepository.append = looks_into_a_cache  # type: ignore[method-assign]
    append_once._INSERT = append_once._INSERT.replace("ON CONFLICT (client_msg_id) DO NOTHING", "")
    asyncio.run(_drop_the_constraint())


async def _drop_the_constraint() -> None:
    connection = await asyncpg.connect(os.environ["CHAT_DATABASE_URL"])
    await connection.execute("ALTER TABLE chat_messages DROP CONSTRAINT IF EXISTS chat_messages_client_msg_id")
    await connection.close()


SABOTAGES: Mapping[str, Callable[[], None]] = {
    "ack before commit": ack_before_commit,
    "processed before confirm": processed_before_confirm,
    "resume off by one": resume_off_by_one,
    "idempotency by cache only": idempotency_by_cache_only,
}

if __name__ == "__main__":
    SABOTAGES[sys.argv.pop(1)]()
    sys.argv.append("serve")
    main()
