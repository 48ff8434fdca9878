"""Stores a batch of drafts. Repeats it after a lost race, and finds the drafts that the database refuses."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, groupby
from operator import attrgetter

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.database import Locked, driver_transaction
from adapters.postgres.messages.append_once import LostRace, append_once
from adapters.postgres.messages.session_locks import wait_for
from application.ports.messages import AppendOutcome, Envelope
from domain.errors import Invalid, TransactionAborted, Unavailable
from domain.identifiers import SessionId
from domain.message import Draft
from domain.rules.repeats import SentDigests

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
_NOT_STORABLE = "the message cannot be stored"


async def append(
    engine: AsyncEngine,
    drafts: Sequence[Draft],
    claim: timedelta,
    envelope: Envelope,
    digests: SentDigests,
    *,
    wait_for: SessionId | None,
) -> Sequence[AppendOutcome]:
    """Stores `drafts` as `MessageRepository.append` promises; `claim` is how long their entries are claimed.

    Raises `Unavailable`.
    """
    return await _Batch(engine, claim, envelope, digests, wait_for).append(drafts) if drafts else []


class _RollBack(Exception):
    """Ends a transaction that was a trial."""


@dataclass(frozen=True, slots=True)
class _Batch:
    engine: AsyncEngine
    claim: timedelta
    envelope: Envelope
    digests: SentDigests
    wait_for: SessionId | None

    async def append(self, drafts: Sequence[Draft]) -> Sequence[AppendOutcome]:
        """Stores the drafts in one transaction. When PostgreSQL refuses a value, stores each half in its own, in order.

        So the draft at fault is found. The drafts of one transaction of a client stay together.
        """
        try:
            return await self._append_together(drafts)
        except _REFUSED as error:
            units = _units(drafts)
            if len(units) == 1:
                return await self._refusals(drafts, error)
        middle = len(units) // 2
        first = await self.append(list(chain(*units[:middle])))
        return [*first, *await self.append(list(chain(*units[middle:])))]

    async def _append_together(self, drafts: Sequence[Draft]) -> Sequence[AppendOutcome]:
        waits_for = self.wait_for
        for attempt in range(MAX_TRIES):
            try:
                async with driver_transaction(self.engine) as connection:
                    if waits_for is not None:
                        await wait_for(connection, waits_for)
                    # repeats are rare: they are looked for only when one was in the way
                    return await self._append_once(connection, drafts, look_first=attempt > 0)
            except Locked:
                if waits_for is None:
                    raise
                waits_for = None
            except _RACED:
                continue
        raise Unavailable("the same messages are being sent too often at once")

    async def _append_once(
        self, connection: "asyncpg.Connection[asyncpg.Record]", drafts: Sequence[Draft], *, look_first: bool
    ) -> Sequence[AppendOutcome]:
        return await append_once(connection, drafts, self.claim, self.envelope, self.digests, look_first=look_first)

    async def _refusals(self, drafts: Sequence[Draft], error: Exception) -> Sequence[AppendOutcome]:
        """Of a lone draft, or of the drafts of one transaction."""
        # the text of the error may quote the message
        log.error("a draft cannot be stored: %s", type(error).__name__, extra={"draft": str(drafts[0].id)})
        if len(drafts) == 1:
            return [Invalid(_NOT_STORABLE)]
        refused = [await self._is_refused(draft) for draft in drafts]
        return [Invalid(_NOT_STORABLE) if is_at_fault else TransactionAborted() for is_at_fault in refused]

    async def _is_refused(self, draft: Draft) -> bool:
        """Whether it cannot be stored even alone; found by a trial that is rolled back."""
        try:
            async with driver_transaction(self.engine) as connection:
                await self._append_once(connection, [draft], look_first=True)
                raise _RollBack
        except _REFUSED:
            return True
        except (_RollBack, *_RACED):
            return False


def _units(drafts: Sequence[Draft]) -> list[list[Draft]]:
    """What may be stored apart from the rest: a draft, or the drafts of one transaction."""
    units: list[list[Draft]] = []
    for transaction, group in groupby(drafts, attrgetter("transaction")):
        together = list(group)
        units += [together] if transaction is not None else [[draft] for draft in together]
    return units
