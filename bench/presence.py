"""Measures presence: people that watch each other, a quiet time, a rolling restart, and the death of an instance.

Run it with `python -m bench.presence --people 2000`.
"""

import argparse
import asyncio
import signal
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import uniform
from time import monotonic, perf_counter

import msgspec
import uvloop
from picows import WSError

from adapters.memory.profiles import EmbeddedProfileLookup
from adapters.postgres.connection.database import create_engine
from adapters.postgres.profiles import PostgresProfileDirectory
from adapters.postgres.sessions.repository import PostgresSessionRepository
from adapters.system.ids import Uuid7Generator
from application.presence.tracked import GRACE_SECONDS
from bench.clients.client import Client
from bench.clients.heart_beats import PROMISED, keep_beating
from bench.testbed.ports import websocket_url
from bench.testbed.testbed import Testbed
from bench.testbed.users import INTENT
from domain.identifiers import Email, Intent, SessionId
from domain.profile import Profile
from domain.session import ChatSession, Pair
from entrypoints.server.descriptors import allow_many_files
from lab.processes import cpu_seconds, resident_bytes

EVENTS = "/user/queue/events"
CONNECT_AT_ONCE = 50
SESSIONS_AT_ONCE = 8
QUIET_SECONDS = 30.0
RECONNECT_SECONDS = 5.0
"""A client that lost its connection comes back within so long, as good clients do."""
SETTINGS = {"CHAT_BROKER_FANOUT": "false"}


class Person(Client):
    """Watches others. Counts the presence events by state, and has the last state of each."""

    def __init__(self, frames: Counter[str], times: list[float]) -> None:
        super().__init__()
        self._frames = frames
        self._times = times
        self.states: dict[str, str] = {}

    def is_there(self) -> bool:
        """Whether it has a connection."""
        return bool(self.states) and not self.is_lost

    def _dispatch(self, text: bytes) -> None:
        if b"\nevent-type:presence\n" in text:
            event = msgspec.json.decode(text[text.index(b"\n\n") + 2 : -1])
            self.states[event["profileId"]] = event["state"]
            self._frames[event["state"]] += 1
            self._times.append(perf_counter())


class Crowd:
    """People in a ring: each watches the next `watched` ones."""

    def __init__(self, testbed: Testbed, people: int, watched: int) -> None:
        self._testbed = testbed
        self._watched = watched
        self.frames: Counter[str] = Counter()
        self.times: list[float] = []
        self.people = [Person(self.frames, self.times) for _ in range(people)]
        self._tokens = testbed.users.tokens("person", people)
        self._sessions: list[list[str]] = []
        self._gate = asyncio.Semaphore(CONNECT_AT_ONCE)

    async def open_sessions(self) -> None:
        """Stores the people, and the sessions of each with those that it watches."""
        lookup, ids, engine = EmbeddedProfileLookup(), Uuid7Generator(), create_engine(self._testbed.database_url)
        people = [await lookup.find(_email(number), Intent(INTENT)) for number in range(len(self.people))]
        await PostgresProfileDirectory(engine).remember(people)
        sessions, gate = PostgresSessionRepository(engine), asyncio.Semaphore(SESSIONS_AT_ONCE)

        async def store(one: Profile, other: Profile) -> str:
            session = ChatSession(SessionId(ids.new()), Pair.of(one.id, other.id), one.intent, datetime.now(UTC))
            async with gate:
                return str((await sessions.get_or_create(session)).id)

        for number, one in enumerate(people):
            others = [people[(number + step) % len(people)] for step in range(1, self._watched + 1)]
            self._sessions.append(list(await asyncio.gather(*(store(one, other) for other in others))))
        await engine.dispose()

    async def connect(self, number: int) -> None:
        """Connects a person to any instance that takes it, subscribes, and watches."""
        person, ports = self.people[number], list(self._testbed.instances)
        for attempt in range(1_000):
            port = ports[(number + attempt) % len(ports)]
            try:
                async with self._gate:
                    await person.connect(websocket_url(port))
                    await person.log_in(self._tokens[number], PROMISED)
                    await person.subscribe(EVENTS)
                    body = msgspec.json.encode({"sessionIds": self._sessions[number]}).decode()
                    frame = f"SEND\ndestination:/app/chat.watch\nreceipt:watch\n\n{body}\0".encode()
                    await person.ask([frame], b"RECEIPT")
                return
            except (OSError, RuntimeError, TimeoutError, WSError):  # the instance is restarting
                await asyncio.sleep(0.5)

    async def come_back(self, until: asyncio.Event) -> None:
        """Connects whoever has lost its connection, until `until`."""
        coming: dict[int, asyncio.Task[None]] = {}

        async def back(number: int) -> None:
            await asyncio.sleep(uniform(0, RECONNECT_SECONDS))
            await self.connect(number)
            del coming[number]

        while not until.is_set() or coming:
            for number, person in enumerate(self.people):
                if person.is_lost and number not in coming:
                    coming[number] = asyncio.create_task(back(number))
            await asyncio.sleep(0.05)

    async def spread(self) -> None:
        """Cuts all connections, and connects every second person to each instance."""
        for person in self.people:
            person.cut()
        await asyncio.sleep(1)
        await asyncio.gather(*map(self.connect, range(len(self.people))))

    def all_are(self, state: str) -> bool:
        """Whether everybody was last told so of all that it watches."""
        return all(list(person.states.values()) == [state] * self._watched for person in self.people)


