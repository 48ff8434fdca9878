"""Finds who takes part in a session, and as which profile. Cached, as every message needs it."""

import contextlib
from collections.abc import Collection, Mapping
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
    """One side of a session: `me` is the profile on that side, `peer` the other one.

    The e-mail of `peer` may be unknown.
    """

    session: ChatSession
    me: Profile
    peer: Profile

    @property
    def profiles(self) -> Mapping[ProfileId, Profile]:
        """Both profiles, by id."""
        return {self.me.id: self.me, self.peer.id: self.peer}


class Reader(NamedTuple):
    """Who reads a session: one of its two profiles, or None for a service, which is neither."""

    session: ChatSession
    profile_id: ProfileId | None

    @property
    def viewers(self) -> Collection[ProfileId] | None:
        """The profiles of the reader; None for a service, which sees what both may see."""
        return None if self.profile_id is None else (self.profile_id,)


class _Cached(NamedTuple):
    participation: Participation
    until: datetime
    changes: int


class Participants:
    """Finds sessions and participations.

    Caches up to `session_cache_size` sessions, which never change, and their participations for `max_age` seconds.
    `lookup` and `directory` should cache, too.
    """

    def __init__(
        self,
        sessions: SessionRepository,
        lookup: ProfileLookup,
        directory: ProfileDirectory,
        clock: Clock,
        *,
        session_cache_size: int,
        max_age: float,
    ) -> None:
        self._sessions = sessions
        self._lookup = lookup
        self._directory = directory
        self._clock = clock
        self._known: LRUCache[SessionId, ChatSession] = LRUCache(session_cache_size)
        self._max_age = timedelta(seconds=max_age)
        self._participations: LRUCache[tuple[SessionId, Email, Intent], _Cached] = LRUCache(2 * session_cache_size)

    async def session(self, session_id: SessionId) -> ChatSession:
        """The session with this id. Raises `SessionNotFound`, `Unavailable`."""
        session = self._known.get(session_id)
        if session is None:
            session = await self._sessions.find(session_id)
            if session is None:
                raise SessionNotFound
            self._known[session_id] = session
        return session

    async def participation(self, session_id: SessionId, email: Email, intent: Intent) -> Participation:
        """The participation of `email` in the session.

        While the store is away, returns an older participation if there is one: participants do not change. Raises
        `SessionNotFound`, `NotAParticipant`, `ProfileNotFound`, `Unavailable`.
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
        self._participations[key] = _Cached(participation, until, changes)
        return participation

    def known_participation(self, session_id: SessionId, email: Email, intent: Intent) -> Participation | None:
        """The participation if it is cached, otherwise None. Never waits."""
        known = self._participations.get((session_id, email, intent))
        if known is None or known.changes != self._directory.changes or self._clock.now() >= known.until:
            return None
        return known.participation

    async def _participation(self, session_id: SessionId, email: Email, intent: Intent) -> Participation:
        session = await self.session(session_id)
        if session.intent != intent:  # before the lookup, which would ask FlairBit about every invented intent
            raise NotAParticipant
        both = await self.profiles(session)  # in one query, before the lookup compares one of them with the directory
        me = await self._lookup.find(email, intent)
        if not session.has(me.id):
            raise NotAParticipant
        await self._directory.remember((me,))  # the directory may have lost it, as after a restore
        return Participation(session, me, both[session.peer_of(me.id)])

    async def for_reader(self, session_id: SessionId, principal: Principal) -> Reader:
        """The session, if `principal` is a participant or a service.

        Raises `SessionNotFound`, `NotAParticipant`, `Unavailable`.
        """
        session = await self.session(session_id)
        if isinstance(principal, Service):
            return Reader(session, None)
        profile_id = await self._find(session, principal.email)
        if profile_id is None:
            raise NotAParticipant
        return Reader(session, profile_id)

    async def _find(self, session: ChatSession, email: Email) -> ProfileId | None:
        """The participant of the session with this e-mail. While the lookup is away, the directory decides."""
        try:
            profile = await self._lookup.find(email, session.intent)
        except ProfileNotFound:
            return None
        except Unavailable:
            known = await self._directory.get(session.pair)
            return next((profile.id for profile in known if profile.email == email), None)
        if not session.has(profile.id):
            return None
        with contextlib.suppress(Unavailable):
            await self._directory.remember((profile,))
        return profile.id

    async def profiles(self, session: ChatSession) -> Mapping[ProfileId, Profile]:
        """Both profiles of the session, by id. An unknown profile has no e-mail and no name. Raises `Unavailable`."""
        known = {profile.id: profile for profile in await self._directory.get(session.pair)}
        return {id_: known.get(id_) or Profile.unknown(id_, session.intent) for id_ in session.pair}
