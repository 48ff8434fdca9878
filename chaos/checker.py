"""Checks the promises. Pure: observations in, violations out."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from chaos.observations import Ack, Observations, Row, Sent, Stream, Witness

SHOWN = 5
"""How many examples a violation names."""


class Violation(NamedTuple):
    """A broken promise. `kind` is a stable slug."""

    kind: str
    detail: str


def check(seen: Observations) -> list[Violation]:
    """All broken promises."""
    by_id = {row.message_id: row for row in seen.rows}
    by_client_id: dict[str, list[Row]] = defaultdict(list)
    for row in seen.rows:
        by_client_id[row.client_message_id].append(row)
    of_session: dict[str, list[Row]] = defaultdict(list)
    for row in seen.rows:
        of_session[row.session_id].append(row)
    of_witnesses = (
        chain(
            _sends(witness, by_client_id),
            _deliveries(witness, by_id),
            _streams(witness),
            _complete(witness, [row for session_id in sorted(witness.sessions) for row in of_session[session_id]]),
        )
        for witness in seen.witnesses
    )
    return [*_store(seen, by_client_id, of_session), *chain.from_iterable(of_witnesses)]


def _store(
    seen: Observations, by_client_id: Mapping[str, list[Row]], of_session: Mapping[str, list[Row]]
) -> Iterator[Violation]:
    sent_ids = {client_id for witness in seen.witnesses for client_id in witness.sent}
    for client_id, rows in by_client_id.items():
        if len(rows) > 1:
            yield Violation("stored-twice", f"{client_id} has {len(rows)} rows: seq {[row.seq for row in rows]}")
        if client_id not in sent_ids:
            yield Violation("never-sent", f"{client_id} is in the store")
    for session_id, rows in of_session.items():
        seqs = sorted(row.seq for row in rows)
        if seqs != list(range(1, len(rows) + 1)):
            wrong = sorted(Counter(seqs) - Counter(range(1, len(rows) + 1)))
            yield Violation("hole-in-store", f"session {session_id}: {len(rows)} rows, but also seq {wrong[:SHOWN]}")
    if seen.outbox_pending or seen.outbox_dead:
        yield Violation(
            "outbox-not-empty", f"the outbox has {seen.outbox_pending} pending and {seen.outbox_dead} dead rows"
        )
    for queue, count in seen.queued.items():
        if count:
            yield Violation("queued", f"{count} messages are left in {queue}")


def _sends(witness: Witness, by_client_id: Mapping[str, list[Row]]) -> Iterator[Violation]:
    accepted: dict[str, list[Ack]] = defaultdict(list)
    for ack in witness.acked:
        accepted[ack.client_message_id].append(ack)
    for client_id, sent in witness.sent.items():
        rows = by_client_id.get(client_id, [])
        for row in rows:
            if Sent(row.session_id, row.content) != sent or row.sender != witness.email:
                yield Violation("altered", f"{witness.email} sent {sent}, the store has {row}")
        for ack in accepted.get(client_id, []):
            if not rows:
                yield Violation("acked-not-stored", f"{witness.email}: {ack.by} for {client_id}, and there is no row")
            elif ack.message_id and all((row.message_id, row.seq) != (ack.message_id, ack.seq) for row in rows):
                yield Violation("acked-otherwise", f"{witness.email}: {ack}, the store has {rows[0]}")
        if client_id not in accepted:
            yield Violation("never-acked", f"{witness.email}: {client_id}, retried to the end")
    for client_id in accepted.keys() - witness.sent.keys():
        yield Violation("foreign-ack", f"{witness.email}: {client_id} was sent by somebody else")
    for client_id, code in witness.refused:
        yield Violation("refused", f"{witness.email}: {client_id} with {code}")


def _deliveries(witness: Witness, by_id: Mapping[str, Row]) -> Iterator[Violation]:
    for delivered in witness.seen:
        if delivered.session_id not in witness.sessions:
            yield Violation("foreign-message", f"{witness.email} got {delivered}")
        elif (row := by_id.get(delivered.message_id)) is None:
            yield Violation("delivered-not-stored", f"{witness.email} got {delivered}")
        elif row != delivered:
            yield Violation("delivered-otherwise", f"{witness.email} got {delivered}, the store has {row}")


def _streams(witness: Witness) -> Iterator[Violation]:
    """Each stream has no hole and no repeat, and begins no later than the streams before it have ended."""
    reached: Counter[str] = Counter()
    for stream in witness.streams:
        if stream.after > reached[stream.session_id]:
            yield Violation("resumed-ahead", f"{witness.email}: {stream.session_id} after {stream.after} of {reached}")
        if (wrong := _out_of_order(stream)) is not None:
            yield Violation("out-of-order", f"{witness.email}: session {stream.session_id} {wrong}")
        if stream.seqs:
            reached[stream.session_id] = max(reached[stream.session_id], stream.seqs[-1])


def _out_of_order(stream: Stream) -> str | None:
    for expected, seq in enumerate(stream.seqs, stream.after + 1):
        if seq != expected:
            return f"resumed after {stream.after}: seq {seq} came where {expected} was due"
    return None


def _complete(witness: Witness, rows: list[Row]) -> Iterator[Violation]:
    awaited = [row for row in rows if witness.awaits(row)]
    if witness.settled is not None:
        missed = [row for row in awaited if row.message_id not in witness.settled]
        if missed:
            yield Violation("missed-while-connected", _missing(witness, missed))
    if not witness.came_back:
        yield Violation("not-back", f"{witness.email} could not come back")
        return
    ids = {delivered.message_id for delivered in witness.seen}
    if missed := [row for row in awaited if row.message_id not in ids]:
        yield Violation("never-delivered", _missing(witness, missed))


def _missing(witness: Witness, missed: list[Row]) -> str:
    some = ", ".join(f"{row.session_id} seq {row.seq}" for row in missed[:SHOWN])
    return f"{witness.email} ({witness.kind}) lacks {len(missed)}: {some}{' …' if len(missed) > SHOWN else ''}"


def duplicates(witness: Witness) -> int:
    """Counts repeated deliveries over all connections. A client recognizes them by `messageId`."""
    return witness.seen.total() - len(witness.seen)
