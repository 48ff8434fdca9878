"""Reads the messages of a session in pages."""

from collections.abc import Sequence

from application.access.participants import Participants
from application.access.read_limit import ReadLimit
from application.delivery.shown_messages import ShownMessages
from application.ports.messages import MessageRepository
from application.use_cases.places import Place, seq_at
from application.wire.chat_message import ChatMessage
from domain.errors import Invalid
from domain.identifiers import SessionId
from domain.message import Message
from domain.principal import Principal
from domain.rules.withheld_ids import WithheldIds

MAX_PAGE = 200


class ReadHistory:
    """Reads history (contract, section 5: `GET /api/chat/{sessionId}/history`)."""

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
        self, principal: Principal, session_id: SessionId, *, limit: int, before: Place | None, after: Place | None
    ) -> Sequence[ChatMessage]:
        """Returns up to `limit` messages, oldest first: the last ones, or those next to the place `before` or `after`.

        Raises `RateLimited`, `Invalid`, `SessionNotFound`, `NotAParticipant`, `Unavailable`, and `MessageNotFound` when
        the session has no message with the id that was given.
        """
        with self._limit.reading(principal, limit):
            if before is not None and after is not None:
                raise Invalid("give before or after, not both", field="before")
            reader = await self._participants.for_reader(session_id, principal)
            page = await self._page(session_id, limit, before, after)
            self._limit.charge(principal, (message.content for message in page))
            return await self._shown.of(page, await self._participants.profiles(reader.session), reader.viewers)

    async def _page(
        self, session_id: SessionId, limit: int, before: Place | None, after: Place | None
    ) -> Sequence[Message]:
        if before is not None:
            seq = await seq_at(self._messages, session_id, before, self._withheld_ids)
            return await self._messages.before(session_id, seq, limit)
        if after is not None:
            seq = await seq_at(self._messages, session_id, after, self._withheld_ids)
            return await self._messages.after(session_id, seq, limit, fresh=False)
        return await self._messages.latest(session_id, limit)
