"""Opens the session of two profiles, or finds it."""

from application.access.limited_lookups import LimitedLookups
from application.access.rate_limit import RateLimit
from application.delivery.session_events import SessionEvents
from application.ports.clock import Clock
from application.ports.ids import IdGenerator
from application.ports.profiles import ProfileDirectory
from application.ports.sessions import SessionRepository
from domain.errors import Invalid
from domain.identifiers import Email, Intent, SessionId
from domain.principal import Principal
from domain.rules.standing import withholds
from domain.session import ChatSession, Pair
from domain.standing import OPEN


class InitSession:
    """Opens sessions (contract, section 5: `POST /api/chat/init`)."""

    def __init__(
        self,
        lookup: LimitedLookups,
        directory: ProfileDirectory,
        sessions: SessionRepository,
        ids: IdGenerator,
        clock: Clock,
        rate_limit: RateLimit,
        events: SessionEvents,
    ) -> None:
        self._lookup = lookup
        self._directory = directory
        self._sessions = sessions
        self._ids = ids
        self._clock = clock
        self._rate_limit = rate_limit
        self._events = events

    async def __call__(self, principal: Principal, from_email: Email, to_email: Email, intent: Intent) -> ChatSession:
        """Returns the session of the two users for `intent`. It is the same for both, and for every call.

        Raises `RateLimited`, `NotYourself`, `ProfileNotFound`, `Unavailable`, and `Invalid` for a chat with oneself.
        """
        self._rate_limit.take(principal)
        principal.require(from_email, "fromEmail")
        if from_email == to_email:
            raise Invalid("a chat needs two different people", field="toEmail")
        mine = await self._lookup.find(from_email, from_email, intent)
        theirs = await self._lookup.find(from_email, to_email, intent)
        pair = Pair.of(mine.id, theirs.id)
        await self._directory.remember((mine, theirs))  # before the session, so that deliveries find both participants
        new = ChatSession(SessionId(self._ids.new()), pair, intent, self._clock.now())
        session = await self._sessions.get_or_create(new, {mine.id: mine.email, theirs.id: theirs.email})
        if session.id == new.id:
            standing = (await self._sessions.standings([session.id])).get(session.id, OPEN)
            await self._events.publish_opened(session, mine, theirs, to_both=not withholds(standing, theirs.id))
        return session
