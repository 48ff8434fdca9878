"""`migrate`: the schema of the database."""

import asyncio
import os
import sys

import click

from adapters.postgres.schema.migrations import upgrade, upgrade_sql
from entrypoints.reachable import reaching
from entrypoints.serve import database
from entrypoints.settings.failures import Failure
from entrypoints.settings.load import load_settings, require_postgres


@click.command()
@click.option("--sql", is_flag=True, help="Print the SQL that makes the schema from nothing, and change nothing.")
def migrate(sql: bool) -> None:
    """Bring the schema up to date; safe to run from many instances at once."""
    if sql:
        _print(upgrade_sql())
        return
    with database(require_postgres(load_settings(), "there is nothing to migrate"), shared=True) as settings:
        url = str(settings.database_url)
        with reaching(url):
            asyncio.run(upgrade(url))
    click.echo("the schema is up to date")


def _print(sql: str) -> None:
    """Prints the SQL. Raises `Failure` when it cannot be written."""
    try:
        click.echo(sql, nl=False)
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else the flush at exit fails, too
        raise Failure(f"the SQL cannot be written: {error.strerror}") from None
