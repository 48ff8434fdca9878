"""What the open transactions of a connection may hold back, in octets of all that a frame consists of."""

import pytest

from adapters.stomp.protocol.errors import LimitExceeded
from adapters.stomp.protocol.frames.frame import Frame
from adapters.stomp.protocol.transactions import Transactions

MAX_BYTES = 1_000


@pytest.fixture
def transactions() -> Transactions:
    transactions = Transactions(max_open=8, max_frames=100, max_bytes=MAX_BYTES)
    transactions.begin("t")
    return transactions


FRAMES = {
    "body": Frame("SEND", {}, b"x" * 400),
    "header value": Frame("SEND", {"": "x" * 400}),
    "header name": Frame("SEND", {"x" * 400: ""}),
    "letters of two octets": Frame("SEND", {"ö" * 100: "ö" * 100}),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_everything_of_a_frame_counts(transactions: Transactions, kind: str) -> None:
    for _ in range(2):
        transactions.hold("t", FRAMES[kind])
    with pytest.raises(LimitExceeded):
        transactions.hold("t", FRAMES[kind])


@pytest.mark.parametrize("kind", FRAMES)
def test_an_ended_transaction_frees_its_octets(transactions: Transactions, kind: str) -> None:
    for _ in range(5):
        for _ in range(2):
            transactions.hold("t", FRAMES[kind])
        assert transactions.end("t") == [FRAMES[kind]] * 2
        transactions.begin("t")
