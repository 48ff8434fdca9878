"""One instance of the service as a broker sees it."""

from collections import Counter
from collections.abc import Sequence
from uuid import uuid4

from adapters.memory.push import RecordingPush
from application.ports.broker import Broker
from application.ports.push import Delivery, MessageKey
from domain.errors import Unavailable
from domain.identifiers import Email, MessageId, SessionId
from tests.support.eventually import eventually


def a_delivery(seq: int = 1, destination: str = "user:ann@example.org:/queue/messages", body: str = "{}") -> Delivery:
    key = MessageKey(MessageId(uuid4()), SessionId(uuid4()), seq, Email("bob@example.org"))
    return Delivery(destination, body, key, 1_767_268_800.25)


def some_deliveries(count: int) -> list[Delivery]:
    return [a_delivery(seq) for seq in range(1, count + 1)]


class Instance:
    """A broker and what it has pushed."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.push = RecordingPush()

    async def start(self) -> None:
        await self.broker.start(self.push)

    async def has(self, deliveries: Sequence[Delivery], within: float = 10) -> None:
        """These and nothing else, in this order."""
        await eventually(lambda: len(self.push.deliveries) >= len(deliveries), within)
        assert self.push.deliveries == list(deliveries)

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