def _email(number: int) -> Email:
    return Email(f"person{number}@example.org")


class Meter:
    """What was used since its beginning."""

    def __init__(self, testbed: Testbed, crowd: Crowd) -> None:
        self._testbed, self._crowd = testbed, crowd
        self._began, self._cpu = monotonic(), self._now()
        crowd.frames.clear()
        crowd.times.clear()

    def _now(self) -> dict[str, float]:
        assert self._testbed.broker is not None
        used = {f"instance {port}": cpu_seconds(one.pid) for port, one in self._testbed.instances.items()}
        return used | {"rabbitmq": cpu_seconds(self._testbed.broker.nodes[0].pid)}

    def report(self, name: str) -> None:
        """Prints it."""
        took, frames = monotonic() - self._began, self._crowd.frames
        busiest = Counter(int(at * 10) for at in self._crowd.times).most_common(1)
        # a process that was started meanwhile counts for itself
        cpu = {name: used - min(used, self._cpu.get(name, 0.0)) for name, used in self._now().items()}
        print(f"{name}: {took:.1f} s; frames {dict(frames)}, at most {busiest[0][1] if busiest else 0} in 0.1 s")
        for process, used in cpu.items():
            print(f"  {process}: {used:.2f} s of CPU ({used / took:.1%} of a core)")


async def until(is_so: Callable[[], bool]) -> None:
    """Returns once it is so. Raises TimeoutError after a minute."""
    async with asyncio.timeout(60):
        while not is_so():
            await asyncio.sleep(0.05)


async def measure(people: int, watched: int) -> None:
    """Runs all phases on two instances, and prints what each has cost."""
    with tempfile.TemporaryDirectory() as home:
        async with Testbed(Path(home), "uvicorn", 0) as testbed:
            await testbed.start_broker()
            await testbed.start_instances(2, **SETTINGS)
            crowd = Crowd(testbed, people, watched)
            await crowd.open_sessions()
            beating = asyncio.create_task(
                keep_beating(crowd.people, lambda person: bool(person.states) and not person.is_lost)
            )
            before = {port: resident_bytes(one.pid) for port, one in testbed.instances.items()}
            meter = Meter(testbed, crowd)
            await asyncio.gather(*map(crowd.connect, range(people)))
            await until(lambda: crowd.all_are("online"))
            meter.report("everybody connects")
            after = sum(resident_bytes(one.pid) - before[port] for port, one in testbed.instances.items())
            print(f"  memory: {after / people / 1024:.0f} KiB a connection")
            await asyncio.sleep(5)
            meter = Meter(testbed, crowd)
            await asyncio.sleep(QUIET_SECONDS)
            meter.report("quiet")
            done = asyncio.Event()
            meter = Meter(testbed, crowd)
            coming = asyncio.create_task(crowd.come_back(done))
            for port in list(testbed.instances):
                await testbed.restart_instance(port, SETTINGS)
                await until(lambda: not any(person.is_lost for person in crowd.people))
            done.set()
            await coming
            await until(lambda: crowd.all_are("online"))
            await asyncio.sleep(GRACE_SECONDS + 5)  # whoever counts as gone is told by then
            meter.report("rolling restart")
            await crowd.spread()
            await asyncio.sleep(3)
            port, dying = list(testbed.instances.items())[-1]
            meter = Meter(testbed, crowd)
            dying.send_signal(signal.SIGKILL)
            await dying.wait()
            died = perf_counter()
            del testbed.instances[port]
            await asyncio.sleep(65)
            meter.report("a killed instance whose people stay away")
            if crowd.times:
                print(f"  told {crowd.times[0] - died:.1f} to {crowd.times[-1] - died:.1f} s after it died")
            beating.cancel()


def main() -> None:
    """Reads the arguments, and measures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--watched", type=int, default=5)
    given = parser.parse_args()
    allow_many_files()
    uvloop.run(measure(given.people, given.watched))


if __name__ == "__main__":
    main()
