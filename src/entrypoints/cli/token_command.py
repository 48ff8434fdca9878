"""The command that makes a token for this service, to run in another terminal."""

import os
import shlex
import shutil
import sys
from pathlib import Path

from entrypoints.development.tokens import makes_tokens
from entrypoints.settings.model import Settings

WHO = "you@example.org"


def how_to_get_a_token(settings: Settings) -> str:
    """The command, with the settings that the other terminal may not have.

    Or who makes the tokens, when this service does not.
    """
    if not makes_tokens(settings):
        return "from the issuer of the keys in CHAT_JWT_…"
    needed: dict[str, str] = {"CHAT_PROFILE": settings.profile}
    if settings.data_dir != Settings().data_dir or not settings.data_dir.is_absolute():
        needed["CHAT_DATA_DIR"] = str(settings.data_dir.resolve())
    if settings.jwt_issuer:
        needed["CHAT_JWT_ISSUER"] = settings.jwt_issuer
    if settings.jwt_audience:
        needed["CHAT_JWT_AUDIENCE"] = settings.jwt_audience
    variables = (f"{name}={shlex.quote(value)}" for name, value in needed.items())
    return f"{' '.join(variables)} {_ourselves()} token {WHO}"


def _ourselves() -> str:
    """The command `chat-service`, as one types it in this folder."""
    command = Path(sys.argv[0])
    if shutil.which(command.name) == str(command):
        return command.name
    absolute = Path(os.path.abspath(command))  # not resolved: a virtual environment has links of its own
    if absolute.is_relative_to(Path.cwd()):
        return shlex.quote(str(absolute.relative_to(Path.cwd())))
    return shlex.quote(str(absolute))
