"""Who may change a message, until when, and the result of the change (contract, section 13).

Each function returns the changed message, or the same object when nothing changes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.changes import Changes, Reaction
from domain.errors import (
    DeleteWindowOver,
    EditWindowOver,
    MessageGone,
    MessageNotFound,
    NotAllowed,
    VersionConflict,
)
from domain.identifiers import ProfileId
from domain.message import Message, check_content
from domain.rules.emoji import check_emoji
from domain.rules.repeats import SentDigests
from domain.rules.visibility import is_withheld, show


@dataclass(frozen=True, slots=True)
class Windows:
    """How long after it was sent a message may be edited, and deleted for both."""

    edit: timedelta
    delete: timedelta


@dataclass(frozen=True, slots=True)
class ChangePolicy:
    """The rules for edits and deletions. In all of them `by` is a participant of the message's session."""

    windows: Windows
    digests: SentDigests

    def edit(self, message: Message, by: ProfileId, now: datetime, content: str, version: int | None = None) -> Message:
        """The message with new content. `version` is the version that the editor has seen, or None.

        Raises `Invalid`, `NotAllowed`, `MessageGone`, `EditWindowOver`, `VersionConflict`.
        """
        check_content(content)
        _require_sender(message, by)
        _require_visible(message, by)
        if now - message.sent_at > self.windows.edit:
            raise EditWindowOver
        if version is not None and version != show(message, by).version:
            raise VersionConflict
        changes = message.changes
        if content == message.content and changes.edited_at is not None:
            return message
        return message._replace(content=content, changes=self._keeping_digest(message)._replace(edited_at=now))

    def delete(self, message: Message, by: ProfileId, now: datetime) -> Message:
        """The message without its content, for both participants. Raises `NotAllowed`, `DeleteWindowOver`."""
        _require_sender(message, by)
        if message.changes.deleted_at is not None:
            return message
        if now - message.sent_at > self.windows.delete:
            raise DeleteWindowOver
        changes = self._keeping_digest(message)._replace(deleted_at=now, reactions=())
        return message._replace(content="", changes=changes)

    def _keeping_digest(self, message: Message) -> Changes:
        """The changes with one more shared change, and with the digest of the original message."""
        changes = message.changes
        is_as_sent = changes.edited_at is None and changes.sent_digest is None
        digest = self.digests.of(message) if is_as_sent else changes.sent_digest
        return changes._replace(shared=changes.shared + 1, sent_digest=digest)


def hide(message: Message, by: ProfileId, now: datetime) -> Message:
    """The message, deleted for the participant `by` only. Raises `MessageNotFound` for one that is withheld from it."""
    _require_told(message, by)
    if show(message, by).deleted_at is not None:
        return message
    changes = message.changes
    if by == message.sender_id:
        return message._replace(changes=changes._replace(hidden_by_sender_at=now))
    return message._replace(changes=changes._replace(hidden_by_receiver_at=now))


def react(message: Message, by: ProfileId, emoji: str | None, *, withheld: bool = False) -> Message:
    """The message with `emoji` as the reaction of `by`. It replaces an earlier one. None removes it.

    With `withheld` the other one is not shown it. Raises `Invalid`, `MessageGone`, `MessageNotFound`.
    """
    if emoji is not None:
        check_emoji(emoji)
    _require_visible(message, by)
    others = tuple(reaction for reaction in message.changes.reactions if reaction.by != by)
    reactions = others if emoji is None else (*others, Reaction(by, emoji, withheld))
    if set(reactions) == set(message.changes.reactions):
        return message
    changes = message.changes
    return message._replace(changes=changes._replace(reactions=reactions, shared=changes.shared + 1))


def _require_sender(message: Message, by: ProfileId) -> None:
    if message.sender_id != by:
        raise NotAllowed("only the sender of a message may do this")


def _require_told(message: Message, by: ProfileId) -> None:
    if is_withheld(message, by):
        raise MessageNotFound


def _require_visible(message: Message, by: ProfileId) -> None:
    _require_told(message, by)
    if show(message, by).deleted_at is not None:
        raise MessageGone
