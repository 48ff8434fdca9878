"""Publishes sessions that were opened or changed to queues of events (contract, section 12)."""

import logging
from collections.abc import Collection, Sequence

from application.delivery.session_summaries import SessionSummaries
from application.ports.broker import Broker
from application.ports.push import Delivery
from application.ports.sessions import SessionRepository
from application.wire.events import SessionEvent, encode_event
from application.wire.session_summary import Peer
from domain.destination import EVENTS_QUEUE, user_destination
from domain.errors import Unavailable
from domain.identifiers import Email, ProfileId, SessionId
from domain.profile import Profile
from domain.session import ChatSession

log = logging.getLogger(__name__)


class SessionEvents:
    """Publishes `session` events. They may get lost: a resume reads the store."""

    def __init__(self, broker: Broker, sessions: SessionRepository, summaries: SessionSummaries) -> None:
        self._broker = broker
        self._sessions = sessions
        self._summaries = summaries

    async def publish_opened(
        self, session: ChatSession, mine: Profile, theirs: Profile, *, to_both: bool = True
    ) -> None:
        """Publishes the session as it sees it to who has opened it, and `to_both`."""
        if not self._broker.may_have_listener(EVENTS_QUEUE):
            return
        deliveries = [
            Delivery(user_destination(profile.email, EVENTS_QUEUE), self._event(session, peer))
            for profile, peer in ((mine, theirs), (theirs, mine))
            if profile.email and (to_both or profile is mine)
        ]
        await self._publish(deliveries)

    async def publish_changed(
        self, session_ids: Collection[SessionId], email: Email, readers: Collection[ProfileId]
    ) -> None:
        """Publishes to one user sessions of its profiles `readers`, as they are now."""
        if not self._broker.may_have_listener(EVENTS_QUEUE):
            return
        try:
            overviews = await self._sessions.overview(readers, None, None, len(session_ids), only=session_ids)
            summaries = await self._summaries.of(overviews, readers)
        except Unavailable:
            log.info("a change of a session was not told: the store is away")
            return
        destination = user_destination(email, EVENTS_QUEUE)
        await self._publish(
            [
                Delivery(destination, encode_event(SessionEvent.of(summary, overview.read_at)))
                for overview, summary in zip(overviews, summaries, strict=True)
            ]
        )

    async def _publish(self, deliveries: Sequence[Delivery]) -> None:
        try:
            await self._broker.publish(deliveries)
        except Unavailable:
            self._broker.push_here(deliveries)
            log.info("a change of a session was told on this instance alone: the broker is away")

    def _event(self, session: ChatSession, peer: Profile) -> str:
        event = SessionEvent(
            session_id=session.id,
            intent=session.intent,
            peer=Peer(peer.id, peer.email, peer.display_name),
            last_message=None,
            unread_count=0,
            last_seq=0,
            created_at=session.created_at,
            at=session.created_at,
        )
        return encode_event(event)
