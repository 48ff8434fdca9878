"""A queue of lanes: the jobs of a lane keep their order, and the lanes take turns."""

from collections import Counter, deque
from collections.abc import Callable, Container, Hashable, Sequence
from typing import Generic, TypeVar

from application.concurrency.job import Job

Item = TypeVar("Item")
Result = TypeVar("Result")
_Unit = Sequence[Job[Item, Result]]

LEAST_SHARE = 8
"""How many jobs of one lane a batch takes at least, however many lanes wait."""


class FairQueue(Generic[Item, Result]):
    """Jobs that wait for a batch. `lane_of` gives the lane of an item, `owner_of` the user to whom it belongs."""

    def __init__(self, lane_of: Callable[[Item], Hashable], owner_of: Callable[[Item], Hashable]) -> None:
        self._lane_of = lane_of
        self._owner_of = owner_of
        self._lanes: dict[Hashable, deque[_Unit[Item, Result]]] = {}  # in the order of their turns
        self._owners: Counter[Hashable] = Counter()
        self._length = 0

    def __len__(self) -> int:
        """The number of jobs in all lanes."""
        return self._length

    def of(self, owner: Hashable) -> int:
        """The number of jobs of `owner`."""
        return self._owners[owner]

    def lane(self, job: Job[Item, Result]) -> Hashable:
        """The lane of a job."""
        return self._lane_of(job.item)

    def add(self, unit: "_Unit[Item, Result]") -> None:
        """Adds a unit: one job, or several that are taken together."""
        for lane in self._lanes_of(unit):
            waiting = self._lanes.get(lane)
            if waiting is None:
                waiting = self._lanes[lane] = deque()
            waiting.append(unit)
        self._length += len(unit)
        for job in unit:
            self._owners[self._owner_of(job.item)] += 1

    def take(self, size: int, busy: Container[Hashable]) -> list[Job[Item, Result]]:
        """Takes up to `size` jobs of the lanes that are not `busy`. A unit may exceed `size`, as it is never split."""
        taken: list[Job[Item, Result]] = []
        share = max(LEAST_SHARE, size // max(1, len(self._lanes)))
        for lane in tuple(self._lanes):
            if len(taken) >= size:
                break
            if lane in self._lanes and lane not in busy:
                self._take_from(lane, min(len(taken) + share, size), busy, taken)
        self._forget(taken)
        return taken

    def _take_from(self, lane: Hashable, up_to: int, busy: Container[Hashable], taken: list[Job[Item, Result]]) -> None:
        """Adds jobs of `lane` to `taken` until it has `up_to` of them, and moves the lane behind the others."""
        waiting = self._lanes[lane]
        while waiting and len(taken) < up_to:
            unit = waiting[0]
            lanes = self._lanes_of(unit)
            if len(lanes) > 1 and not all(other not in busy and self._lanes[other][0] is unit for other in lanes):
                break
            for other in lanes:
                self._lanes[other].popleft()
                if not self._lanes[other]:
                    del self._lanes[other]
            taken += unit
        if waiting:
            self._lanes[lane] = self._lanes.pop(lane)

    def _lanes_of(self, unit: "_Unit[Item, Result]") -> Sequence[Hashable]:
        """The lanes of a unit, without repeats."""
        if len(unit) == 1:
            return (self._lane_of(unit[0].item),)
        return tuple(dict.fromkeys(map(self.lane, unit)))

    def _forget(self, taken: Sequence[Job[Item, Result]]) -> None:
        self._length -= len(taken)
        for job in taken:
            owner = self._owner_of(job.item)
            self._owners[owner] -= 1
            if not self._owners[owner]:
                del self._owners[owner]
