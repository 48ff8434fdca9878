"""Messages of the store as a viewer sees them, with the messages that they answer."""

from collections.abc import Collection, Mapping, Sequence

from application.ports.changes.message_changes import MessageChanges, Place
from application.wire.chat_message import ChatMessage
from application.wire.message_views import MessageViews
from domain.identifiers import Intent, ProfileId
from domain.message import Message
from domain.profile import Profile
from domain.rules.visibility import RECEIVER

_ANY_INTENT = Intent("")  # a message does not tell its intent


class ShownMessages:
    """Makes `ChatMessage`s; reads the messages that replies answer, and nothing for other messages."""

    def __init__(self, changes: MessageChanges, views: MessageViews) -> None:
        self._changes = changes
        self._views = views

    async def of(
        self,
        messages: Sequence[Message],
        senders: Mapping[ProfileId, Profile],
        viewers: Collection[ProfileId] | None,
    ) -> Sequence[ChatMessage]:
        """The messages, in order. `viewers` are the profiles of the one viewer; None for what both sides may see.

        Raises `Unavailable`.
        """
        answered = await self.answered_by(messages)
        return [
            self._views.of(message, _sender(message, senders), viewer_of(message, viewers), _answer(message, answered))
            for message in messages
        ]

    async def answered_by(self, messages: Sequence[Message]) -> Mapping[Place, Message]:
        """The messages that those of `messages` which are replies answer. Raises `Unavailable`."""
        places = {Place(message.session_id, message.reply_to) for message in messages if message.reply_to is not None}
        return await self._changes.at(places) if places else {}

    def renewed(
        self, chat_message: ChatMessage, message: Message, is_own: bool | None, answered: Mapping[Place, Message]
    ) -> ChatMessage:
        """`chat_message` as it is now: `message` is what the store has of it. `answered` are what replies answer.

        `is_own` says whether the viewer has sent it; None for what both sides see.
        """
        viewer = None if is_own is None else message.sender_id if is_own else RECEIVER
        return self._views.renewed(chat_message, message, viewer, _answer(message, answered))


def viewer_of(message: Message, viewers: Collection[ProfileId] | None) -> ProfileId | None:
    """The side of the message that a viewer with these profiles is on."""
    if viewers is None:
        return None
    return message.sender_id if message.sender_id in viewers else RECEIVER


def _answer(message: Message, answered: Mapping[Place, Message]) -> Message | None:
    return None if message.reply_to is None else answered.get(Place(message.session_id, message.reply_to))


def _sender(message: Message, senders: Mapping[ProfileId, Profile]) -> Profile:
    return senders.get(message.sender_id) or Profile.unknown(message.sender_id, _ANY_INTENT)
