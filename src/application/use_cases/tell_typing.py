"""Tells the other one of a session that somebody types. It is never stored, and never waited for."""

from time import monotonic
from typing import Final, NamedTuple

from cachetools import LRUCache

from application.access.participants import Participants, Participation
from application.access.rate_limit import RateLimit
from application.commands import TypingCommand
from application.ports.broker import Broker
from application.ports.clock import Clock, Monotonic
from application.ports.push import Delivery
from application.ports.relations import Relations
from application.ports.sessions import SessionRepository
from application.presence.whereabouts import Where, Whereabouts
from application.wire.events import TypingEvent, encode_event
from domain.destination import EVENTS_QUEUE, user_destination
from domain.errors import SessionClosed
from domain.identifiers import Email, SessionId
from domain.principal import Principal
from domain.rules.telling import Passing, may_be_told
from domain.standing import OPEN

PACE_SECONDS: Final = 2.0
"""Of one sender in one session at most one event in so long goes out."""
MAX_SENDERS: Final = 100_000
"""Senders whose last event is remembered."""
FRESH_SECONDS: Final = 2.0
"""An event that has waited for longer, as nobody knew where its receiver is, is dropped."""
MAX_RECEIVERS: Final = 20_000
TRACKED_SECONDS: Final = 60.0
"""Where a receiver is stays known for so long after it was told of the last event."""

Key = tuple[SessionId, Email]


class _Waiting(NamedTuple):
    delivery: Delivery
    receiver: Email
    since: float


class TellTyping:
    """Tells it to the receiver's connections. Nothing is published for a receiver without one on another instance."""

    def __init__(
        self,
        participants: Participants,
        sessions: SessionRepository,
        relations: Relations,
        whereabouts: Whereabouts,
        broker: Broker,
        clock: Clock,
        rate_limit: RateLimit,
        now: Monotonic = monotonic,
    ) -> None:
        self._participants = participants
        self._sessions = sessions
        self._relations = relations
        self._whereabouts = whereabouts
        self._broker = broker
        self._clock = clock
        self._rate_limit = rate_limit
        self._now = now
        self._sent_at: LRUCache[Key, float] = LRUCache(MAX_SENDERS)
        self._receivers: dict[str, float] = {}
        self._waiting: dict[Key, _Waiting] = {}

    async def __call__(self, principal: Principal, command: TypingCommand) -> None:
        """Tells it, unless something was told less than 2 s ago: then nothing happens.

        Raises `Invalid`, `NotYourself`, `RateLimited`, `SessionNotFound`, `NotAParticipant`, `ProfileNotFound`,
        `SessionClosed`, `Unavailable`.
        """
        key = command.session_id, principal.acting_for(command.email)
        if self._is_too_soon(key):
            return
        self._rate_limit.take(principal)
        session = await self._participants.session(command.session_id)
        who = await self._participants.participation(session.id, key[1], session.intent)
        standing = (await self._sessions.standings([session.id])).get(session.id, OPEN)
        if standing.is_closed:
            raise SessionClosed
        relation = await self._relations.between(Passing.TYPING, who.peer, who.me, standing)
        if self._is_too_soon(key):
            return
        self._sent_at[key] = self._now()
        if who.peer.email and may_be_told(relation):
            self._tell(key, who, command)

    def end(self, session_id: SessionId, sender: Email) -> None:
        """A message of `sender` ends its typing: what still waits is not told after it."""
        if self._waiting:
            self._waiting.pop((session_id, sender), None)

    def changed(self, user: str) -> None:
        """See `Watcher.changed`. Tells what has waited for this."""
        now = self._now()
        for key, waiting in [item for item in self._waiting.items() if item[1].receiver == user]:
            del self._waiting[key]
            if now - waiting.since <= FRESH_SECONDS:
                self._post(waiting.delivery, waiting.receiver)

    def tick(self, now: float) -> None:
        """Forgets receivers, and what has waited for too long. `now` is monotonic, in seconds."""
        while self._receivers and next(iter(self._receivers.values())) <= now - TRACKED_SECONDS:
            self._forget(next(iter(self._receivers)))
        while self._waiting and next(iter(self._waiting.values())).since < now - FRESH_SECONDS:
            del self._waiting[next(iter(self._waiting))]

    def _is_too_soon(self, key: Key) -> bool:
        sent_at = self._sent_at.get(key)
        return sent_at is not None and self._now() - sent_at < PACE_SECONDS

    def _tell(self, key: Key, who: Participation, command: TypingCommand) -> None:
        event = TypingEvent(
            at=self._clock.now(), session_id=command.session_id, profile_id=who.me.id, state=command.state
        )
        delivery = Delivery(user_destination(who.peer.email, EVENTS_QUEUE), encode_event(event))
        self._follow(who.peer.email)
        if self._whereabouts.where(who.peer.email) is None:
            self._waiting.pop(key, None)
            self._waiting[key] = _Waiting(delivery, who.peer.email, self._now())
        else:
            self._post(delivery, who.peer.email)

    def _follow(self, receiver: Email) -> None:
        """Keeps known where the receiver is, for a while."""
        is_known = self._receivers.pop(receiver, None) is not None
        self._receivers[receiver] = self._now()
        if not is_known:
            self._whereabouts.track(receiver, self)
            if len(self._receivers) > MAX_RECEIVERS:
                self._forget(next(iter(self._receivers)))

    def _forget(self, receiver: str) -> None:
        del self._receivers[receiver]
        self._whereabouts.untrack(receiver, self)

    def _post(self, delivery: Delivery, receiver: Email) -> None:
        match self._whereabouts.where(receiver):
            case Where.HERE:
                self._broker.push_here([delivery])
            case Where.ELSEWHERE:
                self._broker.signal([delivery])
