"""The generator of resuming clients: it sends each message until it is acked, and expects it on both sides."""

import asyncio
import gc
from random import Random
from time import perf_counter
from typing import Any

import msgspec
import uvloop

from bench.clients.contents import contents
from bench.clients.heart_beats import keep_beating
from bench.clients.resuming_client import ResumingClient
from bench.generators.commands import Pair, ResumePhase, ResumePlan
from bench.generators.load_record import LoadRecord
from bench.generators.pipe import answer, open_stdin
from bench.generators.resuming_pair import ResumingPair
from bench.results.percentiles import percentile
from entrypoints.server.descriptors import allow_many_files

CONNECT_AT_ONCE = 50
WHOLE_TIMEOUT = 60.0
SETTLE_TIMEOUT = 60.0


class ResumingLoad:
    """Connects pairs of resuming clients, and sends messages through them."""

    def __init__(self, plan: ResumePlan) -> None:
        self.plan = plan
        self.record = LoadRecord()
        self._contents = contents()
        self._pairs = [self._pair(number, pair) for number, pair in enumerate(plan.pairs)]
        self._clients = [client for pair in self._pairs for client in (pair.sender, pair.receiver)]

    def _pair(self, number: int, pair: Pair) -> ResumingPair:
        def client(token: str, first: int) -> ResumingClient:
            urls = self.plan.urls[first:] + self.plan.urls[:first]
            return ResumingClient(
                urls, token, pair.session_id, pair.last_seq, source=self.plan.source, beats=self.plan.beats
            )

        count = len(self.plan.urls)
        sender, receiver = client(pair.sender_token, number % count), client(pair.receiver_token, (number + 1) % count)
        return ResumingPair(pair, self.plan.intent, sender, receiver)

    async def connect(self) -> None:
        """Returns when all clients are connected and have resumed."""
        gate = asyncio.Semaphore(CONNECT_AT_ONCE)

        async def open_pair(pair: ResumingPair) -> None:
            async with gate:
                await pair.open()

        await asyncio.gather(*(open_pair(pair) for pair in self._pairs))
        gc.collect()
        gc.freeze()

    async def beat(self) -> None:
        """Sends heart-beats, for ever."""
        await keep_beating(self._clients, lambda client: client.is_whole)

    async def run(self, phase: ResumePhase) -> dict[str, Any]:
        """Runs a phase. Returns the outcome, and after a cut also how long the clients took to resume."""
        self.record = LoadRecord()
        for pair in self._pairs:
            pair.begin(phase.run, self.record)
        sending = asyncio.create_task(self._keep_rate(phase))
        back: dict[str, Any] = {}
        if phase.cut_after is not None:
            await asyncio.sleep(phase.cut_after)
            back = await self._cut_all()
        await sending
        await self._settle()
        if phase.cut_after is not None:
            back["caught_up"] = self.record.caught_up(back["cut_at"])
        return back | {
            "outcome": self.record.outcome(phase.seconds),
            "sent_again_after_refusal": sum(pair.refused for pair in self._pairs),
            "failed_tries": sum(client.failed_tries for client in self._clients),
            "not_whole": sum(not client.is_whole for client in self._clients),
            "whole_after": max(client.whole_at for client in self._clients) - self.record.started,
            "times_lost": sum(client.times_lost for client in self._clients),
            "strays": sum(client.strays for client in self._clients),
            "latencies": self.record.latencies() if phase.samples else [],
        }

    async def _keep_rate(self, phase: ResumePhase) -> None:
        random = Random(phase.run)
        due, until = self.record.started, self.record.started + phase.seconds
        while (due := due + random.expovariate(phase.rate)) < until:
            if (wait := due - perf_counter()) > 0:
                await asyncio.sleep(wait)
            number = self.record.send(due, on_topic=True)
            pair = self._pairs[int(random.random() * len(self._pairs))]
            pair.send(number, self._contents[number % len(self._contents)])

    async def _cut_all(self) -> dict[str, Any]:
        cut_at = perf_counter()
        for client in self._clients:
            client.cut()
        deadline = cut_at + WHOLE_TIMEOUT
        while not all(client.whole_at > cut_at for client in self._clients) and perf_counter() < deadline:
            await asyncio.sleep(0.01)
        times = sorted((client.whole_at - cut_at) * 1000 for client in self._clients if client.whole_at > cut_at)
        return {
            "cut_at": cut_at,
            "came_back": len(times),
            "resumed_p50": percentile(times, 0.5),
            "resumed_p99": percentile(times, 0.99),
            "resumed_max": percentile(times, 1.0),
        }

    @property
    def _all_are_whole(self) -> bool:
        return all(client.is_whole for client in self._clients)

    async def _settle(self) -> None:
        deadline = perf_counter() + SETTLE_TIMEOUT
        while (self.record.waits or not self._all_are_whole) and perf_counter() < deadline:
            await asyncio.sleep(0.01)


async def main() -> None:
    """Connects as the first line says, and runs the phases of the other lines."""
    allow_many_files()
    lines = await open_stdin()
    load = ResumingLoad(msgspec.json.decode(await lines.readline(), type=ResumePlan))
    beating = asyncio.create_task(load.beat()) if load.plan.beats else None
    await load.connect()
    answer({"connected": True})
    while line := await lines.readline():
        answer(await load.run(msgspec.json.decode(line, type=ResumePhase)))
    if beating is not None:
        beating.cancel()


if __name__ == "__main__":
    uvloop.run(main())
