"""Routing keys of deliveries: which instances get an AMQP message.

The exchange of routed deliveries is a topic exchange, whose keys here are single words. A direct exchange would do, but
RabbitMQ 3.10 takes 25 µs for each key of a message there, and 6 µs in a topic exchange.
"""

from collections.abc import Iterable
from functools import lru_cache
from zlib import crc32

BUCKETS = 4_096
"""How many keys there are for destinations. All instances must agree on it."""

EVERY_BUCKET = "*"
"""A queue bound with this key gets every message that has the key of a bucket, or `ANY_BUCKET`."""

ANY_BUCKET = "any"
"""The key of a message for more than `MAX_KEYS` buckets. Every queue that is bound to a bucket is bound to it too."""

OF_OLD_INSTANCES = ""
"""The key of every message of version 0.1.0."""

MAX_KEYS = 64
"""With so many keys a message takes about 0.4 ms of RabbitMQ's time to route."""


@lru_cache(maxsize=100_000)
def bucket_key(destination: str) -> str:
    """The routing key of a destination. All queues of one user share one, so that a user takes one binding.

    Queues that later versions add have to be no exception.
    """
    user, _, _ = destination.rpartition(":")
    return str(crc32((user or destination).encode()) % BUCKETS)


def routing_keys(destinations: Iterable[str]) -> list[str]:
    """The keys of a message with deliveries to `destinations`."""
    keys: set[str] = set()
    for destination in destinations:
        keys.add(bucket_key(destination))
        if len(keys) > MAX_KEYS:
            return [ANY_BUCKET]
    return sorted(keys)


def own_key(identity: str) -> str:
    """The key that only the queue of the instance `identity` is bound with. It is no single word."""
    return f"own.{identity}"
