"""Lists the sessions of a user in pages: pinned ones first, then the newest activity."""

import contextlib
from collections.abc import Iterator, Sequence

import msgspec

from application.access.limited_lookups import LimitedLookups
from application.access.read_limit import ReadLimit
from application.delivery.session_summaries import SessionSummaries
from application.ports.profiles import ProfileDirectory
from application.ports.sessions import SessionOverview, SessionPosition, SessionRepository
from application.wire import fields
from application.wire.positions.session_cursor import decode_cursor, encode_cursor
from application.wire.session_summary import SessionSummary
from domain.errors import ProfileNotFound, Unavailable
from domain.identifiers import Email, Intent
from domain.principal import Principal

MAX_SESSIONS = 200


class SessionPage(msgspec.Struct, frozen=True, rename="camel"):
    """A page of sessions: pinned ones, then the newest activity first. The last page has no cursor."""

    sessions: Sequence[SessionSummary]
    next_cursor: fields.Cursor | None


class ListSessions:
    """Lists sessions (contract, section 5: `GET /api/chat/sessions`)."""

    def __init__(
        self,
        lookup: LimitedLookups,
        directory: ProfileDirectory,
        sessions: SessionRepository,
        summaries: SessionSummaries,
        limit: ReadLimit,
    ) -> None:
        self._lookup = lookup
        self._sessions = sessions
        self._directory = directory
        self._summaries = summaries
        self._limit = limit

    async def __call__(
        self,
        principal: Principal,
        given: Email | None,
        intent: Intent | None,
        *,
        limit: int,
        cursor: str | None,
        archived: bool | None = None,
    ) -> SessionPage:
        """Returns up to `limit` sessions of an e-mail after `cursor`. An unknown e-mail has none.

        `given` is the e-mail; a user may leave it out.

        `archived` leaves out those that are in the archive, or those that are not.

        Over all pages each session comes once, in the order that the first page saw. Sessions that are opened between
        two pages do not come. Raises `NotYourself`, `Invalid`, `RateLimited`, `Unavailable`.
        """
        with self._limit.reading(principal, limit):
            email = principal.acting_for(given)
            after = None if cursor is None else decode_cursor(cursor)
            if intent is not None:
                # FlairBit may have moved a known profile to this address; the lookup updates the directory
                with contextlib.suppress(ProfileNotFound, Unavailable):
                    await self._lookup.find(email, email, intent)
            mine = [profile.id for profile in await self._directory.of_email(email)]
            found = await self._sessions.overview(mine, intent, after, limit + 1, archived=archived) if mine else []
            page = found[:limit]
            self._limit.charge(principal, _last_texts(page))
            return SessionPage(
                await self._summaries.of(page, mine), encode_cursor(_end(page)) if len(found) > limit else None
            )


def _last_texts(page: Sequence[SessionOverview]) -> Iterator[str]:
    return (overview.last_message.content for overview in page if overview.last_message is not None)


def _end(page: Sequence[SessionOverview]) -> SessionPosition:
    """The position after the last session of a page."""
    last = page[-1]
    return SessionPosition(last.as_of, last.active_at, last.session.id, last.is_first)
