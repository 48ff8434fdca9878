"""Opens a session between two people, or finds the one they have."""

from application.access.personal_lookups import PersonalLookups
from application.access.rate_limit import RateLimit
from application.ports.clock import Clock
from application.ports.ids import IdGenerator
from application.ports.profiles import ProfileDirectory
from application.ports.sessions import SessionRepository
from domain.errors import Invalid
from domain.identifiers import Email, Intent, SessionId
from domain.principal import Principal
from domain.session import ChatSession, Pair


class InitSession:
    def __init__(
        self,
        lookup: PersonalLookups,
        directory: ProfileDirectory,
        sessions: SessionRepository,
        ids: IdGenerator,
        clock: Clock,
        rate_limit: RateLimit,
    ) -> None:
        self._lookup = lookup
        self._directory = directory
        self._sessions = sessions
        self._ids = ids
        self._clock = clock
        self._rate_limit = rate_limit

    async def __call__(self, principal: Principal, from_email: Email, to_email: Email, intent: Intent) -> ChatSession:
        """The one session of the two for `intent`, whoever asks and however often.

        Raises `RateLimited`, `NotYourself`, `Invalid` (with oneself), `ProfileNotFound`, `Unavailable`.
        """
        self._rate_limit.take(principal)
        principal.require(from_email, "fromEmail")
        if from_email == to_email:
            raise Invalid("a chat needs two different people", field="toEmail")
        mine = await self._lookup.find(from_email, from_email, intent)
        theirs = await self._lookup.find(from_email, to_email, intent)
        pair = Pair.of(mine.id, theirs.id)
        await self._directory.remember((mine, theirs))  # before the session, so that every participant can be routed to
        return await self._sessions.get_or_create(
            ChatSession(SessionId(self._ids.new()), pair, intent, self._clock.now())
        )
