"""Which senders have a send aside, so that their later ones in the same session do not overtake it."""

from datetime import datetime, timedelta
from typing import NamedTuple

from cachetools import LRUCache

from application.commands import SendMessageCommand
from application.ports.clock import Clock
from domain.identifiers import ClientMessageId, Email, SessionId

MAX_LINES = 10_000
SLACK = timedelta(seconds=5)  # a send comes back a little later than it was asked for


class Line(NamedTuple):
    """One sender's messages in one session: these keep their order."""

    session_id: SessionId
    sender_email: Email


def line_of(command: SendMessageCommand) -> Line:
    return Line(command.session_id, command.sender_email)


class _First(NamedTuple):
    client_message_id: ClientMessageId
    back_at: datetime


class SendsAside:
    """What this instance has put aside. Another one may get it back, so that nobody is waited for after its time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._first: LRUCache[Line, _First] = LRUCache(MAX_LINES)

    def is_behind_another(self, command: SendMessageCommand) -> bool:
        first = self._alive(line_of(command))
        return first is not None and first.client_message_id != command.client_message_id

    def add(self, command: SendMessageCommand, retry_in: float) -> None:
        """It was put aside for `retry_in` seconds. Behind another one of its line it is not waited for itself."""
        if not self.is_behind_another(command):
            back_at = self._clock.now() + timedelta(seconds=retry_in) + SLACK
            self._first[line_of(command)] = _First(command.client_message_id, back_at)

    def forget(self, command: SendMessageCommand) -> None:
        """Nothing waits for it any more."""
        if not self.is_behind_another(command):
            self._first.pop(line_of(command), None)

    def _alive(self, line: Line) -> _First | None:
        first = self._first.get(line)
        return first if first is not None and self._clock.now() < first.back_at else None
