"""Errors that a command reports in one line, without a traceback."""

from typing import ClassVar


class Failure(Exception):
    """A failure. The text is the line. `exit_code` is 1, or 2 for wrong usage or settings (contract, section 2)."""

    exit_code: ClassVar[int] = 1
