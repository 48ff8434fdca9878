"""What a reader has not seen of a session; reading it changes nothing."""

from collections.abc import Sequence

from application.access.participants import Participants
from application.access.read_limit import ReadLimit
from application.ports.messages import MessageRepository
from application.use_cases.read_history import as_chat_messages
from application.wire.chat_message import ChatMessage
from domain.identifiers import Email, Intent, SessionId
from domain.message import Message
from domain.principal import Principal

MAX_UNREAD = 1_000  # one answer
MAX_OCTETS = 1024 * 1024  # of text in one answer, but one message at least


class ReadUnread:
    def __init__(self, participants: Participants, messages: MessageRepository, limit: ReadLimit) -> None:
        self._participants = participants
        self._messages = messages
        self._limit = limit

    async def __call__(
        self,
        principal: Principal,
        session_id: SessionId,
        reader_email: Email,
        intent: Intent,
        *,
        limit: int = MAX_UNREAD,
        after: int = 0,
    ) -> Sequence[ChatMessage]:
        """The first messages to the reader not seen beyond the seq `after`, oldest first: `limit`, or 1 MiB of text.

        Raises `RateLimited`, `NotYourself`, `SessionNotFound`, `NotAParticipant`, `ProfileNotFound`, `Unavailable`.
        """
        with self._limit.reading(principal):
            principal.require(reader_email, "readerEmail")
            session, reader, _ = await self._participants.participation(session_id, reader_email, intent)
            unseen = await self._messages.unseen(session_id, reader.id, limit, after)
            return await as_chat_messages(self._participants, session, _first_octets(unseen))


def _first_octets(messages: Sequence[Message]) -> Sequence[Message]:
    """As many of the first as have no more than `MAX_OCTETS` of text together."""
    octets = 0
    for count, message in enumerate(messages):
        octets += len(message.content.encode())
        if count and octets > MAX_OCTETS:
            return messages[:count]
    return messages
