"""One instance of the service as a broker sees it."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Self
from uuid import uuid4

from adapters.memory.push import RecordingPush
from application.ports.broker import Broker
from application.ports.push import Delivery, MessageKey
from domain.errors import Unavailable
from domain.identifiers import Email, MessageId, SessionId
from tests.support.eventually import eventually, eventually_some

MESSAGES = "user:ann@example.org:/queue/messages"


def a_delivery(seq: int = 1, destination: str = MESSAGES, body: str = "{}") -> Delivery:
    key = MessageKey(MessageId(uuid4()), SessionId(uuid4()), seq, Email("bob@example.org"))
    return Delivery(destination, body, key, 1_767_268_800.25)


def some_deliveries(count: int) -> list[Delivery]:
    return [a_delivery(seq) for seq in range(1, count + 1)]


class Instance:
    """A broker and what it has pushed. It listens to `destinations` from the start.

    As a context, it is started and ready, and stopped whatever the test comes to.
    """

    def __init__(self, broker: Broker, *destinations: str) -> None:
        self.broker = broker
        self.push = RecordingPush()
        self._destinations = destinations or (MESSAGES,)
        self._listening: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.broker.start(self.push)
        self._listening = asyncio.create_task(self.listen(*self._destinations))

    async def __aenter__(self) -> Self:
        try:
            await self.start()
            await self.ready()
        except BaseException:
            await self.broker.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.broker.stop()

    async def ready(self) -> None:
        """It publishes, and gets what is published to its destinations."""
        assert self._listening is not None, "it was started"
        await self.broker.wait_ready()
        await self._listening

    async def listen(self, *destinations: str) -> None:
        """As one connection that subscribes to them."""
        waits = [self.broker.listen(destination) for destination in destinations]
        await asyncio.gather(*(wait for wait in waits if wait is not None))

    async def hears(self, publisher: "Instance") -> None:
        """Returns once it gets what `publisher` publishes: a subscription that waits too long goes on unbound."""
        probes: list[Delivery] = []

        async def has_got_one() -> bool:
            probes.append(a_delivery())
            await publisher.publish(probes[-1:])
            return any(probe in self.push.deliveries for probe in probes)

        await eventually_some(has_got_one)

    def unlisten(self, *destinations: str) -> None:
        """As when it unsubscribes."""
        for destination in destinations:
            self.broker.unlisten(destination)

    async def has(self, deliveries: Sequence[Delivery], within: float = 10) -> None:
        """These and nothing else, in this order."""
        await eventually(lambda: len(self.push.deliveries) >= len(deliveries), within)
        assert self.push.deliveries == list(deliveries)

    async def has_of(self, destination: str, deliveries: Sequence[Delivery], within: float = 10) -> None:
        """These and nothing else of `destination`, in this order."""

        def of_it() -> list[Delivery]:
            return [delivery for delivery in self.push.deliveries if delivery.destination == destination]

        await eventually(lambda: len(of_it()) >= len(deliveries), within)
        assert of_it() == list(deliveries)

    async def has_got(self, deliveries: Sequence[Delivery], within: float = 10) -> None:
        """These once each, whatever else and in whichever order."""
        await eventually(lambda: {d.message for d in deliveries} <= {d.message for d in self.push.deliveries}, within)
        counts = Counter(delivery.message for delivery in self.push.deliveries)
        assert {counts[delivery.message] for delivery in deliveries} == {1}

    async def publish(self, deliveries: Sequence[Delivery]) -> int:
        """As the outbox does it: again and again until it is confirmed. How often it failed."""
        failures = 0
        while True:
            try:
                await self.broker.publish(deliveries)
                return failures
            except Unavailable:
                failures += 1
                await self.broker.wait_ready()
