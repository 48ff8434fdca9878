"""What a client missed, from the store, a page at a time (contract, section 7: resume)."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

from application.access.participants import Participants
from application.concurrency.write_behind import WriteBehind
from application.ports.messages import MessageRepository
from application.ports.profiles import ProfileDirectory
from application.ports.push import Delivery
from application.wire.chat_message import ChatMessage
from domain.destination import MESSAGES_QUEUE, session_topic, user_destination
from domain.identifiers import Intent, MessageId, ProfileId, SessionId
from domain.message import Message
from domain.principal import Principal, Service
from domain.profile import Profile

PAGE = 200
MAX_LOOKUPS = 50
_ANY_INTENT = Intent("")  # a message tells none


class Replay:
    """Reads the store in `turns`: at most `readers` at a time, in the order asked for, one page a turn.

    So of those who come back together everybody gets a page before anybody gets the next one, and the rest of the
    store's connections is for what is sent meanwhile.
    """

    def __init__(
        self,
        participants: Participants,
        messages: MessageRepository,
        directory: ProfileDirectory,
        delivered: WriteBehind[MessageId],
        readers: int = 2,
    ) -> None:
        self._participants = participants
        self._messages = messages
        self._directory = directory
        self._delivered = delivered
        self.turns = asyncio.Semaphore(readers)
        self._lookups = asyncio.Semaphore(MAX_LOOKUPS)  # apart, so that nobody's turn waits for FlairBit

    async def last_seq(self, session_id: SessionId) -> int:
        """The seq of the session's last message, 0 for none; read within a turn of the caller's.

        Raises `Unavailable`.
        """
        return await self._messages.last_seq(session_id)

    async def session(self, session_id: SessionId, after: int) -> AsyncIterator[Sequence[Delivery]]:
        """Everything of the session after that `seq`, committed before the last page was asked for.

        The caller has made sure that the reader is a participant. Raises `SessionNotFound`, `Unavailable`.
        """
        destination, is_full = session_topic(session_id), True
        while is_full:
            async with self.turns:
                page = await self._messages.after(session_id, after, PAGE, fresh=True)
            if page:
                after = page[-1].seq
                async with self._lookups:
                    profiles = await self._participants.profiles(await self._participants.session(session_id))
                yield [_delivery(message, profiles, destination) for message in page]
            is_full = len(page) == PAGE

    async def undelivered(self, principal: Principal) -> AsyncIterator[Sequence[Delivery]]:
        """Everything addressed to the user, as any of its profiles, that was never delivered. Raises `Unavailable`."""
        if isinstance(principal, Service):
            return
        await self._delivered.flush()  # what was just written to a socket is not to come again
        async with self._lookups:
            mine = {profile.id for profile in await self._directory.of_email(principal.email)}
        destination = user_destination(principal.email, MESSAGES_QUEUE)
        place: tuple[SessionId, int] | None = None
        is_full = bool(mine)
        while is_full:
            async with self.turns:
                page = await self._messages.undelivered(mine, place, PAGE)
            if page:
                place = (page[-1].session_id, page[-1].seq)
                senders = await self._senders(page)
                yield [_delivery(message, senders, destination) for message in page]
            is_full = len(page) == PAGE

    async def _senders(self, messages: Sequence[Message]) -> Mapping[ProfileId, Profile]:
        async with self._lookups:
            profiles = await self._directory.get({message.sender_id for message in messages})
        return {profile.id: profile for profile in profiles}


def _delivery(message: Message, senders: Mapping[ProfileId, Profile], destination: str) -> Delivery:
    sender = senders.get(message.sender_id) or Profile.unknown(message.sender_id, _ANY_INTENT)
    return ChatMessage.of(message, sender).delivery(destination)
