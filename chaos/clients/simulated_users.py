"""All the simulated users of a run: who is in a session with whom, and how much they write."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from random import Random
from time import monotonic

import aiohttp

from chaos.clients.simulated_user import SimulatedUser, UserContext
from chaos.events import Events
from chaos.observations import Row, Witness
from chaos.testbed.testbed import Testbed

TICK = 0.02
TWICE = 0.05
"""The share of messages that are sent to two instances at once."""
RESTLESS = 0.5
"""The share of users that reconnect from time to time."""
AT_ONCE = 20
"""Sessions that are opened at the same time."""


class SimulatedUsers:
    """The users, who write `rate` messages a second together."""

    def __init__(self, users: Sequence[SimulatedUser], rate: float, random: Random) -> None:
        self.users = users
        self._rate = rate
        self._random = random

    async def work(self, until: asyncio.Event) -> None:
        """Starts the users, and lets them write until the event is set."""
        for user in self.users:
            user.start()
        begun, written = monotonic(), 0
        while not until.is_set():
            due = int((monotonic() - begun) * self._rate)
            for _ in range(min(due - written, 200)):
                self._random.choice(self.users).write(twice=self._random.random() < TWICE)
            written = due  # does not catch up on messages that could not be written
            await asyncio.sleep(TICK)

    def stay_connected(self) -> None:
        """From now on no user reconnects of its own will."""
        for user in self.users:
            user.stay_connected()

    async def until_acked(self, within: float) -> bool:
        """Waits until all sends are acked. Returns False after `within` seconds."""
        return await _until(lambda: not any(user.waiting for user in self.users), within)

    async def until_complete(self, rows: Sequence[Row], within: float) -> bool:
        """Waits until all users are connected and have the messages of `rows`. Returns False after `within` seconds."""
        of_session: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            of_session[row.session_id].append(row)
        awaited = {
            user: {
                row.message_id
                for session in user.witness.sessions
                for row in of_session[session]
                if user.witness.awaits(row)
            }
            for user in self.users
        }
        return await _until(lambda: all(user.connected and awaited[user] <= user.ids for user in self.users), within)

    def note_settled(self) -> None:
        """Notes which messages each user has now."""
        for user in self.users:
            user.witness.settled = frozenset(user.ids) if user.connected else None

    async def reconnect(self, within: float) -> None:
        """Lets all users reconnect. Returns when they are connected, or after `within` seconds."""
        for user in self.users:
            user.reconnect()
        await _until(lambda: all(user.connected for user in self.users), within)

    def note_who_came_back(self) -> None:
        """Notes which users are connected now."""
        for user in self.users:
            user.witness.came_back = user.connected

    async def stop(self) -> None:
        """Stops all users. Raises what went wrong in one of them."""
        await asyncio.gather(*(user.stop() for user in self.users))


async def make_users(
    testbed: Testbed, http: aiohttp.ClientSession, events: Events, *, size: int, rate: float, random: Random
) -> SimulatedUsers:
    """Makes `size` users. Each has a session with the user before it and with the user after it.

    Three in five read topics, the others the queue of messages.
    """
    emails = [f"user{number}@example.org" for number in range(size)]
    pairs = [(emails[number], emails[(number + 1) % size]) for number in range(size)]
    gate = asyncio.Semaphore(AT_ONCE)

    async def open_session(from_email: str, to_email: str) -> str:
        async with gate:
            return await testbed.open_session(http, from_email, to_email)

    sessions = await asyncio.gather(*(open_session(*pair) for pair in pairs))
    context = UserContext(testbed.living, http, events)
    users = []
    for number, email in enumerate(emails):
        mine = frozenset({sessions[number - 1], sessions[number]})
        witness = Witness(email, "queue" if number % 5 in (1, 3) else "topic", mine)
        behaviour = Random(random.getrandbits(64))
        users.append(
            SimulatedUser(witness, testbed.token(email), context, behaviour, restless=random.random() < RESTLESS)
        )
    return SimulatedUsers(users, rate, random)


async def _until(is_so: Callable[[], bool], within: float) -> bool:
    deadline = monotonic() + within
    while not is_so():
        if monotonic() > deadline:
            return False
        await asyncio.sleep(0.2)
    return True
