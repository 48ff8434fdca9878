"""The lane for items whose session somebody else has locked, so that the items of other sessions go on.

A batch of another instance locks a session for milliseconds, an administrator's transaction for minutes. Items of one
session keep their order: later ones wait behind those that wait already.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import Generic, TypeVar

from application.concurrency.background import BackgroundTask
from application.concurrency.job import Job, give_up, settle, units_of
from application.ports.clock import Monotonic
from domain.errors import ChatError, SessionBusy
from domain.identifiers import SessionId

Item = TypeVar("Item")
Result = TypeVar("Result")
_Unit = list[Job[Item, Result]]

MIN_PAUSE, MAX_PAUSE = 0.005, 0.1
REASON = "the session is locked by somebody else"


class BusyLane(Generic[Item, Result]):
    """Tries items again until their session is free.

    `run` gets up to `max_batch` items, and the session for whose lock it shall wait a moment; the sessions take turns
    at that. An item that waits longer than `patience` seconds fails with `StoreUnavailable`, and so do the items behind
    it. So does an item that comes when `max_waiting` of its session or ten times as many of all sessions wait.
    """

    def __init__(
        self,
        name: str,
        run: Callable[[Sequence[Item], SessionId], Awaitable[Sequence[Result | ChatError]]],
        session_of: Callable[[Item], SessionId],
        *,
        max_batch: int,
        patience: float,
        max_waiting: int = 500,
        clock: Monotonic = monotonic,
    ) -> None:
        self._run = run
        self._session_of = session_of
        self._max_batch = max_batch
        self._patience = patience
        self._max_waiting = max_waiting
        self._clock = clock
        self._waiting: list[_Unit[Item, Result]] = []
        self._in_hand: list[_Unit[Item, Result]] = []
        self._sessions: Counter[SessionId] = Counter()  # in the order of their turns
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task = BackgroundTask(name, self._loop)

    @property
    def holds_any(self) -> bool:
        """Whether any session waits here."""
        return bool(self._sessions)

    def divert(self, batch: Sequence[Job[Item, Result]]) -> list[Job[Item, Result]]:
        """Takes or refuses the jobs of sessions that wait here. Returns the other jobs."""
        free: list[Job[Item, Result]] = []
        for unit in units_of(batch):
            if not any(session in self._sessions for session in self._sessions_of(unit)):
                free += unit
            elif unit[0].waits:
                self.add(unit)
            else:
                settle(unit[0], SessionBusy())
        return free

    def add(self, unit: "_Unit[Item, Result]") -> None:
        """Adds a unit: one job, or several that are stored together."""
        sessions, waiting = self._sessions_of(unit), self._sessions
        if waiting.total() >= 10 * self._max_waiting or any(
            waiting[session] >= self._max_waiting for session in sessions
        ):
            give_up(unit, REASON)
            return
        self._waiting.append(unit)
        waiting.update(sessions)
        self._arrived.set()
        self._idle.clear()

    def start(self) -> None:
        """Starts to try items. Call it once."""
        self._task.start()

    async def stop(self) -> None:
        """Stops when no item waits any more, which may take `patience` seconds."""
        await self._idle.wait()
        await self._task.stop()

    async def _loop(self) -> None:
        for unit in self._in_hand:  # left by a run that failed
            self._end(unit)
        pause = MIN_PAUSE
        while True:
            self._in_hand = self._take()
            if not self._in_hand:
                self._idle.set()
                self._arrived.clear()
                await self._arrived.wait()
                continue
            progress = await self._run_units(self._in_hand)
            self._in_hand = []
            pause = MIN_PAUSE if progress else min(MAX_PAUSE, pause * 2)
            await asyncio.sleep(pause if self._waiting else 0)

    def _take(self) -> "list[_Unit[Item, Result]]":
        """Takes the first units of each session, with the same share of the batch for all sessions."""
        self._expire()
        of_one = max(1, self._max_batch // max(1, len(self._sessions)))
        taken: list[_Unit[Item, Result]] = []
        left: list[_Unit[Item, Result]] = []
        counts, blocked = Counter[SessionId](), set[SessionId]()
        for unit in self._waiting:
            sessions = self._sessions_of(unit)
            if any(session in blocked or counts[session] >= of_one for session in sessions):
                blocked.update(sessions)
                left.append(unit)
            else:
                counts.update(sessions)
                taken.append(unit)
        self._waiting = left
        return taken

    def _expire(self) -> None:
        """Fails the units that are too old, and those behind them in their sessions, so that none overtakes another."""
        oldest, failed = self._clock() - self._patience, set[SessionId]()
        kept: list[_Unit[Item, Result]] = []
        for unit in self._waiting:
            sessions = self._sessions_of(unit)
            if unit[0].since < oldest or not failed.isdisjoint(sessions):
                failed.update(sessions)
                self._end(unit)
            else:
                kept.append(unit)
        self._waiting = kept

    async def _run_units(self, units: "list[_Unit[Item, Result]]") -> bool:
        """Runs units, and puts those whose session is still busy back. Returns whether any has a result."""
        jobs = [job for unit in units for job in unit]
        try:
            results = await self._run([job.item for job in jobs], self._next_session(units))
        except ChatError as error:
            results = [error] * len(jobs)
        given = iter(results)
        still_busy: list[_Unit[Item, Result]] = []
        for unit in units:
            outcomes = [next(given) for _ in unit]
            if isinstance(outcomes[0], SessionBusy):
                still_busy.append(unit)
                continue
            for job, outcome in zip(unit, outcomes, strict=True):
                settle(job, outcome)
            self._end(unit)
        self._waiting[:0] = still_busy
        return len(still_busy) < len(units)

    def _next_session(self, units: "list[_Unit[Item, Result]]") -> SessionId:
        tried = {session for unit in units for session in self._sessions_of(unit)}
        turn = next(session for session in self._sessions if session in tried)
        self._sessions[turn] = self._sessions.pop(turn)
        return turn

    def _end(self, unit: "_Unit[Item, Result]") -> None:
        give_up(unit, REASON)
        sessions = self._sessions_of(unit)
        self._sessions.subtract(sessions)
        for session in sessions:
            if self._sessions[session] <= 0:
                del self._sessions[session]

    def _sessions_of(self, unit: "_Unit[Item, Result]") -> Counter[SessionId]:
        return Counter(self._session_of(job.item) for job in unit)
