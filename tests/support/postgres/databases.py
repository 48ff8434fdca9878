"""A fresh database a test, copied from one that was migrated once."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

import asyncpg
from sqlalchemy.engine import make_url

TEMPLATE = "chat_template"


class Databases:
    def __init__(self, server_url: str) -> None:
        self._url = server_url
        self._has_template = False

    async def create(self, migrate: Callable[[str], Awaitable[None]]) -> str:
        """The URL of a new database with the schema that `migrate` makes."""
        if not self._has_template:
            await self._execute(f"CREATE DATABASE {TEMPLATE}")
            await migrate(self._of(TEMPLATE))
            self._has_template = True
        name = f"test_{uuid4().hex}"
        await self._execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return self._of(name)

    async def empty(self) -> str:
        """The URL of a new database without a schema."""
        name = f"test_{uuid4().hex}"
        await self._execute(f"CREATE DATABASE {name}")
        return self._of(name)

    async def drop(self, url: str) -> None:
        await self._execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def _of(self, name: str) -> str:
        return make_url(self._url).set(database=name).render_as_string(hide_password=False)

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self._url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()
