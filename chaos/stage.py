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
from adapters.postgres.migrations import upgrade
from adapters.rabbitmq.topology import DEAD_QUEUE, HELD_QUEUE, SEND_QUEUE
from chaos.instance import Instance
from chaos.person import BEAT, INTENT
from chaos.store import Store
from domain.identifiers import Email
from entrypoints.development.embedded_postgres import EmbeddedPostgres
from lab.rabbitmq import RabbitNode, RabbitNodes

SERVE = (str(Path(sys.executable).parent / "chat-service"), "serve")
HEALTHY_TIMEOUT = 60.0


class Stage:
    """`command` starts an instance. Broker nodes and a database may be there already; what is not, the stage has.

    Only its own PostgreSQL can be broken.
    """

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
            "CHAT_HEARTBEAT": f"{BEAT}s",
        }
        self.instances = [Instance(self._command, settings, self._home, n) for n in range(self._instance_count)]
        for instance in self.instances:
            self._exit.push_async_callback(instance.kill)
        await asyncio.gather(*(instance.start() for instance in self.instances))

    async def _start_database(self) -> str:
        self._exit.callback(self.postgres.stop)
        return await asyncio.to_thread(self.postgres.start)

    def token(self, email: str) -> str:
        return issue_user_token(self._key, Email(email), timedelta(hours=6), datetime.now(UTC))

    def living(self) -> list[str]:
        return [instance.url for instance in self.instances if instance.living]

    async def open_session(self, http: aiohttp.ClientSession, one: str, other: str) -> str:
        body = msgspec.json.encode({"fromEmail": one, "toEmail": other, "intent": INTENT})
        headers = {"Authorization": f"Bearer {self.token(one)}"}
        async with http.post(f"{self.instances[0].url}/api/chat/init", data=body, headers=headers) as answer:
            answer.raise_for_status()
            session_id: str = (await answer.json())["sessionId"]
            return session_id

    async def until_healthy(self) -> None:
        """Every instance says that it and what it needs are up."""
        async with asyncio.timeout(HEALTHY_TIMEOUT), aiohttp.ClientSession() as http:
            for instance in self.instances:
                while not await instance.is_healthy(http):
                    await asyncio.sleep(0.2)

    async def queued(self) -> dict[str, int]:
        """The sends that lie in the broker, by queue."""
        queues = await asyncio.to_thread(self.nodes[0].queues)
        return {queue: queues.get(queue, 0) for queue in (SEND_QUEUE, HELD_QUEUE, DEAD_QUEUE)}
