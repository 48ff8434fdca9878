"""Tells a user what has changed since a token, as events (contract, section 12): the present state, not a log."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from application.access.read_limit import ReadLimit
from application.concurrency.concurrency_limit import ConcurrencyLimit
from application.delivery.session_summaries import SessionSummaries
from application.delivery.shown_messages import ShownMessages
from application.ports.blocks import BlockRepository
from application.ports.changes.sync import Position, SessionMarks, SyncStore
from application.ports.clock import Clock
from application.ports.profiles import ProfileDirectory
from application.ports.push import MessageKey
from application.ports.sessions import SessionRepository
from application.ports.unread import UnreadRepository
from application.wire.events import BlockEvent, ReceiptEvent, SessionEvent, UnreadEvent, encode_event, message_event
from application.wire.positions.sync_token import (
    Place,
    SyncToken,
    SyncTokens,
    UnreadableToken,
    has_lost,
    merged,
    stand_for,
)
from domain.errors import Invalid, SyncReset
from domain.features import Feature, Features
from domain.identifiers import Email, ProfileId, SessionId
from domain.message import Message
from domain.principal import Principal, Service, User

MAX_CHANGES: Final = 500
LAST_MESSAGES: Final = 50
"""Messages of each session that are told after a reset."""


class Event(NamedTuple):
    """The JSON of an event. `key` and `version` are those of a message."""

    body: str
    key: MessageKey | None = None
    version: int = 0


class SyncPage(NamedTuple):
    """Events, the token of what comes after them, and whether that is known to be something."""

    events: Sequence[Event]
    next: SyncToken
    more: bool


class SyncChanges:
    """Reads what has changed, a page at a time. At most `readers` pages of connections are read at once."""

    def __init__(
        self,
        store: SyncStore,
        sessions: SessionRepository,
        directory: ProfileDirectory,
        shown: ShownMessages,
        summaries: SessionSummaries,
        tokens: SyncTokens,
        clock: Clock,
        limit: ReadLimit,
        unread: UnreadRepository,
        blocks: BlockRepository,
        features: Features,
        readers: int,
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._directory = directory
        self._shown = shown
        self._summaries = summaries
        self._tokens = tokens
        self._clock = clock
        self._limit = limit
        self._unread = unread
        self._blocks = blocks
        self._features = features
        self._turns = ConcurrencyLimit(readers)

    def write(self, token: SyncToken) -> str:
        """The text of a token."""
        return self._tokens.write(token)

    async def now(self, principal: Principal) -> SyncToken:
        """The token of now: nothing that was committed before is told after it. Raises `Unavailable`."""
        position = await self._store.position()
        owner, profiles = self._tokens.owner(principal.name), stand_for(await self._profiles(principal))
        return SyncToken(owner, position.epoch, position.number, profiles=profiles)

    async def everything(self, principal: Principal) -> SyncToken:
        """The token that a client begins anew with: all sessions, and the last messages of each."""
        position = await self._store.position()
        return SyncToken(self._tokens.owner(principal.name), position.epoch, 0, last=LAST_MESSAGES)

    async def check(self, principal: Principal, text: str) -> SyncToken:
        """The token of a text, if the store can go on from it.

        Raises `Invalid` for what is no token, `SyncReset` for one of another user, of another store, or of one that
        was ahead of this one, and `Unavailable`.
        """
        token, _ = await self._checked(principal, text)
        return token

    async def _checked(self, principal: Principal, text: str) -> tuple[SyncToken, Position]:
        """The token, and the position of now."""
        try:
            token = self._tokens.read(text)
        except UnreadableToken:
            raise Invalid("since is no token of this service", field="since") from None
        if token.owner != self._tokens.owner(principal.name):
            raise SyncReset("the token is another user's")
        position = await self._store.position()
        if token.epoch != position.epoch:
            raise SyncReset("the token is of another store, or of another state of it")
        if token.number > position.number:
            raise SyncReset("the token is ahead of the store")
        if token.profiles and has_lost(token.profiles, stand_for(await self._profiles(principal))):
            raise SyncReset("the address has moved to another profile")
        return token, position

    async def read(
        self, principal: Principal, since: str | None, limit: int, *, given: Email | None = None
    ) -> SyncPage:
        """One page for a request, as `check` and `page` do. Without `since` it is empty.

        `given` is whose changes they are; a user may leave it out. Raises `NotYourself` and `RateLimited` too.
        """
        with self._limit.reading(principal, limit):
            user = User(principal.acting_for(given), principal.expires_at)
            if since is None:
                return SyncPage((), await self.now(user), False)
            token, now = await self._checked(user, since)
            page = await self._page(user, token, limit, now)
            self._limit.charge(principal, (event.body for event in page.events))
            return page

    async def page(self, principal: Principal, token: SyncToken, limit: int) -> SyncPage:
        """Up to `limit` events of what has changed since the token, sessions first. Raises `Unavailable`."""
        return await self._turns(lambda: self._page(principal, token, limit))

    async def _page(self, principal: Principal, token: SyncToken, limit: int, now: Position | None = None) -> SyncPage:
        # `now` is read before the changes: whatever is committed meanwhile is told again after it
        place = token.place or Place((now or await self._store.position()).number, in_messages=False)
        mine = await self._profiles(principal)
        if isinstance(principal, Service) or not mine:
            return SyncPage((), _after(token, place, mine), False)
        if place.in_messages:
            return await self._message_page(mine, token, place, limit)
        return await self._session_page(principal, mine, token, place, limit)

    async def _session_page(
        self, user: User, mine: Sequence[ProfileId], token: SyncToken, place: Place, limit: int
    ) -> SyncPage:
        """The sessions behind `place`, then what is unread and who is blocked. Then come the messages."""
        after, most = None if place.session_id is None else SessionId(place.session_id), max(1, limit // 2)
        marks = await self._store.sessions(mine, token.number, after, most)
        if not marks and after is None:  # a message changes its session too
            return SyncPage(await self._block_events(mine, token), _after(token, place, mine), False)
        events = await self._session_events(marks, mine) if marks else []
        if len(marks) == most:
            return self._further(token, Place(place.until, False, marks[-1].session_id), events)
        events += [*await self._unread_events(user, mine), *await self._block_events(mine, token)]
        place = Place(place.until, in_messages=True)
        return self._further(token, place, events) if events else await self._message_page(mine, token, place, limit)

    async def _message_page(self, mine: Sequence[ProfileId], token: SyncToken, place: Place, limit: int) -> SyncPage:
        after = None if place.session_id is None else (SessionId(place.session_id), place.seq)
        messages = await self._store.messages(mine, token.number, after, limit, token.last)
        events = await self._message_events(messages, mine)
        if len(messages) < limit:
            return SyncPage(events, _after(token, place, mine), False)
        return self._further(token, Place(place.until, True, messages[-1].session_id, messages[-1].seq), events)

    async def _profiles(self, principal: Principal) -> Sequence[ProfileId]:
        if isinstance(principal, Service):
            return ()
        return [profile.id for profile in await self._directory.of_email(principal.email)]

    @staticmethod
    def _further(token: SyncToken, place: Place, events: Sequence[Event]) -> SyncPage:
        return SyncPage(events, msgspec.structs.replace(token, place=place), True)

    async def _unread_events(self, principal: User, mine: Sequence[ProfileId]) -> Sequence[Event]:
        if Feature.UNREAD not in self._features:
            return ()
        read = await self._unread.totals({principal.email: mine})
        return [Event(encode_event(UnreadEvent.of(read.totals[principal.email], read.at)))]

    async def _block_events(self, mine: Sequence[ProfileId], token: SyncToken) -> Sequence[Event]:
        if Feature.BLOCK not in self._features:
            return ()
        at = self._clock.now()
        changed = await self._blocks.changed(mine, token.number)
        return [Event(encode_event(BlockEvent.of(block, at))) for block in changed]

    async def _session_events(self, marks: Sequence[SessionMarks], mine: Sequence[ProfileId]) -> list[Event]:
        only = [mark.session_id for mark in marks]
        overviews = await self._sessions.overview(mine, None, None, len(only), only=only)
        receipts = {mark.session_id: mark for mark in marks}
        events: list[Event] = []
        for overview, summary in zip(overviews, await self._summaries.of(overviews, mine), strict=True):
            mark, at = receipts[overview.session.id], overview.read_at
            session_events = [
                SessionEvent.of(summary, at),
                _receipt(mark, mark.peer, mark.delivered_to, mark.seen_to, at),
            ]
            if mark.own_seen_to:
                session_events.append(_receipt(mark, mark.reader, mark.own_seen_to, mark.own_seen_to, at))
            events += [Event(encode_event(event)) for event in session_events]
        return events

    async def _message_events(self, messages: Sequence[Message], mine: Sequence[ProfileId]) -> Sequence[Event]:
        now = self._clock.now()
        ids = {message.sender_id for message in messages}
        profiles = {profile.id: profile for profile in await self._directory.get(ids)} if ids else {}
        shown = await self._shown.of(messages, profiles, mine)
        return [Event(message_event(message.to_json(), now), message.key(), message.version) for message in shown]


def _after(token: SyncToken, place: Place, mine: Sequence[ProfileId]) -> SyncToken:
    """The token of what comes after the changes up to `place`."""
    return SyncToken(token.owner, token.epoch, place.until, profiles=merged(token.profiles, stand_for(mine)))


def _receipt(mark: SessionMarks, by: ProfileId, delivered_to: int, seen_to: int, at: datetime) -> ReceiptEvent:
    return ReceiptEvent(at=at, session_id=mark.session_id, by=by, delivered_to=delivered_to, seen_to=seen_to)


def is_told(known: Mapping[UUID, int], event: Event) -> bool:
    """Whether a client that was given messages in the versions `known` has this one."""
    return event.key is not None and known.get(event.key.id, 0) >= event.version
