"""The servers of a run: PostgreSQL, a RabbitMQ cluster, and instances of the service over both."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
import msgspec

from adapters.jwt.signing import generate_key_pair, issue_user_token, load_private_key
from adapters.postgres.schema.migrations import upgrade
from adapters.rabbitmq.topology import DEAD_QUEUE, HELD_QUEUE, SEND_QUEUE
from chaos.testbed.instance import Instance
from chaos.testbed.store import Store
from domain.identifiers import Email
from entrypoints.development.embedded_postgres import EmbeddedPostgres
from lab.rabbitmq import RabbitNode, RabbitNodes

SERVE = (str(Path(sys.executable).parent / "chat-service"), "serve")
HEALTHY_TIMEOUT = 60.0
INTENT = "chaos"
HEARTBEAT = 3.0
"""Seconds between two heart-beats of the service."""


class Testbed:
    """Starts and stops the servers of a run, with their files in `home`.

    `command` starts an instance. Starts broker nodes and PostgreSQL, unless `nodes` and `database_url` are given.
    Faults can break only a PostgreSQL that the testbed has started.
    """

    __test__ = False  # or pytest takes it for a test

    def __init__(
        self,
        home: Path,
        *,
        instances: int = 3,
        command: Sequence[str] = SERVE,
        nodes: Sequence[RabbitNode] = (),
        database_url: str = "",
    ) -> None:
        self._home = home
        self._instance_count = instances
        self._command = command
        self._database_url = database_url
        self._exit = AsyncExitStack()
        self.postgres = EmbeddedPostgres(home / "postgres")
        self.instances: list[Instance] = []
        self.nodes = nodes

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._exit.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exit.aclose()

    async def _start(self) -> None:
        if not self.nodes:
            self.nodes = (await asyncio.to_thread(self._exit.enter_context, RabbitNodes("one", "two", "three"))).nodes
        url = self._database_url or await self._start_database()
        await upgrade(url)
        self.store = Store(url)
        generate_key_pair(self._home / "keys")
        self._key = load_private_key(self._home / "keys" / "private.pem")
        settings = {
            "CHAT_PROFILE": "test",
            "CHAT_DATA_DIR": str(self._home),
            "CHAT_DATABASE_URL": url,
            "CHAT_BROKER_URL": ",".join(node.url for node in self.nodes),
            "CHAT_HEARTBEAT": f"{HEARTBEAT}s",
        }
        # every second one is past the switch from the fanout, as when an operator restarts them one by one
        fanout = [{"CHAT_BROKER_FANOUT": "false" if number % 2 else "true"} for number in range(self._instance_count)]
        self.instances = [
            Instance(self._command, settings | own, self._home, number) for number, own in enumerate(fanout)
        ]
        for instance in self.instances:
            self._exit.push_async_callback(instance.kill)
        await asyncio.gather(*(instance.start() for instance in self.instances))

    async def _start_database(self) -> str:
        self._exit.callback(self.postgres.stop)
        return await asyncio.to_thread(self.postgres.start)

    def token(self, email: str) -> str:
        """A token of a user."""
        return issue_user_token(self._key, Email(email), timedelta(hours=6), datetime.now(UTC))

    def living(self) -> list[str]:
        """The addresses of the instances that run, as far as a client can know."""
        return [instance.url for instance in self.instances if instance.living]

    async def open_session(self, http: aiohttp.ClientSession, from_email: str, to_email: str) -> str:
        """Opens the session of two users over REST. Returns its id."""
        body = msgspec.json.encode({"fromEmail": from_email, "toEmail": to_email, "intent": INTENT})
        headers = {"Authorization": f"Bearer {self.token(from_email)}"}
        async with http.post(f"{self.instances[0].url}/api/chat/init", data=body, headers=headers) as answer:
            answer.raise_for_status()
            session_id: str = (await answer.json())["sessionId"]
            return session_id

    async def until_healthy(self) -> None:
        """Returns when every instance says that it and all that it depends on are up. Raises TimeoutError."""
        async with asyncio.timeout(HEALTHY_TIMEOUT), aiohttp.ClientSession() as http:
            for instance in self.instances:
                while not await instance.is_healthy(http):
                    await asyncio.sleep(0.2)

    async def queued(self) -> dict[str, int]:
        """The number of messages in each queue of sends."""
        queues = await asyncio.to_thread(self.nodes[0].queues)
        return {queue: queues.get(queue, 0) for queue in (SEND_QUEUE, HELD_QUEUE, DEAD_QUEUE)}
