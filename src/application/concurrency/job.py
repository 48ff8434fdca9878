"""Jobs: items that wait for their result."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.errors import ChatError, StoreUnavailable

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(slots=True)
class Job(Generic[Item, Result]):
    """An item, and the future of its result.

    `follows` says that the job is stored together with the job before it. `waits` says that the job waits when somebody
    else has locked its session. `since` is when it was submitted, in seconds of the monotonic clock.
    """

    item: Item
    answer: "asyncio.Future[Result]"
    since: float
    follows: bool = False
    waits: bool = True


def settle(job: Job[Item, Result], result: Result | ChatError) -> None:
    """Sets the result or the error of a job, unless it has one or its caller has cancelled it."""
    if job.answer.done():
        return
    if isinstance(result, ChatError):
        job.answer.set_exception(result)
    else:
        job.answer.set_result(result)


def give_up(jobs: Iterable[Job[Item, Result]], detail: str = "") -> None:
    """Fails the jobs that have no result with `StoreUnavailable`."""
    for job in jobs:
        settle(job, StoreUnavailable(detail))


def units_of(jobs: Iterable[Job[Item, Result]]) -> list[list[Job[Item, Result]]]:
    """Groups jobs into units. The jobs of one unit are stored together."""
    units: list[list[Job[Item, Result]]] = []
    for job in jobs:
        if job.follows and units:
            units[-1].append(job)
        else:
            units.append([job])
    return units
