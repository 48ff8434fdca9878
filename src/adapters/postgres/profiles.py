"""The directory of profiles in PostgreSQL."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.database import transaction
from adapters.postgres.rows import profile_of
from adapters.postgres.tables import chat_profiles
from domain.email_address import unicode_email
from domain.identifiers import Email, ProfileId
from domain.profile import Profile


class PostgresProfileDirectory:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def remember(self, profiles: Iterable[Profile]) -> None:
        values = [
            {"id": one.id, "email": one.email, "intent": one.intent, "display_name": one.display_name}
            # in the order of their keys, so that two writers of the same ones never wait for each other in a circle
            for one in sorted({profile.id: profile for profile in profiles}.values(), key=lambda one: one.id)
        ]
        if not values:
            return
        statement = insert(chat_profiles).values(values)
        new = statement.excluded
        changed = or_(chat_profiles.c.email != new.email, chat_profiles.c.display_name != new.display_name)
        statement = statement.on_conflict_do_update(
            index_elements=[chat_profiles.c.id],
            set_={"email": new.email, "display_name": new.display_name, "updated_at": func.now()},
            where=changed,
        )
        async with transaction(self._engine) as connection:
            await connection.execute(statement)

    async def get(self, profile_ids: Iterable[ProfileId]) -> Sequence[Profile]:
        return await self._select(chat_profiles.c.id.in_(list(profile_ids)))

    async def of_email(self, email: Email) -> Sequence[Profile]:
        return await self._select(chat_profiles.c.email.in_({email, unicode_email(email)}))

    async def _select(self, condition: ColumnElement[bool]) -> Sequence[Profile]:
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(select(chat_profiles).where(condition))).mappings()
            return [profile_of(dict(row)) for row in rows]
