"""The checker of the chaos runs: silent about what is right, and every broken promise has its name."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from chaos.checker import check, duplicates
from chaos.observations import Ack, Observations, Row, Sent, Stream, Witness

ANN, BOB, SESSION = "ann@example.org", "bob@example.org", "s-1"
ROWS = [
    Row("m-1", SESSION, 1, ANN, "c-1", "one"),
    Row("m-2", SESSION, 2, BOB, "c-2", "two"),
    Row("m-3", SESSION, 3, ANN, "c-3", "three"),
]
FOREIGN = Row("m-9", "s-9", 1, "eve@example.org", "c-9", "secret")


def ann() -> Witness:
    """Reads the topic, over two connections."""
    return Witness(
        ANN,
        "topic",
        frozenset({SESSION}),
        sent={"c-1": Sent(SESSION, "one"), "c-3": Sent(SESSION, "three")},
        acked=Counter({Ack("c-1", "RECEIPT"): 1, Ack("c-1", "queue", "m-1", 1): 2, Ack("c-3", "HTTP", "m-3", 3): 1}),
        streams=[Stream(SESSION, 0, [1, 2]), Stream(SESSION, 2, []), Stream(SESSION, 2, [3])],
        seen=Counter(ROWS),
        settled=frozenset({"m-1", "m-2", "m-3"}),
        came_back=True,
    )


def bob() -> Witness:
    """Reads its queue, where it gets only what Ann says; one of that came twice."""
    return Witness(
        BOB,
        "queue",
        frozenset({SESSION}),
        sent={"c-2": Sent(SESSION, "two")},
        acked=Counter({Ack("c-2", "RECEIPT"): 1}),
        seen=Counter({ROWS[0]: 2, ROWS[2]: 1}),
        settled=frozenset({"m-1", "m-3"}),
        came_back=True,
    )


def seen(**changes: object) -> Observations:
    return replace(Observations(ROWS, [ann(), bob()]), **changes)  # type: ignore[arg-type]


def kinds(observations: Observations) -> set[str]:
    return {violation.kind for violation in check(observations)}


def test_a_run_that_keeps_every_promise_has_no_violation() -> None:
    assert check(seen()) == []
    assert [duplicates(witness) for witness in seen().witnesses] == [0, 1]


def test_a_user_without_a_connection_while_it_settled_may_get_everything_by_reconnecting() -> None:
    absent = bob()
    absent.settled = None
    assert check(seen(witnesses=[ann(), absent])) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"rows": ROWS[:2]}, {"acked-not-stored", "delivered-not-stored"}),
        ({"rows": [ROWS[0], ROWS[2]]}, {"acked-not-stored", "delivered-not-stored", "hole-in-store"}),
        ({"rows": [*ROWS, Row("m-4", SESSION, 4, BOB, "c-2", "two")]}, {"stored-twice", "missed", "never-delivered"}),
        ({"rows": [*ROWS, FOREIGN]}, {"never-sent"}),
        ({"rows": [*ROWS[:2], ROWS[2]._replace(content="3")]}, {"altered", "delivered-otherwise"}),
        ({"rows": [*ROWS[:2], ROWS[2]._replace(sender=BOB)]}, {"altered", "delivered-otherwise"}),
        (
            {"rows": [*ROWS[:2], ROWS[2]._replace(seq=4)]},
            {"acked-otherwise", "delivered-otherwise", "hole-in-store"},
        ),
        ({"outbox_pending": 1}, {"outbox-not-empty"}),
        ({"outbox_dead": 1}, {"outbox-not-empty"}),
        ({"queued": {"chat.send.queue": 0, "chat.send.queue.dead": 2}}, {"queued"}),
    ],
)
def test_wrong_rows_in_the_store_are_violations(changes: dict[str, object], expected: set[str]) -> None:
    named = {kind.replace("missed", "missed-while-connected") for kind in expected}
    assert kinds(seen(**changes)) == named


def change(of: Callable[[Witness], object]) -> Callable[[], Observations]:
    def observations() -> Observations:
        changed = ann()
        of(changed)
        return seen(witnesses=[changed, bob()])

    return observations


@pytest.mark.parametrize(
    ("observations", "expected"),
    [
        (change(lambda one: one.acked.update({Ack("c-2", "RECEIPT"): 1})), "foreign-ack"),
        (change(lambda one: one.acked.pop(Ack("c-3", "HTTP", "m-3", 3))), "never-acked"),
        (change(lambda one: one.acked.update({Ack("c-1", "queue", "m-2", 2): 1})), "acked-otherwise"),
        (change(lambda one: one.refused.append(("c-1", "idempotency-conflict"))), "refused"),
        (change(lambda one: one.seen.update({FOREIGN: 1})), "foreign-message"),
        (change(lambda one: one.seen.pop(ROWS[1])), "never-delivered"),
        (change(lambda one: setattr(one, "settled", frozenset({"m-1", "m-2"}))), "missed-while-connected"),
        (change(lambda one: setattr(one, "came_back", False)), "not-back"),
        (change(lambda one: setattr(one.streams[0], "seqs", [1, 3, 2])), "out-of-order"),
        (change(lambda one: setattr(one.streams[0], "seqs", [1, 1, 2])), "out-of-order"),
        (change(lambda one: setattr(one.streams[0], "seqs", [2])), "out-of-order"),
        (change(lambda one: setattr(one.streams[2], "seqs", [2, 3])), "out-of-order"),
        (change(lambda one: setattr(one.streams[1], "after", 3)), "resumed-ahead"),
    ],
)
def test_internal_destinations_are_not_visible(observations: Callable[[], Observations], expected: str) -> None:
    assert kinds(observations()) == {expected}
