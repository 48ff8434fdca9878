"""Who asks at the same time is answered at the same time, and only once asked for."""

import asyncio
import gc

import pytest

from application.concurrency.single_flight import SingleFlight
from tests.support.eventually import eventually


class Question:
    def __init__(self) -> None:
        self.asked = 0
        self.answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def __call__(self) -> str:
        self.asked += 1
        return await self.answer


async def callers(flights: SingleFlight[int, str], question: Question, count: int) -> list[asyncio.Task[str]]:
    tasks = [asyncio.create_task(flights(1, question)) for _ in range(count)]
    await eventually(lambda: question.asked > 0)
    return tasks


async def test_many_ask_once_and_the_next_asks_again() -> None:
    flights: SingleFlight[int, str] = SingleFlight()
    question = Question()
    tasks = await callers(flights, question, 20)
    question.answer.set_result("yes")
    assert await asyncio.gather(*tasks) == ["yes"] * 20
    assert question.asked == 1
    assert await flights(1, question) == "yes"
    assert question.asked == 2


async def test_all_see_the_failure() -> None:
    flights: SingleFlight[int, str] = SingleFlight()
    question = Question()
    tasks = await callers(flights, question, 20)
    question.answer.set_exception(ValueError())
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(outcome, ValueError) for outcome in outcomes)


@pytest.mark.parametrize("leaves", [0, 1])
async def test_a_client_that_leaves_disturbs_no_other(leaves: int) -> None:
    flights: SingleFlight[int, str] = SingleFlight()
    question = Question()
    tasks = await callers(flights, question, 2)
    tasks[leaves].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[leaves]
    question.answer.set_result("yes")
    assert await tasks[1 - leaves] == "yes"
    assert question.asked == 1


async def test_a_failure_without_a_caller_is_not_logged() -> None:
    flights: SingleFlight[int, str] = SingleFlight()
    question = Question()
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    (task,) = await callers(flights, question, 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    question.answer.set_exception(ValueError())
    later = Question()
    later.answer.set_result("later")
    await flights(2, later)  # by when the failed one has come down
    gc.collect()
    assert complaints == []


async def test_keys_do_not_wait_for_each_other() -> None:
    flights: SingleFlight[int, str] = SingleFlight()
    one, other = Question(), Question()
    (task,) = await callers(flights, one, 1)
    other.answer.set_result("other")
    assert await flights(2, other) == "other"
    one.answer.set_result("one")
    assert await task == "one"
