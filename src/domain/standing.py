"""How the two of a session stand to each other (contract, section 16)."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, NamedTuple

from domain.identifiers import ProfileId


class Standing(NamedTuple):
    """What the two have decided about their session. Who writes asks it under the lock that gives `seq`.

    `blocks` has who has blocked the other, and when.
    """

    is_closed: bool = False
    blocks: Mapping[ProfileId, datetime] = MappingProxyType({})


OPEN: Final = Standing()
