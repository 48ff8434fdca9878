"""An item that waits for its result."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from time import monotonic
from typing import Generic, TypeVar

from domain.errors import ChatError, StoreUnavailable

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(slots=True)
class Job(Generic[Item, Result]):
    """`follows` says that it is stored together with the job before it, `waits` that it waits for a busy session."""

    item: Item
    answer: "asyncio.Future[Result]"
    follows: bool = False
    waits: bool = True
    since: float = field(default_factory=monotonic)


def settle(job: Job[Item, Result], result: Result | ChatError) -> None:
    if job.answer.done():
        return
    if isinstance(result, ChatError):
        job.answer.set_exception(result)
    else:
        job.answer.set_result(result)


def give_up(jobs: Iterable[Job[Item, Result]], detail: str = "") -> None:
    for job in jobs:
        settle(job, StoreUnavailable(detail))


def units_of(jobs: Iterable[Job[Item, Result]]) -> list[list[Job[Item, Result]]]:
    """What may be stored apart from the rest: a job, or those that follow each other."""
    units: list[list[Job[Item, Result]]] = []
    for job in jobs:
        if job.follows and units:
            units[-1].append(job)
        else:
            units.append([job])
    return units
