"""The questions to other instances that are not answered yet."""

from collections import OrderedDict
from typing import Final, NamedTuple

ANSWER_SECONDS: Final = 1.0
"""After so long a question counts as answered: who has not answered has none of the users."""
REMEMBERED_SECONDS: Final = 10.0
"""An answer that comes later than this is ignored."""


class _Question(NamedTuple):
    users: list[str]
    waits_for: set[str]
    asked_at: float


class Questions:
    """Questions by number. Times are monotonic, in seconds."""

    def __init__(self) -> None:
        self._asked: OrderedDict[int, _Question] = OrderedDict()
        self._open: OrderedDict[int, None] = OrderedDict()
        self._number = 0

    def add(self, users: list[str], members: frozenset[str], now: float) -> int:
        """A new question to `members`. Returns its number."""
        self._number += 1
        self._asked[self._number] = _Question(users, set(members), now)
        self._open[self._number] = None
        return self._number

    def users_of(self, number: int) -> list[str]:
        """Whom the question names. Empty for an unknown one."""
        question = self._asked.get(number)
        return [] if question is None else question.users

    def answered(self, number: int, member: str) -> bool:
        """Notes an answer. True when nobody else is waited for any more, the first time."""
        question = self._asked.get(number)
        if question is None:
            return False
        question.waits_for.discard(member)
        return not question.waits_for and self._close(number)

    def gone(self, member: str) -> None:
        """No answer will come from this member."""
        for number in self._open:
            self._asked[number].waits_for.discard(member)

    def overdue(self, now: float) -> list[list[str]]:
        """The users of questions that count as answered by now."""
        overdue = [
            number
            for number in self._open
            if not self._asked[number].waits_for or now - self._asked[number].asked_at > ANSWER_SECONDS
        ]
        users = [self._asked[number].users for number in overdue]
        for number in overdue:
            self._close(number)
        while self._asked and now - next(iter(self._asked.values())).asked_at > REMEMBERED_SECONDS:
            self._asked.popitem(last=False)
        return users

    def _close(self, number: int) -> bool:
        if number not in self._open:
            return False
        del self._open[number]
        return True
