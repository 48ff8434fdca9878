"""What a command tells its user in one line instead of a traceback."""

from typing import ClassVar


class Failure(Exception):
    """The text is the line; `exit_code` is 1, or 2 for wrong usage or settings (contract, section 2)."""

    exit_code: ClassVar[int] = 1
