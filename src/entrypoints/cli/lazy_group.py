"""A group whose commands are imported when they are called: `token` need not wait for the web framework."""

from collections.abc import Mapping
from importlib import import_module

import click


class LazyGroup(click.Group):
    """`commands_at` names the module of each command, in which it is the attribute of the same name."""

    def __init__(self, name: str | None, commands_at: Mapping[str, str], *, help: str) -> None:
        super().__init__(name, help=help, context_settings={"help_option_names": ["-h", "--help"]})
        self._commands_at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._commands_at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = self._commands_at.get(cmd_name)
        if module is None:
            return None
        command: click.Command = getattr(import_module(module), cmd_name)
        return command
