"""The feed of `/user/queue/events`: the changes since a token, then live events (contract, section 12).

`sync` of an event is a position: all earlier changes have been written to this connection. Only a read of the store
moves it on, never a delivery of the broker, which may have lost others.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from time import monotonic
from typing import Final
from uuid import UUID

from adapters.stomp.feeds.feed import LiveFeed
from adapters.stomp.feeds.replay_line import ReplayLine
from adapters.stomp.hub import head_of
from adapters.stomp.names import EVENT_TYPE, SYNC
from adapters.stomp.protocol.subscription import Subscription
from adapters.stomp.write_queue import WriteQueue
from application.ports.clock import Clock
from application.ports.push import Delivery
from application.use_cases.sync_changes import Event, SyncChanges, is_told
from application.wire.events import (
    TYPING_SECONDS,
    ReadyEvent,
    ResetEvent,
    TypingEvent,
    encode_event,
    event_of_receipt,
    event_type_of,
    message_event,
    typing_of,
    version_of,
)
from application.wire.positions.sync_token import SyncToken
from domain.destination import (
    ACK_QUEUE,
    ALL_RECEIPTS_QUEUE,
    EVENTS_QUEUE,
    RECEIPTS_QUEUE,
    parse_user_destination,
    user_destination,
)
from domain.errors import Invalid, SyncReset
from domain.identifiers import Email
from domain.principal import Principal, User

_MAY_CHANGE_UNREAD: Final = ('{"type":"message"', '{"type":"receipt"', '{"type":"session"')
PAGE: Final = 100
READY_SECONDS: Final = 30.0
MAX_GIVEN: Final = 5_000
"""Messages since the last `ready` that are tracked as given. Beyond this, messages may come twice."""


LEAST_TYPING_PAUSE: Final = 1.9
"""Seconds between two events of one who types. Its instance lets one out in 2 s, by a clock that is not this one."""
MAX_TYPING: Final = 100
"""People whose last typing is remembered."""


class EventsFeed(LiveFeed):
    """Gives live events while the client keeps up, and events from the store while it is behind.

    A message counts as delivered when its event is given, as on the queue of messages. `resume_after` is a token.
    `note_unread` is called for the user when what it has not read may have changed.
    """

    __slots__ = (
        "_clock",
        "_destination",
        "_given",
        "_is_behind",
        "_is_continued",
        "_line",
        "_missed",
        "_note_unread",
        "_principal",
        "_quiet_since",
        "_resume_after",
        "_stopped",
        "_sync",
        "_text",
        "_token",
        "_typed_at",
    )
    is_stored = True

    def __init__(
        self,
        subscription: Subscription,
        queue: WriteQueue,
        line: ReplayLine,
        principal: Principal,
        sync: SyncChanges,
        clock: Clock,
        note_unread: Callable[[Email], None],
        resume_after: str | None,
    ) -> None:
        super().__init__(subscription, queue)
        self._line = line
        self._principal = principal
        self._destination = user_destination(principal.name, EVENTS_QUEUE)
        self._sync = sync
        self._clock = clock
        self._note_unread = note_unread
        self._resume_after = resume_after
        self._token: SyncToken | None = None
        self._text = ""
        self._given: dict[UUID, int] = {}
        self._typed_at: dict[tuple[UUID, UUID], datetime] = {}
        self._is_behind = True
        self._is_continued = False
        self._missed = False
        self._stopped = False
        self._quiet_since = monotonic()

    def start(self) -> None:
        """Begins to give the changes since the token. Live events of that time come after `ready`."""
        self._line.join(self)

    def deliver(self, delivery: Delivery, head: str) -> None:
        """Gives the client the event of a delivery. Ignores `head`, which is for the delivery's own queue."""
        if (typing := typing_of(delivery.body)) is not None:
            if self._is_due(typing):
                self.pass_on(delivery.body)
            return
        event = self._event(delivery)
        is_own = delivery.destination.endswith(ACK_QUEUE)
        if isinstance(self._principal, User) and not is_own and event.body.startswith(_MAY_CHANGE_UNREAD):
            self._note_unread(self._principal.email)
        if event.key is None:
            self._tell(event)
        elif self._is_behind or not self._queue.has_room:
            self._fall_behind()
        elif not is_told(self._given, event):
            self._tell(event)

    def pass_on(self, body: str) -> bool:
        """Gives the client an event that is not stored. False, and nothing, before `ready` and while it is slow."""
        if not self._text or not self._queue.has_room:
            return False
        self._tell(Event(body))
        return True

    def overrun(self, dropped: Sequence[Delivery]) -> None:
        """Reads the dropped deliveries from the store."""
        self._fall_behind()

    def stop(self) -> None:
        """Stops the feed, and leaves the line."""
        self._stopped = True
        self._line.leave(self)

    def check(self, now: float) -> None:
        """Moves the position on after events, when this is due. `now` is monotonic, in seconds."""
        if self._given and not self._is_behind and now - self._quiet_since >= READY_SECONDS:
            self._fall_behind()

    async def give_page(self) -> bool:
        """Gives a page of changes, and `ready` after the last page. True when there may be another page."""
        if self._token is None:
            self._token = await self._begin()
            self._is_continued = self._token.place is not None
        if self._token.place is None:  # a new pass reads all that was missed before it
            self._missed = False
        page = await self._sync.page(self._principal, self._token, PAGE)
        if self._stopped:
            return False
        for event in page.events:
            if not is_told(self._given, event):
                self._tell(event)
        self._token = page.next
        if page.more:
            return True
        if self._is_continued:  # the position where the pass began is older than this subscription
            self._is_continued = False
            return True
        self._ready()
        self._is_behind = self._missed
        return self._is_behind

    async def _begin(self) -> SyncToken:
        if self._resume_after is None:
            return await self._sync.now(self._principal)
        try:
            return await self._sync.check(self._principal, self._resume_after)
        except (Invalid, SyncReset) as error:
            reason = error.detail
        if not self._stopped:
            self._tell(Event(encode_event(ResetEvent(at=self._clock.now(), reason=reason))))
        return await self._sync.everything(self._principal)

    def _ready(self) -> None:
        assert self._token is not None, "it has begun"
        self._text = self._sync.write(self._token)
        self._given.clear()
        self._quiet_since = monotonic()
        self._tell(Event(encode_event(ReadyEvent(at=self._clock.now(), sync=self._text))))

    def _fall_behind(self) -> None:
        self._missed = True
        if not self._is_behind and not self._stopped:
            self._is_behind = True
            self._line.join(self)

    def _is_due(self, typing: TypingEvent) -> bool:
        """Whether the event is young, and the first of its sender for a while, also from several of its devices."""
        if (self._clock.now() - typing.at).total_seconds() > TYPING_SECONDS:
            return False
        key = typing.session_id, typing.profile_id
        before = self._typed_at.get(key)
        if before is not None and abs((typing.at - before).total_seconds()) < LEAST_TYPING_PAUSE:
            return False
        if len(self._typed_at) >= MAX_TYPING:
            self._typed_at.clear()
        self._typed_at[key] = typing.at
        return True

    def _event(self, delivery: Delivery) -> Event:
        user = parse_user_destination(delivery.destination)
        assert user is not None, "events go to users"
        if user.queue == EVENTS_QUEUE:
            return Event(delivery.body, delivery.message, version_of(delivery.body) if delivery.message else 0)
        if user.queue in (RECEIPTS_QUEUE, ALL_RECEIPTS_QUEUE):
            return Event(event_of_receipt(delivery.body, self._clock.now()))
        return Event(message_event(delivery.body, self._clock.now()), delivery.message, version_of(delivery.body))

    def _tell(self, event: Event) -> None:
        if event.key is not None:
            if len(self._given) >= MAX_GIVEN:
                self._given.clear()
            self._given[event.key.id] = event.version
        delivery = Delivery(self._destination, event.body, event.key)
        sync = f"{SYNC}:{self._text}\n" if self._text else ""
        self._give(delivery, f"{head_of(delivery)}{EVENT_TYPE}:{event_type_of(event.body)}\n{sync}")
