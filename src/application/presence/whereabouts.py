"""Knows where users are connected, on this instance and on the others. Without I/O: signals go to `send`.

Nothing is stored. An instance asks for the users that somebody here watches, and is told when they come and go. Signals
may get lost: each user is asked for again within a minute, and an instance that is silent for 35 s is dead.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import Final

from application.ports.clock import Clock
from application.presence.local_users import LocalUsers
from application.presence.members import BEACON_SECONDS, Members
from application.presence.questions import ANSWER_SECONDS, Questions
from application.presence.signals import MAX_USERS, Answer, AnySignal, Ask, Beacon, Changed, Stopping
from application.presence.tracked import GRACE_SECONDS, Tracked, Watcher
from domain.rules.presence import Presence, State

REFRESH_SECONDS: Final = 60.0
"""All tracked users are asked for again within so long."""
STALL_SECONDS: Final = 2.0
"""Between two ticks of a process that was stopped or stalled is more time than this."""

Send = Callable[[AnySignal, str | None], None]
"""Sends a signal to an instance, or to all. It may get lost."""


class Where(Enum):
    """Where a user has connections."""

    HERE = "on this instance alone"
    ELSEWHERE = "on another instance, perhaps here too"
    NOWHERE = "on no instance"


class Whereabouts:
    """What the instance `name` knows. Times are monotonic, in seconds."""

    def __init__(self, name: str, users: LocalUsers, clock: Clock, send: Send, started_at: float) -> None:
        self._name = name
        self._users = users
        self._clock = clock
        self._send = send
        self._now = self._started_at = self._beacon_at = started_at
        self._members = Members()
        self._questions = Questions()
        self._tracked: dict[str, Tracked] = {}
        self._to_ask: dict[str, None] = {}
        self._again: deque[str] = deque()
        self._refreshing = 0.0
        self._leaving: list[tuple[float, str]] = []
        self._changes: dict[str, State | None] = {}
        users.on_change = self._changed_here

    @property
    def members(self) -> frozenset[str]:
        """The other instances that are there."""
        return self._members.names

    def track(self, user: str, watcher: Watcher) -> None:
        """Tells `watcher` from now on when something changes, and as soon as it is known."""
        tracked = self._tracked.get(user)
        if tracked is None:
            tracked = self._tracked[user] = self._new(user)
        if watcher not in tracked.watchers:
            tracked.watchers = (*tracked.watchers, watcher)
        if tracked.is_known:
            watcher.changed(user)

    def untrack(self, user: str, watcher: Watcher) -> None:
        """Tells `watcher` nothing more. Idempotent."""
        tracked = self._tracked.get(user)
        if tracked is None:
            return
        tracked.watchers = tuple(other for other in tracked.watchers if other is not watcher)
        if not tracked.watchers:
            del self._tracked[user]
            self._to_ask.pop(user, None)

    def presence(self, user: str) -> Presence | None:
        """The presence of a tracked user. None while it is not known."""
        tracked = self._tracked.get(user)
        return None if tracked is None or not tracked.is_known else tracked.presence(self._now)

    def where(self, user: str) -> Where | None:
        """Where a tracked user has connections. None while it is not known."""
        tracked = self._tracked.get(user)
        if tracked is None or not tracked.is_known:
            return None
        if not tracked.places:
            return Where.NOWHERE
        return Where.HERE if tracked.places.keys() == {self._name} else Where.ELSEWHERE

    def hello(self, now: float) -> None:
        """Makes itself known, and asks who else is there."""
        self._now = self._started_at = now
        self._send(Beacon(self._name, bool(self._tracked), asks=True), None)

    def goodbye(self) -> None:
        """Tells who has just left, and that this instance stops.

        Also while nobody watches: who comes back to another instance watches there, perhaps before its peers are back.
        """
        for users in _chunks(self._users.left_within(GRACE_SECONDS)):
            self._send(Changed(self._name, [], users), None)
        self._send(Stopping(self._name), None)

    def receive(self, signal: AnySignal) -> None:
        """Takes a signal of another instance."""
        if signal.sender == self._name:
            return
        if isinstance(signal, Stopping):
            self._lose(signal.sender, 0.0)
            return
        if self._members.heard(signal.sender, self._now):
            self._send(Beacon(self._name, bool(self._tracked)), signal.sender)
            self.ask_again()
        match signal:
            case Beacon():
                self._members.watches(signal.sender, watches=signal.watches)
                if signal.asks:
                    self._send(Beacon(self._name, bool(self._tracked)), signal.sender)
            case Ask():
                self._members.watches(signal.sender, watches=True)
                self._answer(signal)
            case Answer():
                self._take(signal)
            case Changed():
                for user in signal.left:
                    self._users.left_elsewhere(user, 0.0)
                self._note(signal.sender, signal.here, ((user, 0.0) for user in signal.left))

    def ask_again(self) -> None:
        """Asks for all tracked users again soon, since signals may be lost."""
        self._to_ask.update(dict.fromkeys(self._tracked))

    def tick(self, now: float, *, is_linked: bool) -> None:
        """Does what is due. Call it every tenth of a second. Without `is_linked` silence of others means nothing."""
        passed, self._now = max(0.0, now - self._now), now
        if not is_linked or passed > STALL_SECONDS:  # what was said meanwhile is not read yet
            self._members.excuse(now)
        for name, heard_at in self._members.dead(now):
            self._lose(name, now - heard_at)
        if now - self._beacon_at >= BEACON_SECONDS:
            self._beacon_at = now
            self._send(Beacon(self._name, bool(self._tracked)), None)
        self._announce()
        self._refresh(passed)
        self._ask(now)
        for users in self._questions.overdue(now):
            self._know(users)
        self._end_grace(now)

    def _new(self, user: str) -> Tracked:
        tracked = Tracked()
        if (state := self._users.state_of(user)) is not None:
            tracked.put(self._name, state)
        elif (ago := self._users.left_ago(user)) is not None:
            self._left(user, tracked, self._name, ago)
        tracked.is_known = not self._members.names and self._is_settled()
        if not tracked.is_known:
            self._to_ask[user] = None
        return tracked

    def _is_settled(self) -> bool:
        """Whether whoever was there at the start has answered the hello."""
        return self._now - self._started_at > ANSWER_SECONDS

    def _changed_here(self, user: str) -> None:
        state = self._users.state_of(user)
        self._changes[user] = state
        if user in self._tracked:
            self._note(self._name, [] if state is None else [(user, state)], [(user, 0.0)] if state is None else ())

    def _announce(self) -> None:
        """Tells the others who came and went, if anybody watches. A new instance does not know yet whether."""
        changes, self._changes = self._changes, {}
        if not self._members.is_watched and self._now - self._started_at > 2 * BEACON_SECONDS:
            return
        for some in _chunks(changes):
            here = [(user, state) for user in some if (state := changes[user]) is not None]
            self._send(Changed(self._name, here, [user for user in some if changes[user] is None]), None)

    def _refresh(self, passed: float) -> None:
        """Lets a part of all tracked users be asked for again, so that all are within `REFRESH_SECONDS`."""
        self._refreshing += len(self._tracked) * passed / REFRESH_SECONDS
        while self._refreshing >= 1:
            self._refreshing -= 1
            if not self._again:
                self._again.extend(self._tracked)
            if self._again and (user := self._again.popleft()) in self._tracked:
                self._to_ask[user] = None

    def _ask(self, now: float) -> None:
        to_ask, self._to_ask = self._to_ask, {}
        if not self._members.names and not self._is_settled():
            self._to_ask = to_ask
            return
        for users in _chunks(to_ask):
            number = self._questions.add(users, self._members.names, now)
            if self._members.names:
                self._send(Ask(self._name, number, users), None)

    def _answer(self, ask: Ask) -> None:
        here = [(user, state) for user in ask.users if (state := self._users.state_of(user)) is not None]
        left = [(user, ago) for user in ask.users if (ago := self._users.left_ago(user)) is not None]
        self._send(Answer(self._name, ask.number, here, left), ask.sender)

    def _take(self, answer: Answer) -> None:
        users = self._questions.users_of(answer.number)
        here = {user for user, _ in answer.here}
        left = dict(answer.left)
        for user in users:
            tracked = self._tracked.get(user)
            if tracked is not None and user not in here and answer.sender in tracked.places:
                left.setdefault(user, 0.0)  # that it left was not heard
        self._note(answer.sender, answer.here, left.items())
        if self._questions.answered(answer.number, answer.sender):
            self._know(users)

    def _note(self, place: str, here: Iterable[tuple[str, State]], left: Iterable[tuple[str, float]]) -> None:
        for user, state in here:
            tracked = self._tracked.get(user)
            if tracked is not None and tracked.put(place, state):
                self._tell(user, tracked)
        for user, ago in left:
            tracked = self._tracked.get(user)
            if tracked is not None:
                self._left(user, tracked, place, max(0.0, ago))
                self._tell(user, tracked)

    def _left(self, user: str, tracked: Tracked, place: str, ago: float) -> None:
        if tracked.leave(place, ago, self._now, self._clock.now()) and ago < GRACE_SECONDS:
            heapq.heappush(self._leaving, (tracked.grace_ends_at, user))

    def _lose(self, name: str, ago: float) -> None:
        """An instance has no users any more, since it was last heard `ago` seconds ago."""
        self._members.remove(name)
        self._questions.gone(name)
        for user, tracked in self._tracked.items():
            if name in tracked.places:
                self._left(user, tracked, name, ago)
                self._tell(user, tracked)

    def _know(self, users: Iterable[str]) -> None:
        for user in users:
            tracked = self._tracked.get(user)
            if tracked is not None and not tracked.is_known:
                tracked.is_known = True
                self._tell(user, tracked)

    def _end_grace(self, now: float) -> None:
        while self._leaving and self._leaving[0][0] <= now:
            _, user = heapq.heappop(self._leaving)
            tracked = self._tracked.get(user)
            if tracked is not None and not tracked.places:
                self._tell(user, tracked)

    @staticmethod
    def _tell(user: str, tracked: Tracked) -> None:
        if tracked.is_known:
            for watcher in tracked.watchers:
                watcher.changed(user)


def _chunks(users: Iterable[str]) -> Iterator[list[str]]:
    everybody = list(users)
    for at in range(0, len(everybody), MAX_USERS):
        yield everybody[at : at + MAX_USERS]
