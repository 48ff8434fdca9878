"""What a reader has not seen of a session; reading it changes nothing."""

from collections.abc import Sequence

from application.chat_message import ChatMessage
from application.participants import Participants
from application.ports.messages import MessageRepository
from application.read_history import as_chat_messages
from domain.identifiers import Email, Intent, SessionId
from domain.principal import Principal

MAX_UNREAD = 1_000  # one answer; the rest is there once these are marked seen


class ReadUnread:
    def __init__(self, participants: Participants, messages: MessageRepository) -> None:
        self._participants = participants
        self._messages = messages

    async def __call__(
        self, principal: Principal, session_id: SessionId, reader_email: Email, intent: Intent
    ) -> Sequence[ChatMessage]:
        """The first 1,000 messages to the reader not seen, oldest first.

        Raises `NotYourself`, `SessionNotFound`, `NotAParticipant`, `ProfileNotFound`, `Unavailable`.
        """
        principal.require(reader_email, "readerEmail")
        session, reader, _ = await self._participants.participation(session_id, reader_email, intent)
        return await as_chat_messages(
            self._participants, session, await self._messages.unseen(session_id, reader.id, MAX_UNREAD)
        )
