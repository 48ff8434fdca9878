"""Bringing the schema up to date: Alembic, one migrator at a time."""

from io import StringIO
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from adapters.postgres.database import create_engine

_INSTALLED = Path(__file__).parent / "_migrations"  # in a wheel
SCRIPTS = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[3] / "migrations"
_LOCK_KEY = 0x63686174  # any number, as long as every instance takes the same


class NewerSchema(Exception):
    """The database has been migrated by a version that knows more revisions than this one."""


async def upgrade(url: str) -> None:
    """Brings the schema up to date; any number of instances may call it at once.

    Raises `NewerSchema`; driver errors come as they are.
    """
    engine = create_engine(url, pool_size=1, timeout=600, lock_wait=600)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


async def is_current(url: str) -> bool:
    """Whether the schema is the one that this version works on, and not an older one. Raises `NewerSchema`."""
    engine = create_engine(url, pool_size=1)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_revisions) == set(ScriptDirectory.from_config(_config()).get_heads())
    finally:
        await engine.dispose()


def upgrade_sql() -> str:
    """The SQL that makes the schema from nothing, for those who run it themselves."""
    config = _config()
    config.output_buffer = StringIO()
    command.upgrade(config, "head", sql=True)
    return config.output_buffer.getvalue()


def _upgrade(connection: Connection) -> None:
    _revisions(connection)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _revisions(connection: Connection) -> set[str]:
    """Those of the database. Raises `NewerSchema`."""
    found = set(MigrationContext.configure(connection).get_current_heads())
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if unknown := found - known:
        revisions = ", ".join(sorted(unknown))
        raise NewerSchema(f"the database has a newer schema ({revisions}) than this version works on")
    return found


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config
