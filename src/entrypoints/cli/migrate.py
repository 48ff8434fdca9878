"""`migrate`: the database's schema."""

import asyncio

import click

from adapters.postgres.migrations import upgrade, upgrade_sql
from entrypoints.reachable import reaching
from entrypoints.serve import database
from entrypoints.settings.load import load_settings, require_postgres


@click.command()
@click.option("--sql", is_flag=True, help="Print the SQL that makes the schema from nothing, and change nothing.")
def migrate(sql: bool) -> None:
    """Bring the schema up to date; safe to run from many instances at once."""
    if sql:
        click.echo(upgrade_sql(), nl=False)
        return
    with database(require_postgres(load_settings(), "there is nothing to migrate"), shared=True) as settings:
        url = str(settings.database_url)
        with reaching(url):
            asyncio.run(upgrade(url))
    click.echo("the schema is up to date")
