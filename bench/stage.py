"""Everything that a run needs, each in a process of its own: PostgreSQL, the service, the load generator."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec

from adapters.jwt.signing import generate_key_pair, issue_user_token, load_private_key
from adapters.postgres.migrations import upgrade
from bench.books import Books, read_books
from bench.load import CaughtUp, Pair, Phase, Plan
from domain.identifiers import Email
from entrypoints.development.embedded_postgres import EmbeddedPostgres
from lab.processes import cpu_seconds, resident_bytes
from lab.rabbitmq import RabbitNodes

INTENT = "bench"
START_TIMEOUT = 60.0
PHASE_GRACE = 60.0
CALM = 20.0  # seconds before an outage and after it
COMMAND = str(Path(sys.executable).parent / "chat-service")


@dataclass(frozen=True)
class PhaseResult:
    """What the clients saw, what the store holds, and the CPU seconds of each process meanwhile."""

    outcome: dict[str, Any]
    books: Books
    cpu: dict[str, float]

    @property
    def complete(self) -> bool:
        """Every message sent was stored, acked and delivered, each once, and nothing is owed."""
        seen = self.outcome
        everything = {seen["sent"], seen["acked"], seen["delivered"], self.books.stored}
        nothing = (seen["duplicates"], seen["refused"], seen["connections_lost"], self.books.holes, self.books.owed)
        return len(everything) == 1 and not any(nothing)


class Stage:
    def __init__(self, home: Path, server: str, pairs: int) -> None:
        self._home = home
        self._server = server
        self._pair_count = pairs
        self._postgres = EmbeddedPostgres(home / "postgres")
        self._exit = AsyncExitStack()
        self._broker: RabbitNodes | None = None
        self._instances: dict[int, asyncio.subprocess.Process] = {}
        self._load: asyncio.subprocess.Process | None = None
        self._run = int(datetime.now(UTC).timestamp()) & 0x7FFFFFFF

    async def __aenter__(self) -> Self:
        self._url = await asyncio.to_thread(self._postgres.start)
        self._exit.callback(self._postgres.stop)
        await upgrade(self._url)
        generate_key_pair(self._home / "keys")
        self._key = load_private_key(self._home / "keys" / "private.pem")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exit.aclose()

    async def echo_floor(self, seconds: float) -> float:
        """Frames a second, there and back, of the server alone with the same clients."""
        port = _free_port()
        server = await self._spawn(sys.executable, "-m", "bench.echo", port=port)
        await _listening(port)
        url = f"ws://127.0.0.1:{port}/"
        load = await self._start_load(Plan(url, url, INTENT, self._pairs(), "echo"))
        outcome = await self._ask(load, Phase(seconds, self._next_run(), window=4))
        await _stop(load)
        await _stop(server)
        return float(outcome["delivered"] / outcome["seconds"])

    async def insert_floor(self, seconds: float) -> float:
        """Messages a second of the store alone: the batch INSERT and its mark, on one connection."""
        floor = await self._spawn(sys.executable, "-m", "bench.insert", self._url, str(seconds), stdout=subprocess.PIPE)
        printed, _ = await floor.communicate()
        return float(printed)

    async def start_broker(self) -> None:
        """A RabbitMQ node for the instances that are started from now on."""
        self._broker = await asyncio.to_thread(self._exit.enter_context, RabbitNodes("bench"))

    async def start_instances(self, count: int) -> None:
        for _ in range(count):
            port = _free_port()
            self._instances[port] = await self._spawn(COMMAND, "serve", "--server", self._server, port=port)
            await _listening(port)

    async def stop_instances(self) -> None:
        if self._load is not None:
            await _stop(self._load)
        for instance in self._instances.values():
            await _stop(instance)
        self._instances.clear()

    async def connect(self) -> None:
        """All the pairs, each in a session and subscribed: senders to the first instance, receivers to the last."""
        pairs, urls = self._pairs(), [f"ws://127.0.0.1:{port}/ws" for port in self._instances]
        async with aiohttp.ClientSession() as http:
            for number, pair in enumerate(pairs):
                pair.session_id = await self._init(http, number, pair)
        self._load = await self._start_load(Plan(urls[0], urls[-1], INTENT, pairs))

    async def phase(self, *, seconds: float, rate: float = 0, window: int = 0) -> PhaseResult:
        assert self._load is not None
        run = self._next_run()
        before = self._cpu()
        outcome = await self._ask(self._load, Phase(seconds, run, rate, window))
        cpu = {name: after - before[name] for name, after in self._cpu().items()}
        return PhaseResult(outcome, await read_books(self._url, run), cpu)

    async def broker_outage(self, *, rate: float, away: float) -> tuple[PhaseResult, float]:
        """A phase during which the broker is killed, and the seconds from its return until all was delivered."""
        assert self._broker is not None
        assert self._load is not None
        node = self._broker.nodes[0]
        phase = asyncio.create_task(self.phase(seconds=2 * CALM + away, rate=rate))
        await asyncio.sleep(CALM)
        await asyncio.to_thread(node.kill)
        await asyncio.sleep(away)
        await asyncio.to_thread(node.start)
        returned = perf_counter()  # one clock for all processes of a machine
        result = await phase
        answer = await self._ask(self._load, CaughtUp(returned))
        return result, float(answer["seconds"])

    async def open_idle(self, count: int) -> float:
        """Opens `count` connections that only beat; the resident bytes that the service has for each, 0 without any."""
        self._idle: asyncio.subprocess.Process | None = None
        if not count:
            return 0.0
        ((port, instance),) = self._instances.items()
        before = resident_bytes(instance.pid)
        url = f"ws://127.0.0.1:{port}/ws"
        self._idle = await self._start_load(Plan(url, url, INTENT, self._pairs(), "idle", count))
        return (resident_bytes(instance.pid) - before) / count

    async def close_idle(self) -> None:
        if self._idle is not None:
            await _stop(self._idle)

    def _cpu(self) -> dict[str, float]:
        """Seconds so far; those of several instances together."""
        assert self._load is not None
        cpu = {
            "service": sum(cpu_seconds(instance.pid) for instance in self._instances.values()),
            "postgres": cpu_seconds(self._postgres.pid),
            "load": cpu_seconds(self._load.pid),
        }
        return cpu if self._broker is None else cpu | {"rabbitmq": cpu_seconds(self._broker.nodes[0].pid)}

    def _pairs(self) -> list[Pair]:
        return [
            Pair(_email("sender", number), self._token("sender", number), self._token("receiver", number), "")
            for number in range(self._pair_count)
        ]

    def _token(self, role: str, number: int) -> str:
        return issue_user_token(self._key, Email(_email(role, number)), timedelta(hours=6), datetime.now(UTC))

    async def _init(self, http: aiohttp.ClientSession, number: int, pair: Pair) -> str:
        body = {"fromEmail": pair.sender, "toEmail": _email("receiver", number), "intent": INTENT}
        headers = {"Authorization": f"Bearer {pair.sender_token}"}
        url = f"http://127.0.0.1:{next(iter(self._instances))}/api/chat/init"
        async with http.post(url, json=body, headers=headers) as answer:
            answer.raise_for_status()
            return str((await answer.json())["sessionId"])

    def _next_run(self) -> int:
        self._run += 1
        return self._run

    async def _start_load(self, plan: Plan) -> asyncio.subprocess.Process:
        load = await self._spawn(sys.executable, "-m", "bench.load", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        answer = await self._ask(load, plan)
        assert answer["connected"]
        return load

    async def _ask(self, load: asyncio.subprocess.Process, question: Plan | Phase | CaughtUp) -> dict[str, Any]:
        assert load.stdin is not None
        assert load.stdout is not None
        load.stdin.write(msgspec.json.encode(question) + b"\n")
        await load.stdin.drain()
        seconds = question.seconds if isinstance(question, Phase) else 0
        line = await asyncio.wait_for(load.stdout.readline(), seconds + PHASE_GRACE)
        if not line:
            raise RuntimeError("the load generator has failed; what it says is above")
        answer: dict[str, Any] = msgspec.json.decode(line)
        return answer

    async def _spawn(self, *command: str, port: int = 0, **streams: Any) -> asyncio.subprocess.Process:
        settings = {
            "CHAT_PROFILE": "test",
            "CHAT_PORT": str(port or _free_port()),
            "CHAT_SERVER": self._server,
            "CHAT_DATA_DIR": str(self._home),
            "CHAT_DATABASE_URL": self._url,
            "CHAT_BROKER_URL": self._broker.nodes[0].url if self._broker is not None else "",
        }
        process = await asyncio.create_subprocess_exec(*command, env=os.environ | settings, **streams)
        self._exit.push_async_callback(_stop, process)
        return process


async def _listening(port: int) -> None:
    async with asyncio.timeout(START_TIMEOUT):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
        await process.wait()


def _email(role: str, number: int) -> str:
    return f"{role}{number}@example.org"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
