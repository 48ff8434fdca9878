"""Sessions as their reader sees them, for the list of sessions and for events (contract, sections 5 and 12)."""

from collections.abc import Collection, Mapping, Sequence

from msgspec import UNSET

from application.delivery.shown_messages import ShownMessages
from application.ports.profiles import ProfileDirectory
from application.ports.sessions import SessionOverview
from application.wire.chat_message import ChatMessage
from application.wire.session_summary import Peer, SessionSummary
from application.wire.user_settings import Shows
from domain.conversation import Activity
from domain.identifiers import ProfileId
from domain.profile import Profile
from domain.rules.conversations import is_archived, is_muted
from domain.showing import Showing


class SessionSummaries:
    """Makes `SessionSummary`s; reads the profiles of the participants, and what last messages answer."""

    def __init__(self, directory: ProfileDirectory, shown: ShownMessages) -> None:
        self._directory = directory
        self._shown = shown

    async def of(self, overviews: Sequence[SessionOverview], mine: Collection[ProfileId]) -> Sequence[SessionSummary]:
        """The sessions, in order. `mine` are the profiles of the one viewer. Raises `Unavailable`."""
        ids = {profile_id for overview in overviews for profile_id in overview.session.pair}
        profiles = {profile.id: profile for profile in await self._directory.get(ids)} if ids else {}
        messages = [overview.last_message for overview in overviews if overview.last_message is not None]
        last = {shown.session_id: shown for shown in await self._shown.of(messages, profiles, mine)}
        return [_summary(overview, profiles, last.get(overview.session.id)) for overview in overviews]


def _summary(overview: SessionOverview, known: Mapping[ProfileId, Profile], last: ChatMessage | None) -> SessionSummary:
    session, mine = overview.session, overview.conversation
    muted = is_muted(mine, overview.read_at)
    # a profile may be missing after a restore of the directory; the session is shown even so
    profiles = {id_: known.get(id_) or Profile.unknown(id_, session.intent) for id_ in session.pair}
    peer = profiles[session.peer_of(overview.reader)]
    return SessionSummary(
        session.id,
        session.intent,
        Peer(peer.id, peer.email, peer.display_name),
        last,
        overview.unread,
        overview.last_seq,
        session.created_at,
        overview.delivered_to,
        overview.seen_to,
        muted=muted,
        archived=is_archived(mine, Activity(overview.last_seq, overview.active_at)),
        pinned=mine.pinned_at is not None,
        closed=overview.is_closed,
        muted_until=UNSET if mine.muted_until is None or not muted else mine.muted_until,
        draft=mine.draft or UNSET,
        settings=Shows(*Showing.of(overview.hidden)) if overview.hidden else UNSET,
    )
