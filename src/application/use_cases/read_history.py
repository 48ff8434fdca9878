"""The messages of a session, a page at a time."""

from collections.abc import Sequence

from application.access.participants import Participants
from application.access.read_limit import ReadLimit
from application.ports.messages import MessageRepository
from application.wire.chat_message import ChatMessage
from domain.errors import Invalid
from domain.identifiers import SessionId
from domain.message import Message
from domain.principal import Principal
from domain.session import ChatSession

MAX_PAGE = 200


class ReadHistory:
    def __init__(self, participants: Participants, messages: MessageRepository, limit: ReadLimit) -> None:
        self._participants = participants
        self._messages = messages
        self._limit = limit

    async def __call__(
        self, principal: Principal, session_id: SessionId, *, limit: int, before: int | None, after: int | None
    ) -> Sequence[ChatMessage]:
        """Up to `limit` messages, oldest first: the last ones, or those next to `before` or `after` (a `seq`).

        Raises `RateLimited`, `Invalid`, `SessionNotFound`, `NotAParticipant`, `Unavailable`.
        """
        with self._limit.reading(principal):
            if before is not None and after is not None:
                raise Invalid("give before or after, not both", field="before")
            session = await self._participants.for_reader(session_id, principal)
            page = await self._page(session_id, limit, before, after)
            return await as_chat_messages(self._participants, session, page)

    async def _page(
        self, session_id: SessionId, limit: int, before: int | None, after: int | None
    ) -> Sequence[Message]:
        if before is not None:
            return await self._messages.before(session_id, before, limit)
        if after is not None:
            return await self._messages.after(session_id, after, limit, fresh=False)
        return await self._messages.latest(session_id, limit)


async def as_chat_messages(
    participants: Participants, session: ChatSession, messages: Sequence[Message]
) -> Sequence[ChatMessage]:
    """The messages of one session with their senders' names. Raises `Unavailable`."""
    profiles = await participants.profiles(session)
    return [ChatMessage.of(message, profiles[message.sender_id]) for message in messages]
