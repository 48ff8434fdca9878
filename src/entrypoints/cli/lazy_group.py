"""A group of commands that are imported when they are called, so that `token` does not load the web framework."""

from collections.abc import Mapping
from importlib import import_module

import click


class LazyGroup(click.Group):
    """`commands_at` names the module of each command, which has an attribute with the name of the command."""

    def __init__(self, name: str | None, commands_at: Mapping[str, str], *, help: str) -> None:
        super().__init__(name, help=help, context_settings={"help_option_names": ["-h", "--help"]})
        self._commands_at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands."""
        return list(self._commands_at)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Finds a command. Raises `UsageError` with the list of commands for an unknown one."""
        if args and args[0] not in self._commands_at and not args[0].startswith("-"):
            ctx.fail(f"No such command '{args[0]}': one of {', '.join(self._commands_at)} is expected")
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports a command."""
        module = self._commands_at.get(cmd_name)
        if module is None:
            return None
        command: click.Command = getattr(import_module(module), cmd_name)
        return command
