"""Brings the schema up to date with Alembic, one migrator at a time.

There are two histories. A version refuses to run on a database with a revision of `versions` that it does not know.
Older versions run on the revisions of `compatible` too. These are counted in a table of their own, which version 0.1.0
does not read.
"""

import asyncio
from io import StringIO
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from adapters.postgres.connection.database import create_engine

_INSTALLED = Path(__file__).parent / "_migrations"  # in a wheel
SCRIPTS = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[4] / "migrations"
HISTORIES = {"versions": "alembic_version", "compatible": "alembic_compatible_version"}
"""The folders of revisions in the order of their application, each with the table that has the database's revision."""
WAIT = 0.2
"""Seconds after which an instance looks again whether another one has finished its migration."""
_LOCK_KEY = 0x63686174  # any number, as long as every instance takes the same


class NewerSchema(Exception):
    """A newer version has migrated the database, and this one does not run on it."""


async def upgrade(url: str) -> None:
    """Brings the schema up to date, which may take minutes. Any number of instances may call it at once.

    Raises `NewerSchema`, and the driver's errors as they are.
    """
    engine = create_engine(url, pool_size=1, timeout=600, lock_wait=600)
    try:
        async with engine.connect() as connection:
            while not await connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK_KEY}):
                await connection.rollback()
                await asyncio.sleep(WAIT)
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


async def is_current(url: str) -> bool:
    """Whether the schema has all revisions that this version needs. Raises `NewerSchema`."""
    engine = create_engine(url, pool_size=1)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_is_current)
    finally:
        await engine.dispose()


def upgrade_sql() -> str:
    """The SQL that makes the schema in an empty database, for those who run it themselves."""
    output = StringIO()
    for history in HISTORIES:
        config = _config(history)
        config.output_buffer = output
        command.upgrade(config, "head", sql=True)
    return output.getvalue()


def _upgrade(connection: Connection) -> None:
    for history in HISTORIES:
        if not _unknown(connection, history):
            config = _config(history)
            config.attributes["connection"] = connection
            connection.commit()  # each revision is a transaction of its own
            command.upgrade(config, "head")


def _is_current(connection: Connection) -> bool:
    return all(
        bool(_unknown(connection, history)) or _found(connection, history) == set(_scripts(history).get_heads())
        for history in HISTORIES
    )


def _unknown(connection: Connection, history: str) -> set[str]:
    """The revisions that a newer version has applied. All of them are compatible, or it raises `NewerSchema`."""
    known = {script.revision for script in _scripts(history).walk_revisions()}
    unknown = _found(connection, history) - known
    if unknown and history != "compatible":
        revisions = ", ".join(sorted(unknown))
        raise NewerSchema(f"the database has a newer schema ({revisions}) than this version works on")
    return unknown


def _found(connection: Connection, history: str) -> set[str]:
    context = MigrationContext.configure(connection, opts={"version_table": HISTORIES[history]})
    return set(context.get_current_heads())


def _scripts(history: str) -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(history))


def _config(history: str) -> Config:
    config = Config()
    config.set_main_option("script_location", _quoted(SCRIPTS))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", _quoted(SCRIPTS / history))
    config.attributes["version_table"] = HISTORIES[history]
    return config


def _quoted(path: Path) -> str:
    return str(path).replace("%", "%%")
