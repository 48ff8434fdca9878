"""Reads the messages of a session that a reader has not seen. Marks nothing."""

from collections.abc import Sequence

from application.access.participants import Participants
from application.access.read_limit import ReadLimit
from application.delivery.shown_messages import ShownMessages
from application.ports.messages import MessageRepository
from application.use_cases.places import Place, seq_at
from application.wire.chat_message import ChatMessage
from domain.identifiers import Email, Intent, SessionId
from domain.message import Message
from domain.principal import Principal
from domain.rules.withheld_ids import WithheldIds

MAX_UNREAD = 1_000
"""The largest number of messages in one answer."""
MAX_OCTETS = 1024 * 1024
"""The largest size of all texts in one answer, in octets. An answer with one message may be larger."""
_LARGEST_MESSAGES = 64
"""So many of the largest messages have `MAX_OCTETS`."""


class ReadUnread:
    """Reads unread messages (contract, section 5: `GET /api/chat/{sessionId}/unread`)."""

    def __init__(
        self,
        participants: Participants,
        messages: MessageRepository,
        shown: ShownMessages,
        limit: ReadLimit,
        withheld_ids: WithheldIds,
    ) -> None:
        self._withheld_ids = withheld_ids
        self._participants = participants
        self._shown = shown
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
        after: Place = 0,
    ) -> Sequence[ChatMessage]:
        """Returns the first unread messages after a place, oldest first: up to `limit`, or 1 MiB of text.

        Raises `RateLimited`, `NotYourself`, `SessionNotFound`, `NotAParticipant`, `ProfileNotFound`, `Unavailable`, and
        `MessageNotFound` when the session has no message with the id that was given.
        """
        with self._limit.reading(principal, min(limit, _LARGEST_MESSAGES)):
            principal.require(reader_email, "readerEmail")
            session, reader, _ = await self._participants.participation(session_id, reader_email, intent)
            seq = await seq_at(self._messages, session_id, after, self._withheld_ids)
            unseen = _first_octets(await self._messages.unseen(session_id, reader.id, limit, seq))
            self._limit.charge(principal, (message.content for message in unseen))
            return await self._shown.of(unseen, await self._participants.profiles(session), (reader.id,))


def _first_octets(messages: Sequence[Message]) -> Sequence[Message]:
    """The first messages whose texts fit into `MAX_OCTETS`."""
    octets = 0
    for count, message in enumerate(messages):
        octets += len(message.content.encode())
        if count and octets > MAX_OCTETS:
            return messages[:count]
    return messages
