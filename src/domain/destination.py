"""Where a delivery goes (contract, section 7): a session's topic, or a queue of a user.

The outbox names a user by profile id for messages, and by e-mail for acks. The service before this one did the same.
"""

from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from domain.identifiers import Email, ProfileId, SessionId

SESSION_TOPIC_PREFIX = "/topic/session."
MESSAGES_QUEUE = "/queue/messages"
ACK_QUEUE = "/queue/ack"
ERROR_QUEUE = "/queue/error"
RECEIPTS_QUEUE = "/queue/receipts"
EVENTS_QUEUE = "/queue/events"
USER_QUEUES = frozenset({MESSAGES_QUEUE, ACK_QUEUE, ERROR_QUEUE, RECEIPTS_QUEUE})
ALL_RECEIPTS_QUEUE = "/queue/receipts.all"
"""Internal queue: its receipts go to subscribers of `RECEIPTS_QUEUE` who asked for all receipts."""
TOPICS_QUEUE = "/queue/topics"
"""Internal queue: what this user alone is given on the topics that it subscribes to."""
_QUEUES = USER_QUEUES | {EVENTS_QUEUE, ALL_RECEIPTS_QUEUE, TOPICS_QUEUE}

INSTANCE_PREFIX = "instance."
"""Instances tell each other at these destinations who is connected where. No client can subscribe to one."""
EVERY_INSTANCE = f"{INSTANCE_PREFIX}all"


class UserDestination(NamedTuple):
    """The parts of `user:{name}:{queue}`. `name` is a profile id or the name of a principal."""

    name: str
    queue: str


_REMEMBERED = 100_000  # cached, since every message needs a few of them and formatting a UUID takes 0.5 µs


@lru_cache(_REMEMBERED)
def session_topic(session_id: SessionId) -> str:
    """The topic of a session: `/topic/session.{id}`."""
    return f"{SESSION_TOPIC_PREFIX}{session_id}"


@lru_cache(_REMEMBERED)
def user_destination(name: ProfileId | Email | str, queue: str) -> str:
    """The destination `user:{name}:{queue}`. `name` is a profile id, an e-mail or the name of a principal."""
    return f"user:{name}:{queue}"


def parse_user_destination(destination: str) -> UserDestination | None:
    """The parts of `user:{name}:{queue}`, or None for any other destination."""
    scheme, _, rest = destination.partition(":")
    name, colon, queue = rest.rpartition(":")
    if scheme != "user" or not (name and colon) or queue not in _QUEUES:
        return None
    return UserDestination(name, queue)


def parse_session_topic(destination: str) -> SessionId | None:
    """The session of `/topic/session.{id}`, or None for any other destination."""
    if not destination.startswith(SESSION_TOPIC_PREFIX):
        return None
    try:
        session_id = UUID(destination.removeprefix(SESSION_TOPIC_PREFIX))
    except ValueError:
        return None
    # accepts the canonical spelling only, so that subscriptions and deliveries use the same key
    return SessionId(session_id) if session_topic(SessionId(session_id)) == destination else None


def is_instance_destination(destination: str) -> bool:
    """Whether it is `EVERY_INSTANCE`, or the destination of one instance."""
    name = destination.removeprefix(INSTANCE_PREFIX)
    return name != destination and name.isascii() and name.isalnum()
