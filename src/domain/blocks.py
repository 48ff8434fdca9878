"""Blocks: somebody wants nothing of another person any more (contract, section 16)."""

from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from domain.identifiers import ProfileId

MAX_BLOCKS: Final = 2_000
"""Blocks that a user may have at a time."""
TOO_MANY: Final = f"there are {MAX_BLOCKS} blocks already"


class Scope(StrEnum):
    """Where a block holds: in every session of the two people, later ones too, or only for the intent."""

    ALL = "all"
    INTENT = "intent"


class Block(NamedTuple):
    """The block of a profile since `blocked_at`. Without a scope it has ended."""

    profile_id: ProfileId
    scope: Scope | None
    blocked_at: datetime
