"""Lets a connection watch the peers of sessions (contract, section 14)."""

import asyncio
from collections.abc import Mapping
from typing import Final

from application.access.participants import Participants
from application.access.rate_limit import RateLimit
from application.commands import WatchCommand
from application.ports.relations import Relations
from application.ports.sessions import SessionRepository
from application.presence.watches import Peer, Watch, Watches
from domain.errors import ChatError, Unavailable
from domain.identifiers import Email, ProfileId, SessionId
from domain.principal import Principal
from domain.rules.telling import Passing
from domain.standing import OPEN, Standing

RECHECK_AT_ONCE: Final = 4
"""Watches that are checked again at the same time."""


class WatchPresence:
    """Finds the peers of sessions. Only a participant of a session may watch its peer."""

    def __init__(
        self,
        participants: Participants,
        sessions: SessionRepository,
        relations: Relations,
        watches: Watches,
        rate_limit: RateLimit,
    ) -> None:
        self._participants = participants
        self._sessions = sessions
        self._relations = relations
        self._watches = watches
        self._rate_limit = rate_limit
        self._turns = asyncio.Semaphore(RECHECK_AT_ONCE)

    async def __call__(self, principal: Principal, command: WatchCommand, watch: Watch) -> None:
        """Lets `watch` watch the peers of these sessions instead of those before, which stay when it raises.

        Raises `Invalid`, `NotYourself`, `RateLimited`, `SessionNotFound`, `NotAParticipant`, `ProfileNotFound`,
        `Unavailable`, and `Overloaded` when too many people are watched on this instance.
        """
        email = principal.acting_for(command.email)
        self._rate_limit.take(principal)
        sessions = tuple(dict.fromkeys(command.session_ids))
        standings = await self._sessions.standings(sessions)
        peers = await asyncio.gather(*(self._peer(email, session_id, standings) for session_id in sessions))
        self._watches.check_room(watch, len(peers))
        self._watches.replace(watch, list({peer.profile_id: peer for peer in peers}.values()))

    async def again(self, principal: Principal, command: WatchCommand, watch: Watch) -> None:
        """Checks the rights of a watch again: an address, a setting or a block may have changed."""
        email = principal.acting_for(command.email)
        peers: dict[ProfileId, Peer] = {}
        async with self._turns:
            try:
                standings = await self._sessions.standings(command.session_ids)
            except Unavailable:
                return  # keeps the right while nobody can be asked
            for session_id in command.session_ids:
                try:
                    peer = await self._peer(email, session_id, standings)
                except Unavailable:
                    return
                except ChatError:
                    continue
                peers[peer.profile_id] = peer
        self._watches.replace(watch, list(peers.values()), all_of_them=False)

    async def _peer(self, email: Email, session_id: SessionId, standings: Mapping[SessionId, Standing]) -> Peer:
        session = await self._participants.session(session_id)
        who = await self._participants.participation(session.id, email, session.intent)
        relation = await self._relations.between(Passing.PRESENCE, who.me, who.peer, standings.get(session_id, OPEN))
        return Peer(who.peer.id, who.peer.email, relation)
