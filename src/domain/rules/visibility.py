"""What a viewer sees of a message (contract, section 13). Every path that shows messages uses this rule."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from domain.changes import UNCHANGED, Reaction
from domain.identifiers import ProfileId
from domain.message import Marks, Message

QUOTED_CHARACTERS = 140
RECEIVER = ProfileId(UUID(int=0))
"""Stands for whoever has not sent the message."""


class VisibleMessage(NamedTuple):
    """A message as a viewer sees it. `version` is 1 for an unchanged message, and counts the changes for the viewer.

    `content` is None for a deleted message, and for one that is withheld from the viewer.
    """

    content: str | None
    version: int = 1
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    reactions: tuple[Reaction, ...] = ()
    withheld: bool = False


def is_withheld(message: Message, viewer: ProfileId | None) -> bool:
    """Whether it is withheld from the viewer, as it is from all but its sender."""
    return message.withheld and viewer != message.sender_id


def show(message: Message, viewer: ProfileId | None) -> VisibleMessage:
    """The message as `viewer`, a participant, sees it. For None, as far as both participants may see it."""
    changes = message.changes
    if is_withheld(message, viewer):
        return VisibleMessage(None, 1 + changes.shared, withheld=True)
    if changes is UNCHANGED:
        return VisibleMessage(message.content)
    hidden_at = _hidden_at(message, viewer)
    deleted_at = hidden_at if hidden_at is not None else changes.deleted_at
    is_hidden = viewer is not None and hidden_at is not None
    version = 1 + changes.shared + is_hidden
    if deleted_at is not None:
        return VisibleMessage(None, version, deleted_at=deleted_at)
    return VisibleMessage(message.content, version, changes.edited_at, None, _shown_reactions(message, viewer))


def is_visible(message: Message, viewer: ProfileId | None) -> bool:
    """Whether the message is neither deleted for the viewer nor withheld from it."""
    return show(message, viewer).content is not None


def marks_for(message: Message, viewer: ProfileId | None) -> Marks:
    """The marks as `viewer` is shown them: to the receiver all, to its sender or for both what is not hidden."""
    if message.shown_marks is None or viewer not in (None, message.sender_id):
        return Marks(message.delivered, message.seen)
    return message.shown_marks


def quoted(content: str) -> str:
    """The part of a message's content that a reply shows."""
    return content[:QUOTED_CHARACTERS]


def _shown_reactions(message: Message, viewer: ProfileId | None) -> tuple[Reaction, ...]:
    reactions = message.changes.reactions
    if not any(reaction.withheld for reaction in reactions):
        return reactions
    # somebody who is not the sender is known as that alone
    is_sender = viewer == message.sender_id
    return tuple(
        reaction
        for reaction in reactions
        if not reaction.withheld or (viewer is not None and (reaction.by == message.sender_id) == is_sender)
    )


def _hidden_at(message: Message, viewer: ProfileId | None) -> datetime | None:
    changes = message.changes
    if viewer is None:
        return changes.hidden_by_sender_at or changes.hidden_by_receiver_at
    return changes.hidden_by_sender_at if viewer == message.sender_id else changes.hidden_by_receiver_at
