"""The queue of sends on a real RabbitMQ, and waiting for queues."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.rabbitmq.sends.send_queue import RabbitSendQueue
from adapters.rabbitmq.settings import RabbitSettings
from adapters.system.clock import SystemClock
from application.ports.send_queue import SendHandler
from lab.rabbitmq import RabbitNode
from tests.support.eventually import eventually_some


@asynccontextmanager
async def send_queue(
    url: str, handler: SendHandler | None = None, settings: RabbitSettings | None = None
) -> AsyncIterator[RabbitSendQueue]:
    """Up, with a consumer if there is a `handler`: the next test would wait for its end, so that it is stopped."""
    queue = RabbitSendQueue([url], "test", SystemClock(), settings)
    if handler is not None:
        queue.consume(handler)
    await queue.start()
    try:
        await queue.wait_ready()
        yield queue
    finally:
        await queue.stop()


async def eventually_empty(node: RabbitNode, *queues: str, within: float = 30) -> None:
    """Returns once the queues are empty; AssertionError after `within` seconds.

    Asks in a thread, as `rabbitmqctl` takes seconds on a busy machine. Meanwhile the links of the test must go on.
    """

    def are_empty() -> bool:
        counts = node.queues()
        return not any(counts[queue] for queue in queues)

    await eventually_some(lambda: asyncio.to_thread(are_empty), within)
