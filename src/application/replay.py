"""What a client missed, from the store, a page at a time (contract, section 7: resume)."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

from application.chat_message import ChatMessage
from application.participants import Participants
from application.ports.messages import MessageRepository
from application.ports.profiles import ProfileDirectory
from application.ports.push import Delivery
from application.write_behind import WriteBehind
from domain.destination import MESSAGES_QUEUE, session_topic, user_destination
from domain.identifiers import MessageId, ProfileId, SessionId
from domain.message import Message
from domain.principal import Principal, Service
from domain.profile import Profile

PAGE = 200


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
                profiles = await self._participants.profiles(await self._participants.session(session_id))
            if page:
                after = page[-1].seq
                yield [_delivery(message, profiles, destination) for message in page]
            is_full = len(page) == PAGE

    async def undelivered(self, principal: Principal) -> AsyncIterator[Sequence[Delivery]]:
        """Everything addressed to the user, as any of its profiles, that was never delivered. Raises `Unavailable`."""
        if isinstance(principal, Service):
            return
        await self._delivered.flush()  # what was just written to a socket is not to come again
        destination = user_destination(principal.email, MESSAGES_QUEUE)
        mine: set[ProfileId] | None = None
        place: tuple[SessionId, int] | None = None
        is_full = True
        while is_full:
            async with self.turns:
                if mine is None:
                    mine = {profile.id for profile in await self._directory.of_email(principal.email)}
                page = await self._messages.undelivered(mine, place, PAGE) if mine else ()
                senders = await self._senders(page)
            if page:
                place = (page[-1].session_id, page[-1].seq)
                yield [_delivery(message, senders, destination) for message in page]
            is_full = len(page) == PAGE

    async def _senders(self, messages: Sequence[Message]) -> Mapping[ProfileId, Profile]:
        profiles = await self._directory.get({message.sender_id for message in messages})
        return {profile.id: profile for profile in profiles}


def _delivery(message: Message, senders: Mapping[ProfileId, Profile], destination: str) -> Delivery:
    return ChatMessage.of(message, senders[message.sender_id]).delivery(destination)
