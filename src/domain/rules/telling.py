"""Who may be told what passes: that somebody types, and who is there (contract, sections 14 to 16).

Each path that tells such a thing asks `may_be_told` or `shown_presence`. Settings and blocks change only what
`Relation` says. What is stored is decided by `rules/visibility.py` and `rules/standing.py`.
"""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from domain.rules.presence import OFFLINE, Presence, State


class Passing(StrEnum):
    """What is told and never stored."""

    TYPING = "typing"
    PRESENCE = "presence"


class BlockedViewer(NamedTuple):
    """The subject has blocked the viewer at a time, who is shown no more from `hidden_from` on: not at once."""

    blocked_at: datetime
    hidden_from: datetime


class Relation(NamedTuple):
    """What two participants of a session have chosen about one kind of `Passing`.

    Who does not show it does not see it either. A block by either of them ends it for both.
    """

    viewer_shows: bool = True
    subject_shows: bool = True
    viewer_blocks: bool = False
    blocked: BlockedViewer | None = None


def may_be_told(relation: Relation) -> bool:
    """Whether the viewer may be told of the subject, who takes part in a session with it."""
    return _show_each_other(relation) and relation.blocked is None


def shown_presence(presence: Presence, relation: Relation, now: datetime) -> Presence:
    """The presence that the viewer is told. A hidden one is told as offline, without a time.

    Somebody who is blocked sees the same for as long as the block lasts: offline since the hour of the block.
    """
    if not _show_each_other(relation):
        return OFFLINE
    blocked = relation.blocked
    if blocked is None or now < blocked.hidden_from:
        return presence
    return Presence(State.OFFLINE, blocked.blocked_at.replace(minute=0, second=0, microsecond=0))


def _show_each_other(relation: Relation) -> bool:
    return relation.viewer_shows and relation.subject_shows and not relation.viewer_blocks
