"""Who takes part in a session, and as which profile; cached, so that the way of a message asks nobody."""

import contextlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from cachetools import LRUCache

from application.ports.clock import Clock
from application.ports.profiles import ProfileDirectory, ProfileLookup
from application.ports.sessions import SessionRepository
from domain.errors import NotAParticipant, ProfileNotFound, SessionNotFound, StoreUnavailable, Unavailable
from domain.identifiers import Email, Intent, ProfileId, SessionId
from domain.principal import Principal, Service
from domain.profile import Profile
from domain.session import ChatSession


class Participation(NamedTuple):
    """Somebody in a session: `me`, and the other one, who may have no known e-mail."""

    session: ChatSession
    me: Profile
    peer: Profile


class _Remembered(NamedTuple):
    participation: Participation
    until: datetime
    changes: int


class Participants:
    """`lookup` and `directory` are expected to cache; sessions, which never change, are cached here.

    So is who takes part in them, for `max_age` seconds at most: the way of a message begins with one look.
    """

    def __init__(
        self,
        sessions: SessionRepository,
        lookup: ProfileLookup,
        directory: ProfileDirectory,
        clock: Clock,
        max_cached_sessions: int = 50_000,
        max_age: float = 60.0,
    ) -> None:
        self._sessions = sessions
        self._lookup = lookup
        self._directory = directory
        self._clock = clock
        self._known: LRUCache[SessionId, ChatSession] = LRUCache(max_cached_sessions)
        self._max_age = timedelta(seconds=max_age)
        self._participations: LRUCache[tuple[SessionId, Email, Intent], _Remembered] = LRUCache(2 * max_cached_sessions)

    async def session(self, session_id: SessionId) -> ChatSession:
        """Raises `SessionNotFound`, `Unavailable`."""
        session = self._known.get(session_id)
        if session is None:
            session = await self._sessions.find(session_id)
            if session is None:
                raise SessionNotFound
            self._known[session_id] = session
        return session

    async def participation(self, session_id: SessionId, email: Email, intent: Intent) -> Participation:
        """As what `email` takes part in the session, and with whom.

        While the store is away, what was known before stands: who takes part in a session does not change.

        Raises `SessionNotFound`, `NotAParticipant`, `ProfileNotFound`, `Unavailable`.
        """
        if (current := self.known_participation(session_id, email, intent)) is not None:
            return current
        key, until, changes = (session_id, email, intent), self._clock.now() + self._max_age, self._directory.changes
        known = self._participations.get(key)
        try:
            participation = await self._participation(session_id, email, intent)
        except StoreUnavailable:
            if known is None:
                raise
            return known.participation
        self._participations[key] = _Remembered(participation, until, changes)
        return participation

    def known_participation(self, session_id: SessionId, email: Email, intent: Intent) -> Participation | None:
        """As `participation`, where nobody has to be asked; None otherwise."""
        known = self._participations.get((session_id, email, intent))
        if known is None or known.changes != self._directory.changes or self._clock.now() >= known.until:
            return None
        return known.participation

    async def _participation(self, session_id: SessionId, email: Email, intent: Intent) -> Participation:
        session = await self.session(session_id)
        if session.intent != intent:  # before the lookup, which would ask FlairBit about every made-up intent
            raise NotAParticipant
        both = await self.profiles(session)  # read together, before the lookup compares one of them with what is known
        me = await self._lookup.find(email, intent)
        if not session.has(me.id):
            raise NotAParticipant
        await self._directory.remember((me,))  # it may be missing there, as after a restore
        return Participation(session, me, both[session.peer_of(me.id)])

    async def for_reader(self, session_id: SessionId, principal: Principal) -> ChatSession:
        """The session, for a participant or a service. Raises `SessionNotFound`, `NotAParticipant`, `Unavailable`."""
        session = await self.session(session_id)
        if not isinstance(principal, Service) and not await self._has(session, principal.email):
            raise NotAParticipant
        return session

    async def _has(self, session: ChatSession, email: Email) -> bool:
        """Whether one of the two has that e-mail; while nobody can be asked, what is remembered stands."""
        try:
            profile = await self._lookup.find(email, session.intent)
        except ProfileNotFound:
            return False
        except Unavailable:
            return any(profile.email == email for profile in await self._directory.get(session.pair))
        if not session.has(profile.id):
            return False
        with contextlib.suppress(Unavailable):
            await self._directory.remember((profile,))
        return True

    async def profiles(self, session: ChatSession) -> Mapping[ProfileId, Profile]:
        """Both profiles of the session, by id; one that is not known is there without e-mail and name.

        Raises `Unavailable`.
        """
        known = {profile.id: profile for profile in await self._directory.get(session.pair)}
        return {one: known.get(one) or Profile.unknown(one, session.intent) for one in session.pair}
