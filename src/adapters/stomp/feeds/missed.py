"""Which live messages of a user a subscription could not be given."""

from application.ports.push import MessageKey
from domain.identifiers import SessionId

MAX_SESSIONS = 1_000


class Missed:
    """The first seq that was missed, of each session. With more than `MAX_SESSIONS` sessions it is everything."""

    __slots__ = ("_everything", "_first_seqs")

    def __init__(self, *, everything: bool = False) -> None:
        self._everything = everything
        self._first_seqs: dict[SessionId, int] = {}

    def add(self, key: MessageKey) -> None:
        first_seqs = self._first_seqs
        first_seqs[key.session_id] = min(key.seq, first_seqs.get(key.session_id, key.seq))
        if len(first_seqs) > MAX_SESSIONS:
            self._everything = True
            first_seqs.clear()

    def __contains__(self, key: MessageKey) -> bool:
        """Whether it may be one of those that were missed."""
        if self._everything:
            return True
        first_seq = self._first_seqs.get(key.session_id)
        return first_seq is not None and key.seq >= first_seq
