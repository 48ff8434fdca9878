"""The load generator: reads one phase from each line of stdin, and writes its outcome to stdout."""

import asyncio
import gc
from collections.abc import Iterator
from random import Random
from time import perf_counter

import msgspec
import uvloop

from bench.clients.client import Client, client_message_id, message_number
from bench.clients.contents import contents
from bench.clients.refusals import read_refusal
from bench.clients.send_route import SendRoute
from bench.generators.commands import CaughtUp, Pair, Phase, Plan
from bench.generators.load_record import AT_RECEIVER, AT_SENDER, LATE, LoadRecord
from bench.generators.pipe import answer, open_stdin
from bench.results.outcome import Outcome
from entrypoints.server.descriptors import allow_many_files

CONNECT_AT_ONCE = 50
TICK = 0.001
SENDS_AT_ONCE = 100
"""Sends in a row before the loop reads answers."""
SETTLE_TIMEOUT = 30.0
RETRY_DELAY = 0.2
"""Seconds between a refusal and the next send, when a window of messages is kept in flight."""


class Load:
    """Connects pairs of clients, and sends messages through them."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._record = LoadRecord()
        self._routes: list[SendRoute] = []
        self._clients: list[Client] = []
        self._contents = contents()

    async def connect(self) -> None:
        """Connects and subscribes all clients of the plan. Raises what `Client.connect` and `Client.ask` raise."""
        gate = asyncio.Semaphore(CONNECT_AT_ONCE)

        async def open_pair(pair: Pair) -> Client:
            async with gate:
                return await (self._open_echo() if self._plan.kind == "echo" else self._open_pair(pair))

        plan = self._plan
        senders = await asyncio.gather(*(open_pair(pair) for pair in plan.pairs))
        self._routes = [
            SendRoute(
                senders[route.sender], plan.pairs[route.sender].sender, route.session_id, route.intent, on_topic=False
            )
            for route in plan.routes
        ] or [
            SendRoute(client, pair.sender, pair.session_id, plan.intent, on_topic=pair.on_topic)
            for client, pair in zip(senders, plan.pairs, strict=True)
        ]
        gc.collect()
        gc.freeze()

    async def _open_echo(self) -> Client:
        client = await self._open(self._plan.sender_url)
        client.on_message = self._echoed
        return client

    async def _open_pair(self, pair: Pair) -> Client:
        sender, receiver = await self._open(self._plan.sender_url), await self._open(self._plan.receiver_url)
        sender.on_ack, sender.on_refused = self._acked, self._refused
        sender.on_topic = lambda number, _: self._record.deliver_copy(number, AT_SENDER)
        receiver.on_message = self._delivered
        receiver.on_topic = lambda number, _: self._record.deliver_copy(number, AT_RECEIVER)
        topic = [f"/topic/session.{pair.session_id}"] if pair.on_topic else []
        await sender.log_in(pair.sender_token)
        await sender.subscribe("/user/queue/ack", "/user/queue/error", *topic)
        await receiver.log_in(pair.receiver_token)
        await receiver.subscribe("/user/queue/messages", *topic)
        return sender

    async def _open(self, url: str) -> Client:
        client = Client()
        self._clients.append(client)
        await client.connect(url)
        return client

    async def run(self, phase: Phase) -> Outcome:
        """Runs a phase, and waits up to `SETTLE_TIMEOUT` seconds for what is in flight at its end."""
        self._record = LoadRecord()
        self._phase = phase
        self._random = Random(phase.run)
        run = b"%08x" % phase.run
        for client in self._clients:
            client.run, client.strays = run, 0
        self._until = self._record.started + phase.seconds
        if phase.window:
            for _ in range(phase.window):
                self._send(self._random_route(), perf_counter())
            await asyncio.sleep(phase.seconds)
        else:
            await self._keep_rate(self._arrivals(phase))
        offered = perf_counter() - self._record.started
        await self._settle()
        return self._record.outcome(offered)

    def _arrivals(self, phase: Phase) -> Iterator[tuple[float, SendRoute]]:
        """The times at which messages are due, and their routes: a Poisson process in an open loop."""
        due = self._record.started
        routes = self._random.sample(self._routes, len(self._routes)) if phase.each_once else None
        while True:
            due += self._random.expovariate(phase.rate)
            if routes is None and due > self._until:
                return
            if routes == []:
                return
            yield due, routes.pop() if routes is not None else self._random_route()

    async def _keep_rate(self, arrivals: Iterator[tuple[float, SendRoute]]) -> None:
        """Sends each message when it is due. Its latency counts from that time, even when it is sent later."""
        in_a_row = 0
        for due, route in arrivals:
            wait = due - perf_counter()
            if wait > 0 or in_a_row == SENDS_AT_ONCE:
                await asyncio.sleep(max(wait, TICK) if wait > 0 else 0)
                in_a_row = 0
            self._record.late_sends += perf_counter() - due > LATE
            self._send(route, due)
            in_a_row += 1

    async def _settle(self) -> None:
        deadline = perf_counter() + SETTLE_TIMEOUT
        while self._record.waits and perf_counter() < deadline:
            await asyncio.sleep(0.01)

    def _random_route(self) -> SendRoute:
        return self._routes[int(self._random.random() * len(self._routes))]

    def _send(self, route: SendRoute, intended: float) -> None:
        number = self._record.send(intended, on_topic=route.on_topic)
        route.send(self._contents[number % len(self._contents)], client_message_id(self._phase.run, number))

    def _send_next(self) -> None:
        now = perf_counter()
        if self._phase.window and now < self._until:
            self._send(self._random_route(), now)

    def _acked(self, number: int, now: float) -> None:
        self._record.ack(number, now)
        self._send_next()

    def _delivered(self, number: int, now: float) -> None:
        self._record.deliver(number, now)

    def _echoed(self, number: int, now: float) -> None:
        self._record.deliver(number, now)
        self._acked(number, now)

    def _refused(self, frame: bytes) -> None:
        number = message_number(frame, b"%08x" % self._phase.run)
        if number is not None:
            self._record.refuse(number, perf_counter(), *read_refusal(frame))
            asyncio.get_running_loop().call_later(RETRY_DELAY, self._send_next)

    def caught_up(self, since: float) -> float:
        """Seconds from `since` until all messages sent before it were delivered."""
        return self._record.caught_up(since)

    @property
    def lost(self) -> int:
        """The number of connections that have ended."""
        return sum(client.is_lost for client in self._clients)

    @property
    def strays(self) -> int:
        """The number of messages that arrived in this phase and belong to an earlier one."""
        return sum(client.strays for client in self._clients)


async def main() -> None:
    """Connects as the first line says, and runs the phases of the other lines."""
    allow_many_files()
    lines = await open_stdin()
    load = Load(msgspec.json.decode(await lines.readline(), type=Plan))
    await load.connect()
    answer({"connected": True})
    while line := await lines.readline():
        match msgspec.json.decode(line, type=Phase | CaughtUp):
            case Phase() as phase:
                outcome = await load.run(phase)
                answer({"outcome": outcome, "connections_lost": load.lost, "strays": load.strays})
            case CaughtUp(since):
                answer({"seconds": load.caught_up(since)})


if __name__ == "__main__":
    uvloop.run(main())
