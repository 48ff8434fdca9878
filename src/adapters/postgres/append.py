"""Storing a batch of drafts: races are run again, and what the database refuses is told from what it can store."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.append_once import LostRace, append_once
from adapters.postgres.database import driver_transaction
from application.ports.messages import AppendOutcome, Envelope, Repeated, Stored
from domain.errors import IdempotencyConflict, Invalid, SessionNotFound, Unavailable
from domain.identifiers import ClientMessageId
from domain.message import Draft, Message

MAX_TRIES = 5

log = logging.getLogger(__name__)

_RACED = (LostRace, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
# What comes of one draft's own values, however often it is tried and whatever is stored with it.
_REFUSED = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    UnicodeError,
)


async def append(
    engine: AsyncEngine, drafts: Sequence[Draft], sent_at: datetime, claimed_until: datetime, envelope: Envelope
) -> Sequence[AppendOutcome]:
    """As `MessageRepository.append`. Raises `Unavailable`."""
    if not drafts:
        return []
    unique = list({draft.client_message_id: draft for draft in reversed(drafts)}.values())[::-1]
    batch = _Batch(engine, sent_at, claimed_until, envelope)
    return _outcomes(drafts, await batch.append(unique))


Fates = Mapping[ClientMessageId, Stored | Message | Invalid]
"""Stored now, stored before as that message, or refused. Drafts of unknown sessions have none."""


@dataclass(frozen=True, slots=True)
class _Batch:
    engine: AsyncEngine
    sent_at: datetime
    claimed_until: datetime
    envelope: Envelope

    async def append(self, drafts: Sequence[Draft]) -> Fates:
        """In one transaction; when that is refused in ever smaller ones, in the drafts' order, to find whose fault."""
        try:
            return await self._append_together(drafts)
        except _REFUSED as error:
            if len(drafts) == 1:
                # the text of the error may quote the message
                log.error("a draft cannot be stored: %s", type(error).__name__, extra={"draft": str(drafts[0].id)})
                return {drafts[0].client_message_id: Invalid("the message cannot be stored")}
        middle = len(drafts) // 2
        first = await self.append(drafts[:middle])
        return {**first, **await self.append(drafts[middle:])}

    async def _append_together(self, drafts: Sequence[Draft]) -> Fates:
        for attempt in range(MAX_TRIES):
            try:
                async with driver_transaction(self.engine) as connection:
                    # repeats are rare: they are looked for only when one was in the way
                    stored, known = await append_once(
                        connection, drafts, self.sent_at, self.claimed_until, self.envelope, look_first=attempt > 0
                    )
            except _RACED:
                continue
            return {**stored, **known}
        raise Unavailable("the same messages are being sent too often at once")


def _outcomes(drafts: Sequence[Draft], fates: Fates) -> Sequence[AppendOutcome]:
    """What became of each: the first of equal drafts was stored, the others repeat it."""
    new = {client_id: fate for client_id, fate in fates.items() if isinstance(fate, Stored)}
    return [
        new.pop(draft.client_message_id)
        if draft.client_message_id in new
        else _repeat(draft, fates.get(draft.client_message_id))
        for draft in drafts
    ]


def _repeat(draft: Draft, fate: Stored | Message | Invalid | None) -> AppendOutcome:
    if fate is None:
        return SessionNotFound()
    if isinstance(fate, Invalid):
        return fate
    first = fate.message if isinstance(fate, Stored) else fate
    return Repeated(first) if first.is_repeated_by(draft) else IdempotencyConflict()
