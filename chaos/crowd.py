"""All the people of a run: who knows whom, how much they write, and when everybody has everything."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from random import Random
from time import monotonic

import aiohttp

from chaos.events import Events
from chaos.observations import Row, Witness
from chaos.person import Person, World
from chaos.stage import Stage

TICK = 0.02
TWICE = 0.05  # of all sends go to two instances at once
RESTLESS = 0.5  # of all people
AT_ONCE = 20


class Crowd:
    """`rate` is how many messages a second they would like to write together."""

    def __init__(self, people: Sequence[Person], rate: float, random: Random) -> None:
        self.people = people
        self._rate = rate
        self._random = random

    async def talk(self, until: asyncio.Event) -> None:
        for person in self.people:
            person.start()
        begun, written = monotonic(), 0
        while not until.is_set():
            due = int((monotonic() - begun) * self._rate)
            for _ in range(min(due - written, 200)):
                self._random.choice(self.people).write(twice=self._random.random() < TWICE)
            written = due  # who had no chance to write has not missed it
            await asyncio.sleep(TICK)

    def calm_down(self) -> None:
        for person in self.people:
            person.calm_down()

    async def until_acked(self, within: float) -> bool:
        return await _until(lambda: not any(person.waiting for person in self.people), within)

    async def until_complete(self, rows: Sequence[Row], within: float) -> bool:
        """Whether everybody is there and has what the store has for it."""
        of_session: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            of_session[row.session_id].append(row)
        awaited = {
            person: {
                row.message_id
                for session in person.witness.sessions
                for row in of_session[session]
                if person.witness.awaits(row)
            }
            for person in self.people
        }
        return await _until(lambda: all(one.connected and awaited[one] <= one.ids for one in self.people), within)

    def note_what_is_there(self) -> None:
        for person in self.people:
            person.witness.settled = frozenset(person.ids) if person.connected else None

    async def come_back(self, within: float) -> None:
        """All leave, and come back with what they have."""
        for person in self.people:
            person.go_away_and_come_back()
        await _until(lambda: all(person.connected for person in self.people), within)

    def note_who_is_back(self) -> None:
        for person in self.people:
            person.witness.came_back = person.connected

    async def stop(self) -> None:
        await asyncio.gather(*(person.stop() for person in self.people))


async def gather_crowd(
    stage: Stage, http: aiohttp.ClientSession, events: Events, *, size: int, rate: float, random: Random
) -> Crowd:
    """Everybody talks with the two beside it; one reads topics, the next its queue of messages."""
    emails = [f"user{number}@example.org" for number in range(size)]
    pairs = [(emails[number], emails[(number + 1) % size]) for number in range(size)]
    gate = asyncio.Semaphore(AT_ONCE)

    async def open_session(one: str, other: str) -> str:
        async with gate:
            return await stage.open_session(http, one, other)

    sessions = await asyncio.gather(*(open_session(*pair) for pair in pairs))
    world = World(stage.living, http, events)
    people = []
    for number, email in enumerate(emails):
        mine = frozenset({sessions[number - 1], sessions[number]})
        witness = Witness(email, "queue" if number % 5 in (1, 3) else "topic", mine)
        whims = Random(random.getrandbits(64))
        people.append(Person(witness, stage.token(email), world, whims, restless=random.random() < RESTLESS))
    return Crowd(people, rate, random)


async def _until(is_so: Callable[[], bool], within: float) -> bool:
    deadline = monotonic() + within
    while not is_so():
        if monotonic() > deadline:
            return False
        await asyncio.sleep(0.2)
    return True
