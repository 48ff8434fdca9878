"""Where a delivery goes (contract, section 7): a session's topic, or a queue of a user.

In the outbox a user is named by its profile for messages and by its e-mail for acks, as in the service before this one.
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
USER_QUEUES = frozenset({MESSAGES_QUEUE, ACK_QUEUE, ERROR_QUEUE, RECEIPTS_QUEUE})
ALL_RECEIPTS_QUEUE = "/queue/receipts.all"
"""What subscribers of `RECEIPTS_QUEUE` get in addition where they ask for all receipts; clients know it by no name."""
_QUEUES = USER_QUEUES | {ALL_RECEIPTS_QUEUE}


class UserDestination(NamedTuple):
    """`user:{name}:{queue}`, the name being a profile id or the name of a principal."""

    name: str
    queue: str


_REMEMBERED = 100_000  # every message asks for the same few, and an id is written in half a microsecond


@lru_cache(_REMEMBERED)
def session_topic(session_id: SessionId) -> str:
    return f"{SESSION_TOPIC_PREFIX}{session_id}"


@lru_cache(_REMEMBERED)
def user_destination(name: ProfileId | Email | str, queue: str) -> str:
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
    # one spelling only, so that subscribers and deliveries meet at one key
    return SessionId(session_id) if session_topic(SessionId(session_id)) == destination else None
