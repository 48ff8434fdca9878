"""Remembers which sends were put aside, so that later sends in the same session do not overtake them."""

from datetime import datetime, timedelta
from typing import NamedTuple

from cachetools import LRUCache

from application.commands import SendMessageCommand
from application.ports.clock import Clock
from domain.identifiers import ClientMessageId, Email, SessionId

MAX_REMEMBERED = 10_000
SLACK = timedelta(seconds=5)
"""How much later than asked for a send may come back."""


class OrderingKey(NamedTuple):
    """A sender in a session. Messages with the same key keep their order."""

    session_id: SessionId
    sender_email: Email


def ordering_key(command: SendMessageCommand) -> OrderingKey:
    """The key of a send."""
    return OrderingKey(command.session_id, command.sender_email)


class _First(NamedTuple):
    client_message_id: ClientMessageId
    back_at: datetime


class SendsAside:
    """The sends that this instance has put aside.

    Another instance may get a send back. So later sends wait only until the time when it was to come back.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._first: LRUCache[OrderingKey, _First] = LRUCache(MAX_REMEMBERED)

    def wait_behind_another(self, command: SendMessageCommand) -> float | None:
        """Seconds until the first send with the same ordering key comes back. None when that is `command` itself."""
        first = self._first.get(ordering_key(command))
        if first is None or first.client_message_id == command.client_message_id:
            return None
        left = first.back_at - self._clock.now()
        return max(0.0, left.total_seconds()) if left > -SLACK else None

    def add(self, command: SendMessageCommand, retry_in: float) -> None:
        """Notes that `command` was put aside for `retry_in` seconds.

        Only the first send of an ordering key is noted.
        """
        if self.wait_behind_another(command) is None:
            back_at = self._clock.now() + timedelta(seconds=retry_in)
            self._first[ordering_key(command)] = _First(command.client_message_id, back_at)

    def forget(self, command: SendMessageCommand) -> None:
        """Notes that `command` is not aside any more."""
        if self.wait_behind_another(command) is None:
            self._first.pop(ordering_key(command), None)
