"""Who watches whom on this instance, and what each connection is told of it (contract, section 14).

Changes are told a tenth of a second later, each user's at most once a second, and only so many a tick: what changes
meanwhile is told as it is then. So a restart of another instance costs a bounded share of this one.
"""

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from application.ports.clock import Clock
from application.presence.whereabouts import Whereabouts
from application.wire.events import PresenceEvent, encode_event
from domain.errors import Overloaded
from domain.identifiers import Email, ProfileId
from domain.rules.presence import OFFLINE, Presence
from domain.rules.telling import Relation, shown_presence

MAX_TOLD: Final = 500
"""Frames with presence that are written in a tick of a tenth of a second."""
MAX_WATCHED: Final = 500_000
"""Users that all connections of an instance watch, each connection counted for itself. One takes about 1 KB."""
PACE_SECONDS: Final = 1.0
"""A change of a user is told so long after the one before."""


class Peer(NamedTuple):
    """Somebody to watch, under the profile that the watcher knows. `email` is empty when it is not known."""

    profile_id: ProfileId
    email: Email
    relation: Relation


class Watch:
    """What one connection watches. `tell` gives it an event; False when it takes none at the moment."""

    __slots__ = ("_shown", "_tell", "is_behind", "peers")

    def __init__(self, tell: Callable[[str], bool]) -> None:
        self._tell = tell
        self._shown: dict[ProfileId, Presence] = {}
        self.peers: dict[str, list[Peer]] = {}
        self.is_behind = False
        """Whether the client did not take an event."""

    def replace(self, peers: Sequence[Peer], *, all_of_them: bool) -> None:
        """Watches these and nobody else. With `all_of_them` they are all told, else what has changed."""
        self.peers = {}
        if all_of_them:
            self._shown = {}
        for peer in peers:
            self.peers.setdefault(peer.email, []).append(peer)

    def tell(self, user: str, presence: Presence, clock: Clock) -> None:
        """Tells what is new to the client, unless the client takes nothing now: then it is owed."""
        for peer in self.peers.get(user, ()):
            shown = shown_presence(presence, peer.relation, clock.now())
            if self._shown.get(peer.profile_id) == shown:
                continue
            event = PresenceEvent.of(peer.profile_id, shown, clock.now())
            if not self._tell(encode_event(event)):
                self.is_behind = True
                return
            self._shown[peer.profile_id] = shown


class Watches:
    """All watches of an instance: the one watcher of its whereabouts, for everybody whom a connection watches."""

    def __init__(self, whereabouts: Whereabouts, clock: Clock) -> None:
        self._whereabouts = whereabouts
        self._clock = clock
        self._watches_of: dict[str, dict[Watch, None]] = {}
        self._count = 0
        self._due: deque[tuple[Watch, str]] = deque()
        self._waiting: set[tuple[Watch, str]] = set()
        self._noted_at: dict[str, float] = {}
        self._delayed: dict[str, float] = {}
        self._now = 0.0
        self._hiding: list[tuple[datetime, int, Watch, str]] = []
        self._number = 0

    @property
    def waiting(self) -> int:
        """How many events wait for their turn."""
        return len(self._due)

    def check_room(self, watch: Watch, count: int) -> None:
        """Raises `Overloaded` when there is no room for `count` users in place of those that `watch` has."""
        if self._count - len(watch.peers) + count > MAX_WATCHED:
            raise Overloaded("too many people are watched on this instance", retry_after=60)

    def replace(self, watch: Watch, peers: Sequence[Peer], *, all_of_them: bool = True) -> None:
        """Lets `watch` watch these and nobody else. It is told the presence of each as soon as that is known.

        Without `all_of_them` it is told only what differs from what it was told before.
        """
        before = set(watch.peers)
        watch.replace(peers, all_of_them=all_of_them)
        self._count += len(watch.peers) - len(before)
        for user in before - watch.peers.keys():
            self._leave(watch, user)
        for user in watch.peers:
            self._enter(watch, user)
            self._put(watch, user)
        self._hide_later(watch)

    def _hide_later(self, watch: Watch) -> None:
        """Tells the watch when it is to be shown no more of those who have blocked it."""
        now = self._clock.now()
        for user, peers in watch.peers.items():
            for peer in peers:
                blocked = peer.relation.blocked
                if blocked is not None and blocked.hidden_from > now:
                    self._number += 1  # watches have no order
                    heapq.heappush(self._hiding, (blocked.hidden_from, self._number, watch, user))

    def close(self, watch: Watch) -> None:
        """Ends a watch."""
        self.replace(watch, ())

    def put_again(self, watch: Watch) -> None:
        """The client of this watch may take events again, or for the first time."""
        if watch.is_behind:
            watch.is_behind = False
            for user in watch.peers:
                self._put(watch, user)

    def changed(self, user: str) -> None:
        """See `Watcher.changed`."""
        if self._now - self._noted_at.get(user, -PACE_SECONDS) < PACE_SECONDS:
            self._delayed.setdefault(user, self._noted_at[user] + PACE_SECONDS)
            return
        self._noted_at.pop(user, None)
        self._noted_at[user] = self._now
        for watch in self._watches_of.get(user, ()):
            self._put(watch, user)

    def tick(self, now: float) -> None:
        """Tells what is due, up to a limit. Returns at once when nothing is."""
        self._now = now
        while self._hiding and self._hiding[0][0] <= self._clock.now():
            _, _, watch, user = heapq.heappop(self._hiding)
            self._put(watch, user)
        while self._delayed and (first := next(iter(self._delayed))) and self._delayed[first] <= now:
            del self._delayed[first]
            self.changed(first)
        while self._noted_at and now - next(iter(self._noted_at.values())) > PACE_SECONDS:
            del self._noted_at[next(iter(self._noted_at))]
        for _ in range(min(MAX_TOLD, len(self._due))):
            pair = self._due.popleft()
            self._waiting.discard(pair)
            self._tell(*pair)

    def _tell(self, watch: Watch, user: str) -> None:
        presence = self._whereabouts.presence(user) if user else OFFLINE
        if presence is not None:  # else it is told once it is known
            watch.tell(user, presence, self._clock)

    def _put(self, watch: Watch, user: str) -> None:
        pair = watch, user
        if pair not in self._waiting:
            self._waiting.add(pair)
            self._due.append(pair)

    def _enter(self, watch: Watch, user: str) -> None:
        if user in self._watches_of:
            self._watches_of[user][watch] = None
        elif user:
            self._watches_of[user] = {watch: None}
            self._whereabouts.track(user, self)
            self._noted_at.pop(user, None)  # what is known from the beginning is no change

    def _leave(self, watch: Watch, user: str) -> None:
        watches = self._watches_of.get(user)
        if watches is None:
            return
        watches.pop(watch, None)
        if not watches:
            del self._watches_of[user]
            self._whereabouts.untrack(user, self)
