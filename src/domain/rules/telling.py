"""Who may be told what passes: that somebody types, and who is there (contract, sections 14 to 16).

Each path that tells such a thing asks `may_be_told`. Settings and blocks change only what `Relation` says.
"""

from enum import StrEnum
from typing import NamedTuple

from domain.rules.presence import OFFLINE, Presence


class Passing(StrEnum):
    """What is told and never stored."""

    TYPING = "typing"
    PRESENCE = "presence"


class Relation(NamedTuple):
    """What two participants of a session have chosen about one kind of `Passing`.

    Who does not show it does not see it either. A block by either of them ends it for both.
    """

    viewer_shows: bool = True
    subject_shows: bool = True
    is_blocked: bool = False


def may_be_told(relation: Relation) -> bool:
    """Whether the viewer may be told of the subject, who takes part in a session with it."""
    return relation.viewer_shows and relation.subject_shows and not relation.is_blocked


def shown_presence(presence: Presence, relation: Relation) -> Presence:
    """The presence that the viewer is told. A hidden one is told as offline, without a time."""
    return presence if may_be_told(relation) else OFFLINE
