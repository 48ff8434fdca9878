"""The processes of a run: PostgreSQL, RabbitMQ, instances of the service, load generators."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec

from adapters.postgres.schema.migrations import upgrade
from bench.generators.commands import IdlePlan, Pair, Phase, Plan, Route
from bench.generators.load_process import ANSWER_GRACE, LoadProcess
from bench.generators.pipe import LONGEST_LINE
from bench.results.outcome import Outcome
from bench.results.phase_result import PhaseResult
from bench.testbed.accounting import count_in_store
from bench.testbed.capacity import MAX_UNAUTHENTICATED
from bench.testbed.ports import listening, websocket_url
from bench.testbed.users import INTENT, Users, receiver_email
from entrypoints.development.embedded_postgres import EmbeddedPostgres
from lab.ports import free_port
from lab.processes import cpu_seconds, resident_bytes
from lab.rabbitmq import RabbitNodes

INITS_AT_ONCE = 20
IDLE_USERS = 1_000
COMMAND = str(Path(sys.executable).parent / "chat-service")
SETTINGS = {
    "CHAT_PROFILE": "test",
    "CHAT_MAX_UNAUTHENTICATED": str(MAX_UNAUTHENTICATED),
    "CHAT_MAX_UNAUTHENTICATED_PER_ADDRESS": str(MAX_UNAUTHENTICATED),
}


class Testbed:
    """Starts and stops the processes of a run, with their files in `home`.

    `server` is the server of the instances, `pairs` the number of pairs of users.
    """

    __test__ = False  # or pytest takes it for a test

    def __init__(self, home: Path, server: str, pairs: int) -> None:
        self._home = home
        self._server = server
        self.users = Users(home / "keys", pairs)
        self._postgres = EmbeddedPostgres(home / "postgres")
        self._exit = AsyncExitStack()
        self.broker: RabbitNodes | None = None
        self.instances: dict[int, asyncio.subprocess.Process] = {}
        self.load: LoadProcess | None = None
        self.other_loads: list[LoadProcess] = []
        self._pairs: list[Pair] = []
        self._run = int(datetime.now(UTC).timestamp()) & 0x7FFFFFFF

    async def __aenter__(self) -> Self:
        self.database_url = await asyncio.to_thread(self._postgres.start)
        self._exit.callback(self._postgres.stop)
        await upgrade(self.database_url)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exit.aclose()

    async def start_broker(self) -> None:
        """Starts a RabbitMQ node, for the instances that are started later."""
        self.broker = await asyncio.to_thread(self._exit.enter_context, RabbitNodes("bench"))

    async def restart_instance(self, port: int, settings: Mapping[str, str]) -> None:
        """Stops an instance, and starts it on the same port."""
        await stop(self.instances[port])
        await self.start_instance(port, settings)

    async def start_instances(self, count: int, **settings: str) -> None:
        """Starts instances on free ports, with further `settings` of the service."""
        for _ in range(count):
            await self.start_instance(free_port(), settings)

    async def start_instance(self, port: int, settings: Mapping[str, str]) -> None:
        """Starts an instance. Returns when it listens. Raises TimeoutError."""
        command = (COMMAND, "serve", "--server", self._server)
        self.instances[port] = await self.spawn(*command, settings={"CHAT_PORT": str(port), **settings})
        await listening(port)

    async def stop_instances(self) -> None:
        """Stops the load generator, then the instances."""
        if self.load is not None:
            await stop(self.load.process)
            self.load = None
        for instance in self.instances.values():
            await stop(instance)
        self.instances.clear()

    async def connect(self, routes: list[Route] | None = None, *, together: bool = False) -> None:
        """Starts a load generator. Senders connect to the first instance, receivers to the last one.

        With `together` receivers connect to the first instance as well.
        """
        urls = self.urls[:1] if together else self.urls
        plan = Plan(urls[0], urls[-1], INTENT, await self.pairs(), routes=routes or [])
        self.load = await self.start_load("bench.generators.load", plan)

    async def pairs(self) -> list[Pair]:
        """The pairs. Opens their sessions at the first call."""
        if not self._pairs:
            pairs = self.users.pairs()
            gate = asyncio.Semaphore(INITS_AT_ONCE)
            async with aiohttp.ClientSession() as http:
                await asyncio.gather(*(self._init(http, gate, number, pair) for number, pair in enumerate(pairs)))
            self._pairs = pairs
        return self._pairs

    @property
    def urls(self) -> list[str]:
        """The WebSocket addresses of the instances."""
        return [websocket_url(port) for port in self.instances]

    async def phase(self, phase: Phase, *, may_refuse: bool = False) -> PhaseResult:
        """Runs a phase on the connected load generator, and counts in the store. Sets the number of the run."""
        assert self.load is not None
        phase.run = self.next_run()
        before = self.cpu()
        answer = await self.load.ask(phase)
        cpu = {name: after - before[name] for name, after in self.cpu().items()}
        return PhaseResult(
            msgspec.convert(answer["outcome"], Outcome),
            await count_in_store(self.database_url, phase.run),
            cpu,
            answer["connections_lost"],
            answer["strays"],
            may_refuse,
        )

    async def open_idle(self, count: int) -> tuple[LoadProcess, float]:
        """Opens `count` idle connections. Returns their generator, and the memory of the service for each, in bytes."""
        ((port, instance),) = self.instances.items()
        before = resident_bytes(instance.pid)
        tokens = self.users.tokens("idle", min(count, IDLE_USERS))
        idle = await self.start_load("bench.generators.idle_load", IdlePlan(websocket_url(port), tokens, count))
        return idle, (resident_bytes(instance.pid) - before) / count

    def cpu(self) -> dict[str, float]:
        """The CPU seconds so far, by kind of process."""
        assert self.load is not None
        cpu = {
            "service": sum(cpu_seconds(instance.pid) for instance in self.instances.values()),
            "postgres": cpu_seconds(self._postgres.pid),
            "load": sum(cpu_seconds(load.process.pid) for load in (self.load, *self.other_loads)),
        }
        return cpu if self.broker is None else cpu | {"rabbitmq": cpu_seconds(self.broker.nodes[0].pid)}

    def resident(self) -> int:
        """The resident memory of all instances, in bytes."""
        return sum(resident_bytes(instance.pid) for instance in self.instances.values())

    def next_run(self) -> int:
        """The number of the next run."""
        self._run += 1
        return self._run

    async def start_load(self, module: str, plan: msgspec.Struct, within: float = ANSWER_GRACE) -> LoadProcess:
        """Starts a load generator. Returns when its clients are connected.

        Raises TimeoutError after `within` seconds.
        """
        streams: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "limit": LONGEST_LINE}
        load = LoadProcess(await self.spawn(sys.executable, "-m", module, **streams))
        await load.connect(plan, within)
        return load

    async def spawn(
        self, *command: str, settings: Mapping[str, str] | None = None, **streams: Any
    ) -> asyncio.subprocess.Process:
        """Starts a process, which is stopped together with the testbed."""
        environment = SETTINGS | {
            "CHAT_SERVER": self._server,
            "CHAT_DATA_DIR": str(self._home),
            "CHAT_DATABASE_URL": self.database_url,
            "CHAT_BROKER_URL": self.broker.nodes[0].url if self.broker is not None else "",
        }
        environment |= settings or {}
        process = await asyncio.create_subprocess_exec(*command, env=os.environ | environment, **streams)
        self._exit.push_async_callback(stop, process)
        return process

    async def _init(self, http: aiohttp.ClientSession, gate: asyncio.Semaphore, number: int, pair: Pair) -> None:
        body = {"fromEmail": pair.sender, "toEmail": receiver_email(number), "intent": INTENT}
        headers = {"Authorization": f"Bearer {pair.sender_token}"}
        url = f"http://127.0.0.1:{next(iter(self.instances))}/api/chat/init"
        async with gate, http.post(url, json=body, headers=headers) as answer:
            answer.raise_for_status()
            pair.session_id = str((await answer.json())["sessionId"])


async def stop(process: asyncio.subprocess.Process) -> None:
    """Sends SIGTERM, and returns when the process has ended."""
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
        await process.wait()
