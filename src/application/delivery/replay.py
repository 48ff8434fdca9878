"""Reads the messages that a client missed from the store (contract, section 7: resume)."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from functools import partial

from application.access.participants import Participants, Reader
from application.concurrency.concurrency_limit import ConcurrencyLimit
from application.concurrency.write_behind import WriteBehind
from application.delivery.pages import Pages, Place, Wants
from application.delivery.shown_messages import ShownMessages, viewer_of
from application.ports.messages import MessageRef, MessageRepository
from application.ports.profiles import ProfileDirectory
from application.ports.push import Delivery
from application.wire.fields import MAX_SEQ
from domain.destination import ACK_QUEUE, MESSAGES_QUEUE, session_topic, user_destination
from domain.identifiers import ProfileId, SessionId
from domain.message import Message
from domain.principal import Principal, Service, User
from domain.profile import Profile
from domain.rules.visibility import is_withheld
from domain.session import ChatSession

MAX_LOOKUPS = 50


class Replay:
    """Reads up to `readers` pages at a time, in the order of the calls.

    So when many clients come back together, each gets a page before any gets the next one, and the store has
    connections left for new messages. The reads that a SUBSCRIBE waits for have a limit of their own.
    """

    def __init__(
        self,
        participants: Participants,
        messages: MessageRepository,
        directory: ProfileDirectory,
        shown: ShownMessages,
        delivered: WriteBehind[MessageRef],
        readers: int,
    ) -> None:
        self._participants = participants
        self._messages = messages
        self._directory = directory
        self._shown = shown
        self._delivered = delivered
        self._pages = ConcurrencyLimit(readers)
        self._openings = ConcurrencyLimit(readers)
        self._flushes = ConcurrencyLimit(1)
        self._lookups = asyncio.Semaphore(MAX_LOOKUPS)  # a limit of its own, so that no read waits for FlairBit

    async def find_session(self, session_id: SessionId) -> ChatSession:
        """The session with this id. Raises `SessionNotFound`, `Unavailable`."""
        return await self._openings(partial(self._participants.session, session_id))

    async def last_seq(self, session_id: SessionId) -> int:
        """The `seq` of the session's last message, or 0. Raises `Unavailable`."""
        return await self._openings(partial(self._messages.last_seq, session_id))

    def session(self, reader: Reader, after: int) -> Pages:
        """The messages of the reader's session with a `seq` > `after`, as the reader sees them, without a hole.

        A page has every message that was committed before the call for it. It raises `Unavailable`.
        """
        destination = session_topic(reader.session.id)
        return self._of_session(reader.session, destination, after, MAX_SEQ, reader.viewers, lambda _: True)

    def part_of_session(self, reader: Reader, after: int, up_to: int) -> Pages:
        """As `session`, up to the `seq` `up_to`, without what is withheld from the reader."""
        session, destination = reader.session, session_topic(reader.session.id)

        def belong(message: Message) -> bool:
            return not is_withheld(message, viewer_of(message, reader.viewers))

        return self._of_session(session, destination, after, up_to, reader.viewers, belong)

    async def to_queue(self, user: User, queue: str, session_id: SessionId, after: int, up_to: int) -> Pages:
        """What of the session after the `seq` `after` goes to the user's `queue`, of messages or of acks.

        Raises `SessionNotFound`, `Unavailable`, as does a page.
        """
        async with self._lookups:
            session = await self._participants.session(session_id)
            mine = {profile.id for profile in await self._directory.of_email(user.email)}

        def belong(message: Message) -> bool:
            if is_withheld(message, viewer_of(message, mine)):
                return False
            return (message.sender_id if queue == ACK_QUEUE else session.peer_of(message.sender_id)) in mine

        return self._of_session(session, user_destination(user.name, queue), after, up_to, mine, belong)

    def _of_session(
        self,
        session: ChatSession,
        destination: str,
        after: int,
        up_to: int,
        viewers: Collection[ProfileId] | None,
        belong: Wants,
    ) -> Pages:
        async def fetch(last: Place | None, limit: int) -> Sequence[Message]:
            first = after if last is None else last.seq
            limit = min(limit, up_to - first)  # there is no hole in the seqs
            return await self._messages.after(session.id, first, limit, fresh=True) if limit > 0 else ()

        async def render(messages: Sequence[Message]) -> Sequence[Delivery]:
            async with self._lookups:
                profiles = await self._participants.profiles(session)
            shown = await self._shown.of(messages, profiles, viewers)
            return [message.delivery(destination) for message in shown]

        return Pages(self._pages, fetch, render, belong=belong)

    async def undelivered(self, principal: Principal) -> Pages:
        """The messages to any profile of the user that were never delivered. Raises `Unavailable`."""
        mine: set[ProfileId] = set()
        if not isinstance(principal, Service):
            # else messages that were just written to a socket would come again
            await self._flushes(self._delivered.flush)
            async with self._lookups:
                mine = {profile.id for profile in await self._directory.of_email(principal.email)}
        destination = user_destination(principal.name, MESSAGES_QUEUE)

        async def fetch(last: Place | None, limit: int) -> Sequence[Message]:
            return await self._messages.undelivered(mine, last, limit) if mine else ()

        async def render(messages: Sequence[Message]) -> Sequence[Delivery]:
            shown = await self._shown.of(messages, await self._senders(messages), mine)
            return [message.delivery(destination) for message in shown]

        return Pages(self._pages, fetch, render)

    async def _senders(self, messages: Sequence[Message]) -> Mapping[ProfileId, Profile]:
        async with self._lookups:
            profiles = await self._directory.get({message.sender_id for message in messages})
        return {profile.id: profile for profile in profiles}
