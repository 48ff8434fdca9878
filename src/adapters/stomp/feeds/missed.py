"""The live messages of a user that a subscription could not give to its client."""

from application.ports.push import MessageKey
from domain.identifiers import SessionId

MAX_SESSIONS = 1_000
"""Sessions that are tracked. With more, all messages count as missed."""


class Missed:
    """Tracks the first missed seq of each session. With `everything`, all messages are missed."""

    __slots__ = ("_everything", "_first_seqs")

    def __init__(self, *, everything: bool = False) -> None:
        self._everything = everything
        self._first_seqs: dict[SessionId, int] = {}

    def add(self, key: MessageKey) -> None:
        """Notes that a message, and perhaps later ones of its session, were missed."""
        first_seqs = self._first_seqs
        first_seqs[key.session_id] = min(key.seq, first_seqs.get(key.session_id, key.seq))
        if len(first_seqs) > MAX_SESSIONS:
            self._everything = True
            first_seqs.clear()

    def may_include(self, session_id: SessionId, seq: int) -> bool:
        """Whether the message may be a missed one."""
        if self._everything:
            return True
        first_seq = self._first_seqs.get(session_id)
        return first_seq is not None and seq >= first_seq
