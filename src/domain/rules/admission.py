"""Decides which drafts of a batch are new, which are repeated and which are refused (contract, section 6)."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter

from domain.errors import ChatError, IdempotencyConflict, Invalid, SessionBusy, SessionNotFound, TransactionAborted
from domain.identifiers import ClientMessageId, MessageId, SessionId
from domain.message import Draft, Message
from domain.rules.repeats import SentDigests, repeats_draft, repeats_message
from domain.rules.standing import refusal
from domain.rules.visibility import is_visible
from domain.standing import Standing

Verdict = Draft | Message | ChatError
"""What becomes of a draft.

A `Draft`: it is stored as the message of this draft, which is itself or an equal one before it in the batch.
A `Message`: it repeats this stored message. A `ChatError`: it is refused.
"""


def admit(
    drafts: Sequence[Draft],
    sessions: Mapping[SessionId, Standing],
    known: Mapping[ClientMessageId, Message],
    digests: SentDigests,
    busy: Iterable[SessionId] = (),
    unquotable: Container[MessageId] = (),
) -> list[Verdict]:
    """Gives one verdict for each draft, in order. `sessions` are those that are there and can be written now.

    `known` holds stored messages by `clientMessageId`. A draft that its sender may not send is `SessionClosed` or
    `YouBlocked`, but a repeat repeats.

    A draft in `unquotable` is `Invalid`: it answers a message that its sender cannot see.

    When one draft of a transaction is refused, the others are refused with `TransactionAborted`. A draft of a `busy`
    session gets `SessionBusy`. So does the rest of its transaction, and every later draft in the sessions of it.
    """
    batch = _Batch(sessions, known, digests, set(busy), unquotable)
    verdicts: list[Verdict] = []
    for transaction, group in groupby(drafts, attrgetter("transaction")):
        if transaction is None:
            verdicts += [batch.judge(draft) for draft in group]
        else:
            verdicts += batch.judge_together(list(group))
    return verdicts


class _Batch:
    def __init__(
        self,
        sessions: Mapping[SessionId, Standing],
        known: Mapping[ClientMessageId, Message],
        digests: SentDigests,
        busy: set[SessionId],
        unquotable: Container[MessageId],
    ) -> None:
        self._sessions = sessions
        self._busy = busy
        self._known = known
        self._digests = digests
        self._unquotable = unquotable
        self._admitted: dict[ClientMessageId, Draft] = {}

    def judge(self, draft: Draft) -> Verdict:
        client_id = draft.client_message_id
        admitted = self._admitted.get(client_id)
        if admitted is not None:
            return admitted if repeats_draft(draft, admitted) else IdempotencyConflict()
        stored = self._known.get(client_id)
        if stored is not None:
            return stored if repeats_message(draft, stored, self._digests) else IdempotencyConflict()
        if draft.session_id in self._busy:
            return SessionBusy()
        standing = self._sessions.get(draft.session_id)
        if standing is None:
            return SessionNotFound()
        if (refused := refusal(standing, draft.sender.id)) is not None:
            return refused
        if draft.reply_to is not None and draft.id in self._unquotable:
            return Invalid("replyTo is no message of this session that the sender can see", field="replyTo")
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


def unquotable(drafts: Iterable[Draft], find: Callable[[Draft, int], Message | None]) -> set[MessageId]:
    """The ids of drafts that answer a message that their sender cannot see. `find` returns the message by its seq."""
    replies = [(draft, draft.reply_to) for draft in drafts if draft.reply_to is not None]
    return {
        draft.id
        for draft, seq in replies
        if (quoted := find(draft, seq)) is None or not is_visible(quoted, draft.sender.id)
    }


def _refusal(verdict: Verdict) -> ChatError:
    """The error for one draft of a refused transaction: its own, or `TransactionAborted`."""
    if isinstance(verdict, ChatError) and not isinstance(verdict, SessionBusy):
        return verdict
    return TransactionAborted()
