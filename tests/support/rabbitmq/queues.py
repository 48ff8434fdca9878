"""Waiting for queues of RabbitMQ."""

import asyncio

from lab.rabbitmq import RabbitNode
from tests.support.eventually import eventually_some


async def eventually_empty(node: RabbitNode, *queues: str, within: float = 30) -> None:
    """Returns once the queues are empty; AssertionError after `within` seconds.

    Asks in a thread, as `rabbitmqctl` takes seconds on a busy machine. Meanwhile the links of the test must go on.
    """

    def are_empty() -> bool:
        counts = node.queues()
        return not any(counts[queue] for queue in queues)

    await eventually_some(lambda: asyncio.to_thread(are_empty), within)
