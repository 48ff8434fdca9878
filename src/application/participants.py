"""Who takes part in a session, and as which profile; cached, so that the way of a message asks nobody."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from cachetools import LRUCache

from application.ports.clock import Clock
from application.ports.profiles import ProfileDirectory, ProfileLookup
from application.ports.sessions import SessionRepository
from domain.errors import NotAParticipant, SessionNotFound, StoreUnavailable, Unavailable
from domain.identifiers import Email, Intent, ProfileId, SessionId
from domain.principal import Principal, Service
from domain.profile import Profile
from domain.session import ChatSession

PARTICIPATION_TTL = timedelta(seconds=60)  # how late a change of somebody's name may be seen in new messages


class Participation(NamedTuple):
    """Somebody in a session: `me`, and the other one."""

    session: ChatSession
    me: Profile
    peer: Profile


class Participants:
    """`lookup` and `directory` are expected to cache; sessions, which never change, are cached here.

    So is who takes part in them, for a minute: the way of a message begins with one look.
    """

    def __init__(
        self,
        sessions: SessionRepository,
        lookup: ProfileLookup,
        directory: ProfileDirectory,
        clock: Clock,
        max_cached_sessions: int = 50_000,
    ) -> None:
        self._sessions = sessions
        self._lookup = lookup
        self._directory = directory
        self._clock = clock
        self._known: LRUCache[SessionId, ChatSession] = LRUCache(max_cached_sessions)
        self._participations: LRUCache[tuple[SessionId, Email, Intent], tuple[Participation, datetime]] = LRUCache(
            2 * max_cached_sessions
        )

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
        key, now = (session_id, email, intent), self._clock.now()
        known = self._participations.get(key)
        if known is not None and now < known[1]:
            return known[0]
        try:
            participation = await self._participation(session_id, email, intent)
        except StoreUnavailable:
            if known is None:
                raise
            return known[0]
        self._participations[key] = participation, now + PARTICIPATION_TTL
        return participation

    async def _participation(self, session_id: SessionId, email: Email, intent: Intent) -> Participation:
        session, me = await self._as_profile(session_id, email, intent)
        peer = await self.profile(session.peer_of(me.id))
        if peer is None:
            raise Unavailable("the other participant's profile is not known")
        return Participation(session, me, peer)

    async def _as_profile(self, session_id: SessionId, email: Email, intent: Intent) -> tuple[ChatSession, Profile]:
        session = await self.session(session_id)
        profile = await self._lookup.find(email, intent)
        if not session.has(profile.id) or session.intent != intent:
            raise NotAParticipant
        return session, profile

    async def for_reader(self, session_id: SessionId, principal: Principal) -> ChatSession:
        """The session, for a participant or a service. Raises `SessionNotFound`, `NotAParticipant`, `Unavailable`."""
        session = await self.session(session_id)
        if isinstance(principal, Service):
            return session
        profiles = await self.profiles(session)
        if all(profile.email != principal.email for profile in profiles.values()):
            raise NotAParticipant
        return session

    async def profiles(self, session: ChatSession) -> Mapping[ProfileId, Profile]:
        """Both profiles of the session, by id. Raises `Unavailable`."""
        return {profile.id: profile for profile in await self._directory.get(session.pair)}

    async def profile(self, profile_id: ProfileId) -> Profile | None:
        """Raises `Unavailable`."""
        for profile in await self._directory.get((profile_id,)):
            return profile
        return None
