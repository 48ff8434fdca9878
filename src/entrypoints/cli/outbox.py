"""`outbox`: shows and mends the deliveries that are not made yet (contract, section 9)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import click

from adapters.postgres.connection.database import create_engine
from adapters.postgres.outbox.repository import PostgresOutbox
from adapters.system.clock import SystemClock
from application.ports.outbox import Outbox
from domain.identifiers import OutboxId
from entrypoints.cli.dead_rows import as_json, as_table
from entrypoints.reachable import reaching
from entrypoints.serve import database
from entrypoints.settings.load import load_settings, require_postgres

Answer = TypeVar("Answer")

MAX_LISTED = 1_000


@click.group()
def outbox() -> None:
    """Deliveries that are not made yet."""


@outbox.command()
def status() -> None:
    """Count the pending and the dead entries."""
    now = _with_outbox(_status)
    click.echo(now)


async def _status(store: Outbox) -> str:
    now = await store.status()
    oldest = now.oldest_pending_at
    age = "-" if oldest is None else f"{max(0.0, (SystemClock().now() - oldest).total_seconds()):.1f}s"
    return f"pending {now.pending}\ndead {now.dead}\noldest pending {age}"


@outbox.command()
@click.option("--json", "in_json", is_flag=True, help="As an array of JSON objects.")
def dead(in_json: bool) -> None:
    """List the dead entries: id, destination, tries, time of death, the ids of the message, reason; never its text."""
    show = as_json if in_json else as_table
    click.echo(show(_with_outbox(lambda store: store.dead(MAX_LISTED))))


@outbox.command()
@click.argument("ids", nargs=-1, type=click.UUID)
@click.option("--all", "everything", is_flag=True, help="All that are dead.")
def requeue(ids: tuple[UUID, ...], everything: bool) -> None:
    """Try dead entries again."""
    if bool(ids) == everything:
        raise click.UsageError("name ids, or give --all")
    chosen = None if everything else [OutboxId(entry_id) for entry_id in ids]
    count = _with_outbox(lambda store: store.requeue(chosen))
    click.echo(f"requeued {count}")
    if chosen is not None and count < len(set(chosen)):
        raise click.ClickException(f"{len(set(chosen)) - count} of them are not dead")


@outbox.command()
@click.argument("ids", nargs=-1, required=True, type=click.UUID)
@click.option("--yes", is_flag=True, help="Do not ask.")
def drop(ids: tuple[UUID, ...], yes: bool) -> None:
    """Delete dead entries. They are never delivered; the messages stay in the history."""
    chosen = {OutboxId(entry_id) for entry_id in ids}
    if not yes:
        click.confirm(f"Delete {len(chosen)} outbox entries for good?", abort=True, err=True)
    count = _with_outbox(lambda store: store.drop(chosen))
    click.echo(f"dropped {count}")
    if count < len(chosen):
        raise click.ClickException(f"{len(chosen) - count} of them are not dead")


def _with_outbox(ask: Callable[[Outbox], Awaitable[Answer]]) -> Answer:
    async def run(url: str) -> Answer:
        engine = create_engine(url, pool_size=1)
        try:
            async with engine.connect():  # an error of the connection is reported as it is
                pass
            return await ask(PostgresOutbox(engine))
        finally:
            await engine.dispose()

    with database(require_postgres(load_settings(), "there is no outbox to reach"), shared=True) as settings:
        url = str(settings.database_url)
        with reaching(url):
            return asyncio.run(run(url))
