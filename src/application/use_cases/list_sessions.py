"""The sessions of a person, a page at a time: the newest activity first."""

import contextlib
from collections.abc import Mapping, Sequence

import msgspec

from application.access.personal_lookups import PersonalLookups
from application.access.read_limit import ReadLimit
from application.ports.profiles import ProfileDirectory
from application.ports.sessions import SessionOverview, SessionPosition, SessionRepository
from application.wire import fields
from application.wire.chat_message import ChatMessage
from application.wire.session_cursor import decode_cursor, encode_cursor
from domain.errors import ProfileNotFound, Unavailable
from domain.identifiers import Email, Intent, ProfileId
from domain.principal import Principal
from domain.profile import Profile

MAX_SESSIONS = 200


class Peer(msgspec.Struct, frozen=True, rename="camel"):
    """The other one of a session; its address and name are empty as long as they are not known here."""

    profile_id: fields.ProfileKey
    email: fields.PeerAddress
    display_name: fields.DisplayName


class SessionSummary(msgspec.Struct, frozen=True, rename="camel"):
    """A session as the caller sees it."""

    session_id: fields.SessionKey
    intent: fields.IntentName
    peer: Peer
    last_message: ChatMessage | None
    unread_count: fields.UnreadCount
    last_seq: fields.LastSeq
    created_at: fields.Moment


class SessionPage(msgspec.Struct, frozen=True, rename="camel"):
    """The newest activity first; at the end there is no cursor for more."""

    sessions: Sequence[SessionSummary]
    next_cursor: fields.Cursor | None


class ListSessions:
    def __init__(
        self, lookup: PersonalLookups, directory: ProfileDirectory, sessions: SessionRepository, limit: ReadLimit
    ) -> None:
        self._lookup = lookup
        self._sessions = sessions
        self._directory = directory
        self._limit = limit

    async def __call__(
        self, principal: Principal, email: Email, intent: Intent | None, *, limit: int, cursor: str | None
    ) -> SessionPage:
        """Up to `limit` sessions of `email`, beyond `cursor`; nobody's sessions when it is not known here.

        From the first page to the last each session comes once, at its place as of the first page, whatever is sent
        meanwhile; one opened meanwhile is not among them. Raises `NotYourself`, `Invalid`, `RateLimited`,
        `Unavailable`.
        """
        with self._limit.reading(principal):
            principal.require(email, "email")
            after = None if cursor is None else decode_cursor(cursor)
            if intent is not None:
                # FlairBit may have moved a known profile to this address: the directory learns it by the lookup
                with contextlib.suppress(ProfileNotFound, Unavailable):
                    await self._lookup.find(email, email, intent)
            mine = [profile.id for profile in await self._directory.of_email(email)]
            found = await self._sessions.overview(mine, intent, after, limit + 1) if mine else []
            page = found[:limit]
            known = await self._profiles(page)
            return SessionPage(
                [_summary(overview, known) for overview in page],
                encode_cursor(_end(page)) if len(found) > limit else None,
            )

    async def _profiles(self, page: Sequence[SessionOverview]) -> Mapping[ProfileId, Profile]:
        ids = {profile_id for overview in page for profile_id in overview.session.pair}
        return {profile.id: profile for profile in await self._directory.get(ids)} if ids else {}


def _end(page: Sequence[SessionOverview]) -> SessionPosition:
    """Behind the last one, in the order of the first page."""
    return SessionPosition(page[-1].as_of, page[-1].active_at, page[-1].session.id)


def _summary(overview: SessionOverview, known: Mapping[ProfileId, Profile]) -> SessionSummary:
    session, last = overview.session, overview.last_message
    # who is missing, in a directory that was restored or is being filled, must not take the whole list along
    profiles = {one: known.get(one) or Profile.unknown(one, session.intent) for one in session.pair}
    peer = profiles[session.peer_of(overview.reader)]
    return SessionSummary(
        session.id,
        session.intent,
        Peer(peer.id, peer.email, peer.display_name),
        None if last is None else ChatMessage.of(last, profiles[last.sender_id]),
        overview.unread,
        overview.last_seq,
        session.created_at,
    )
