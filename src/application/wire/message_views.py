"""Messages as a viewer sees them, in the JSON that clients get (contract, section 13)."""

from collections.abc import Mapping, Sequence
from datetime import UTC
from itertools import groupby
from operator import attrgetter

import msgspec
from msgspec import UNSET

from application.wire.chat_message import ChatMessage, Quote, Reactions
from domain.changes import UNCHANGED, Reaction
from domain.identifiers import ProfileId
from domain.message import Message
from domain.profile import Profile
from domain.rules.visibility import VisibleMessage, is_withheld, marks_for, quoted, show
from domain.rules.withheld_ids import WithheldIds


class MessageViews:
    """Makes `ChatMessage`s. `deleted_text` is the content of a tombstone, `withheld_text` that of a withheld message.

    A withheld one has other ids, of `withheld_ids`.
    """

    def __init__(self, deleted_text: str, withheld_text: str, withheld_ids: WithheldIds) -> None:
        self._deleted_text = deleted_text
        self._withheld_text = withheld_text
        self._withheld_ids = withheld_ids

    def of(
        self, message: Message, sender: Profile, viewer: ProfileId | None, answered: Message | None = None
    ) -> ChatMessage:
        """The message as `viewer` sees it; None for what both may see. `answered` is the one that it replies to."""
        sent = ChatMessage.of(message, sender)
        if message.shown_marks is not None:
            sent = msgspec.structs.replace(sent, **marks_for(message, viewer)._asdict())
        return self.renewed(sent, message, viewer, answered)

    def renewed(
        self, chat_message: ChatMessage, message: Message, viewer: ProfileId | None, answered: Message | None = None
    ) -> ChatMessage:
        """`chat_message` as it is now: `message` is what the store has of it."""
        if is_withheld(message, viewer):
            return self._withheld(chat_message, message, show(message, viewer))
        if message.changes is UNCHANGED and message.reply_to is None:
            return chat_message
        shown = show(message, viewer)
        return msgspec.structs.replace(
            chat_message,
            content=self._deleted_text if shown.content is None else shown.content,
            version=shown.version,
            edited_at=UNSET if shown.edited_at is None else shown.edited_at,
            deleted=UNSET if shown.deleted_at is None else True,
            deleted_at=UNSET if shown.deleted_at is None else shown.deleted_at,
            reply_to=self._quote(message, shown, viewer, answered),
            reactions=_grouped(shown.reactions) or UNSET,
        )

    def _withheld(self, chat_message: ChatMessage, message: Message, shown: VisibleMessage) -> ChatMessage:
        """What stands in the place of a withheld message: nothing of it but its sender, its `seq` and the day."""
        return msgspec.structs.replace(
            chat_message,
            message_id=self._withheld_ids.disguised(message.id),
            client_message_id=self._withheld_ids.disguised_client_id(message.client_message_id),
            content=self._withheld_text,
            sent_at=message.sent_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0),
            delivered=True,
            seen=True,
            version=shown.version,
            edited_at=UNSET,
            deleted=UNSET,
            deleted_at=UNSET,
            reply_to=UNSET,
            reactions=UNSET,
            withheld=True,
        )

    def rewritten(self, message: Message) -> Mapping[str, object]:
        """What the payloads of its outbox entries say of a message whose text is another one now, for both sides."""
        changes = message.changes
        if changes.deleted_at is not None:
            fields: dict[str, object] = {
                "content": self._deleted_text,
                "deleted": True,
                "deletedAt": changes.deleted_at,
            }
        else:
            fields = {"content": message.content, "editedAt": changes.edited_at}
        return {**fields, "version": 1 + changes.shared}

    def _quote(
        self, message: Message, shown: VisibleMessage, viewer: ProfileId | None, answered: Message | None
    ) -> "Quote | msgspec.UnsetType":
        if message.reply_to is None or shown.content is None:
            return UNSET
        content = None if answered is None else show(answered, _same_side(message, viewer, answered)).content
        if answered is None or content is None:
            return Quote(message.reply_to, deleted=True)
        return Quote(message.reply_to, False, answered.id, answered.sender_id, quoted(content))


def _same_side(message: Message, viewer: ProfileId | None, answered: Message) -> ProfileId | None:
    """The viewer of `message` as one of `answered`: who is not the sender of one may be that of the other."""
    if viewer in (None, message.sender_id) or answered.sender_id == message.sender_id:
        return viewer
    return answered.sender_id


def _grouped(reactions: Sequence[Reaction]) -> list[Reactions]:
    by_emoji = groupby(sorted(reactions, key=attrgetter("emoji")), attrgetter("emoji"))
    return [Reactions(emoji, [reaction.by for reaction in group]) for emoji, group in by_emoji]
