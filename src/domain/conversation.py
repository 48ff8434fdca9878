"""One side's own state of a session: mute, archive, pin and draft (contract, section 15)."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final, NamedTuple

MAX_DRAFT_LENGTH: Final = 4_000


class Conversation(NamedTuple):
    """What one side has made of a session. The other side sees nothing of it.

    `archived_to` is the last `seq` that there was when it was archived. `draft` is empty when there is none.
    """

    muted_until: datetime | None = None
    archived_to: int | None = None
    pinned_at: datetime | None = None
    draft: str = ""


UNTOUCHED: Final = Conversation()


class Activity(NamedTuple):
    """The last `seq` of a session, and when that message was sent; 0 and when it was opened if there is none."""

    last_seq: int
    last_at: datetime


class Keep(Enum):
    """Stands for a value that a change leaves as it is."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP


@dataclass(frozen=True, slots=True)
class ConversationChange:
    """What one side wants of a session. `muted_until` may be None, and `draft` empty, to end them."""

    muted_until: datetime | Keep | None = KEEP
    archived: bool | Keep = KEEP
    pinned: bool | Keep = KEEP
    draft: str | Keep = KEEP
