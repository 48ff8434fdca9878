"""`chat-service`: the commands, and their error messages."""

import sys
from typing import NoReturn

import click
from click.exceptions import NoArgsIsHelpError

from domain.errors import ChatError
from entrypoints.cli.lazy_group import LazyGroup
from entrypoints.development.embedded_postgres import EmbeddedPostgresError
from entrypoints.settings.failures import Failure

INTERRUPTED = 130  # like shells: 128 and the number of SIGINT

commands = LazyGroup(
    "chat-service",
    {
        "serve": "entrypoints.cli.serve",
        "dev": "entrypoints.cli.serve",
        "migrate": "entrypoints.cli.migrate",
        "token": "entrypoints.cli.token",
        "keys": "entrypoints.cli.keys",
        "outbox": "entrypoints.cli.outbox",
    },
    help="One-to-one chat with guaranteed delivery, over REST and STOMP. Configured by CHAT_… variables.",
)
click.version_option(package_name="chat-service")(commands)


NO_SUCH_THING = ("42P01", "42703")
"""SQLSTATE of a table or column that does not exist."""


def main() -> NoReturn:
    """Runs a command. Exits with 0, or with one line on stderr: 2 for wrong usage or settings, 1 for a failure."""
    try:
        code = commands.main(prog_name="chat-service", standalone_mode=False)
    except NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help())  # without a command, lists the commands
        sys.exit(0)
    except click.ClickException as error:
        _fail(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _fail("interrupted", INTERRUPTED)
    except Failure as error:
        _fail(str(error), error.exit_code)
    except (EmbeddedPostgresError, ChatError) as error:
        _fail(str(error), Failure.exit_code)
    except Exception as error:
        from adapters.postgres.connection.database import DRIVER_ERRORS
        from adapters.postgres.schema.migrations import NewerSchema

        if isinstance(error, NewerSchema):
            _fail(str(error), Failure.exit_code)
        if not isinstance(error, DRIVER_ERRORS):
            raise
        if getattr(getattr(error, "orig", error), "sqlstate", None) in NO_SUCH_THING:
            _fail("the database does not have the schema of this version: run chat-service migrate", Failure.exit_code)
        reason = str(getattr(error, "orig", error))  # the message of PostgreSQL, without that of SQLAlchemy
        _fail(f"the database cannot be used: {reason or type(error).__name__}", Failure.exit_code)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(line: str, code: int) -> NoReturn:
    click.echo(f"chat-service: {' '.join(line.split())}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
