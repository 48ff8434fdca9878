"""The directory of profiles in PostgreSQL."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, and_, false, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.connection.database import driver_connection, transaction
from adapters.postgres.rows import profile_of
from adapters.postgres.schema.tables import chat_profiles
from application.concurrency.batch_loader import BatchLoader
from domain.email_address import unicode_email
from domain.identifiers import Email, ProfileId
from domain.profile import NO_EMAIL, Profile

FEW = 2  # as many as the way of a message asks for, of many messages at once
_GET = "SELECT id, email, intent, display_name FROM chat_profiles WHERE id = ANY($1::uuid[])"
_OF_EMAILS = "SELECT id, email, intent, display_name FROM chat_profiles WHERE email = ANY($1::text[])"
_ID = chat_profiles.c.id
_CHANGES = 0x70726F66  # an advisory lock: any number, as long as every instance takes the same


class PostgresProfileDirectory:
    """Keeps profiles in PostgreSQL. The port says what each method promises; all raise `Unavailable`.

    `changes` counts the profiles that this instance has changed.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._gets: BatchLoader[ProfileId, Profile] = BatchLoader(self._get)
        self.changes = 0

    async def remember(self, profiles: Iterable[Profile]) -> None:
        """Adds or changes profiles. Another profile at the same e-mail and intent loses its e-mail."""
        for profile in profiles:
            await self._write_one(profile, adds=True)

    async def update(self, profiles: Iterable[Profile]) -> Sequence[Profile]:
        """Changes the profiles that are known, and returns these."""
        return [profile for profile in profiles if await self._write_one(profile, adds=False)]

    async def _write_one(self, profile: Profile, *, adds: bool) -> bool:
        """Returns whether the profile is stored now. `adds`: store one that is not known."""
        # one a transaction: whoever waits for a row holds none, but for changes, which wait for each other first
        async with transaction(self._engine) as connection:
            known = await _profiles(connection, or_(_ID.in_([profile.id]), _others_at_its_address(profile)))
            if not known:
                if adds:
                    await _write(connection, profile)
            elif list(known.values()) != [profile]:
                await _change(connection, profile)
                self.changes += 1
        return adds or bool(known)

    async def get(self, profile_ids: Iterable[ProfileId]) -> Sequence[Profile]:
        """Finds the known ones of these profiles. Calls at the same time share one statement."""
        ids = list(profile_ids)
        if len(ids) > FEW:
            return list((await self._get(ids)).values())
        found = await asyncio.gather(*map(self._gets, ids))
        return [profile for profile in found if profile is not None]

    async def _get(self, profile_ids: Sequence[ProfileId]) -> Mapping[ProfileId, Profile]:
        async with driver_connection(self._engine) as connection:
            rows = await connection.fetch(_GET, profile_ids)
        return {row["id"]: profile_of(row) for row in rows}

    async def of_email(self, email: Email) -> Sequence[Profile]:
        """Finds the profiles with this e-mail, also when its domain is stored in Unicode."""
        return (await self.of_emails([email]))[email]

    async def of_emails(self, emails: Collection[Email]) -> Mapping[Email, Sequence[Profile]]:
        """Finds the profiles with each of these e-mails in one statement."""
        spellings = {spelling: email for email in emails for spelling in (unicode_email(email), email)}
        async with driver_connection(self._engine) as connection:
            rows = await connection.fetch(_OF_EMAILS, list(spellings))
        found: dict[Email, list[Profile]] = {email: [] for email in emails}
        for row in rows:
            found[spellings[row["email"]]].append(profile_of(row))
        return found


async def _profiles(connection: AsyncConnection, condition: ColumnElement[bool]) -> Mapping[ProfileId, Profile]:
    rows = (await connection.execute(select(chat_profiles).where(condition))).mappings()
    return {row["id"]: profile_of(dict(row)) for row in rows}


def _others_at_its_address(profile: Profile) -> ColumnElement[bool]:
    if profile.address is None:
        return false()
    email, intent = profile.address
    return and_(chat_profiles.c.email == email, chat_profiles.c.intent == intent, _ID.not_in([profile.id]))


async def _change(connection: AsyncConnection, profile: Profile) -> None:
    await connection.execute(select(func.pg_advisory_xact_lock(_CHANGES)))
    losers = update(chat_profiles).where(_others_at_its_address(profile))
    await connection.execute(losers.values(email=NO_EMAIL, updated_at=func.now()))
    await _write(connection, profile)


async def _write(connection: AsyncConnection, profile: Profile) -> None:
    statement = insert(chat_profiles).values(
        id=profile.id, email=profile.email, intent=profile.intent, display_name=profile.display_name
    )
    new = statement.excluded
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=[_ID],
            set_={"email": new.email, "display_name": new.display_name, "updated_at": func.now()},
        )
    )
