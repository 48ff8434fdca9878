"""How the two of a session stand to each other (contract, section 16)."""

from typing import Final, NamedTuple


class Standing(NamedTuple):
    """What the two have decided about their session. Who writes asks it under the lock that gives `seq`."""

    is_closed: bool = False


OPEN: Final = Standing()
