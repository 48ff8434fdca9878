"""Decides which drafts of a batch are new, which are repeated and which are refused (contract, section 6)."""

from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter

from domain.errors import ChatError, IdempotencyConflict, SessionBusy, SessionNotFound, TransactionAborted
from domain.identifiers import ClientMessageId, SessionId
from domain.message import Draft, Message

Verdict = Draft | Message | ChatError
"""What becomes of a draft.

A `Draft`: it is stored as the message of this draft, which is itself or an equal one before it in the batch.
A `Message`: it repeats this stored message. A `ChatError`: it is refused.
"""


def admit(
    drafts: Sequence[Draft],
    sessions: Container[SessionId],
    known: Mapping[ClientMessageId, Message],
    busy: Iterable[SessionId] = (),
) -> list[Verdict]:
    """Gives one verdict for each draft, in order. `known` holds stored messages by `clientMessageId`.

    When one draft of a transaction is refused, the others are refused with `TransactionAborted`. A draft of a `busy`
    session gets `SessionBusy`. So does the rest of its transaction, and every later draft in the sessions of it.
    """
    batch = _Batch(sessions, known, set(busy))
    verdicts: list[Verdict] = []
    for transaction, group in groupby(drafts, attrgetter("transaction")):
        if transaction is None:
            verdicts += [batch.judge(draft) for draft in group]
        else:
            verdicts += batch.judge_together(list(group))
    return verdicts


class _Batch:
    def __init__(
        self, sessions: Container[SessionId], known: Mapping[ClientMessageId, Message], busy: set[SessionId]
    ) -> None:
        self._sessions = sessions
        self._busy = busy
        self._known = known
        self._admitted: dict[ClientMessageId, Draft] = {}

    def judge(self, draft: Draft) -> Verdict:
        client_id = draft.client_message_id
        first = self._admitted.get(client_id) or self._known.get(client_id)
        if first is not None:
            return first if first.is_repeated_by(draft) else IdempotencyConflict()
        if draft.session_id in self._busy:
            return SessionBusy()
        if draft.session_id not in self._sessions:
            return SessionNotFound()
        self._admitted[client_id] = draft
        return draft

    def judge_together(self, drafts: Sequence[Draft]) -> list[Verdict]:
        new = {draft.client_message_id for draft in drafts} - self._admitted.keys()
        verdicts = [self.judge(draft) for draft in drafts]
        if not any(isinstance(verdict, ChatError) for verdict in verdicts):
            return verdicts
        for client_id in new:
            self._admitted.pop(client_id, None)
        if all(isinstance(verdict, SessionBusy) for verdict in verdicts if isinstance(verdict, ChatError)):
            self._busy.update(draft.session_id for draft in drafts)
            return [SessionBusy() for _ in drafts]
        return [_refusal(verdict) for verdict in verdicts]


def _refusal(verdict: Verdict) -> ChatError:
    """The error for one draft of a refused transaction: its own, or `TransactionAborted`."""
    if isinstance(verdict, ChatError) and not isinstance(verdict, SessionBusy):
        return verdict
    return TransactionAborted()
