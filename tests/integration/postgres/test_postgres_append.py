"""Batches with a draft that PostgreSQL refuses, which no check before it may have let through."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.messages.repository import PostgresMessageRepository
from adapters.postgres.sessions.repository import PostgresSessionRepository
from application.ports.messages import Stored
from domain.errors import Invalid, TransactionAborted
from domain.identifiers import Email, OutboxId
from domain.message import Draft, Message
from domain.outbox import OutboxEntry
from tests.support.people import DUE_AT_ONCE, NOW, draft, envelope, ids, person, session_of, transaction

REFUSED: dict[str, Callable[[Draft], Draft]] = {
    "a lone surrogate": lambda draft: draft._replace(content="secret \ud800"),
    "NUL": lambda draft: draft._replace(content="secret \0"),
    "NUL in the payload": lambda draft: draft._replace(sender=replace(draft.sender, display_name="A\\u0000nn")),
    "a destination too long": lambda draft: draft._replace(sender=replace(draft.sender, email=Email("a@" + "b" * 254))),
}


def telling_envelope(draft: Draft, message: Message) -> list[OutboxEntry]:
    first, *others = envelope(draft, message)
    payload = f'{{"senderDisplayName": "{draft.sender.display_name}"}}'
    return [first._replace(destination=f"user:{draft.sender.email}:/queue/ack", payload=payload), *others]


@pytest.mark.parametrize("why", REFUSED)
@pytest.mark.parametrize("place", [0, 3, 6])
async def test_a_draft_that_cannot_be_stored_fails_alone(
    engine: AsyncEngine, why: str, place: int, caplog: pytest.LogCaptureFixture
) -> None:
    messages, sessions = PostgresMessageRepository(engine), PostgresSessionRepository(engine)
    ann, bob = person("ann"), person("bob")
    session = await sessions.get_or_create(session_of(ann, bob))
    drafts = [draft(session, ann, bob, f"message {number}") for number in range(7)]
    drafts[place] = REFUSED[why](drafts[place])

    outcomes = await messages.append([*drafts, drafts[place]], DUE_AT_ONCE, telling_envelope)

    *others, again = outcomes
    assert isinstance(refused := others.pop(place), Invalid)
    assert isinstance(again, Invalid)
    stored = [outcome.message for outcome in others if isinstance(outcome, Stored)]
    assert [message.seq for message in stored] == [1, 2, 3, 4, 5, 6]
    assert await messages.latest(session.id, 10) == stored
    assert "secret" not in caplog.text + str(refused)


async def test_a_failing_envelope_fails_its_own_draft_only(engine: AsyncEngine) -> None:
    messages, sessions = PostgresMessageRepository(engine), PostgresSessionRepository(engine)
    ann, bob = person("ann"), person("bob")
    session = await sessions.get_or_create(session_of(ann, bob))

    def strict_envelope(draft: Draft, message: Message) -> list[OutboxEntry]:
        return [OutboxEntry(OutboxId(ids.new()), "ack", f'"{draft.content.encode().hex()}"', NOW)]

    drafts = [draft(session, ann, bob, content) for content in ("one", "\ud800", "two")]
    outcomes = await messages.append(drafts, DUE_AT_ONCE, strict_envelope)
    assert [type(outcome) for outcome in outcomes] == [Stored, Invalid, Stored]


@pytest.mark.parametrize("why", REFUSED)
async def test_a_draft_that_cannot_be_stored_takes_its_transaction_with_it_and_nothing_else(
    engine: AsyncEngine, why: str
) -> None:
    messages, sessions = PostgresMessageRepository(engine), PostgresSessionRepository(engine)
    ann, bob = person("ann"), person("bob")
    session = await sessions.get_or_create(session_of(ann, bob))
    drafts = [draft(session, ann, bob, f"message {number}") for number in range(7)]
    drafts[3] = REFUSED[why](drafts[3])
    batch = [*drafts[:2], *transaction(*drafts[2:5]), *transaction(*drafts[5:])]

    outcomes = await messages.append(batch, DUE_AT_ONCE, telling_envelope)

    refused = [TransactionAborted, Invalid, TransactionAborted]
    assert [type(one) for one in outcomes] == [Stored, Stored, *refused, Stored, Stored]
    stored = [message.content for message in await messages.latest(session.id, 10)]
    assert stored == [drafts[number].content for number in (0, 1, 5, 6)]
