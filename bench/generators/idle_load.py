"""The generator of idle connections: they subscribe, get no messages, and send heart-beats."""

import asyncio

import msgspec
import uvloop

from bench.clients.client import Client
from bench.clients.heart_beats import PROMISED, keep_beating
from bench.generators.commands import IdlePlan
from bench.generators.pipe import answer, open_stdin
from entrypoints.server.descriptors import allow_many_files

CONNECT_AT_ONCE = 50


class IdleClients:
    """Many clients that only send heart-beats."""

    def __init__(self, plan: IdlePlan) -> None:
        self._plan = plan
        self._clients: list[Client] = []

    async def open(self) -> None:
        """Connects and subscribes all clients. Raises what `Client.connect` and `Client.ask` raise."""
        gate = asyncio.Semaphore(CONNECT_AT_ONCE)

        async def open_one(number: int) -> None:
            async with gate:
                client = await Client().connect(self._plan.url)
                await client.log_in(self._plan.tokens[number % len(self._plan.tokens)], PROMISED)
                await client.subscribe("/user/queue/messages")
                self._clients.append(client)

        await asyncio.gather(*(open_one(number) for number in range(self._plan.count)))

    async def beat(self) -> None:
        """Sends heart-beats, for ever."""
        await keep_beating(self._clients, lambda client: not client.is_lost)

    @property
    def lost(self) -> int:
        """The number of connections that have ended."""
        return sum(client.is_lost for client in self._clients)


async def main() -> None:
    """Connects as the first line says. Tells the lost connections for each further line."""
    allow_many_files()
    lines = await open_stdin()
    clients = IdleClients(msgspec.json.decode(await lines.readline(), type=IdlePlan))
    beating = asyncio.create_task(clients.beat())
    await clients.open()
    answer({"connected": True})
    while await lines.readline():
        answer({"connections_lost": clients.lost})
    beating.cancel()


if __name__ == "__main__":
    uvloop.run(main())
