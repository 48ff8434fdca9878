"""Transactions of a STOMP session: what is in one happens at COMMIT, or never."""

import pytest

from adapters.stomp.protocol.errors import ProtocolError
from adapters.stomp.protocol.events import Disconnect
from tests.support.clients.stomp_client import ask, connected, say


class TestTransactions:
    def test_a_transaction_is_carried_out_in_order_at_commit(self) -> None:
        session = connected()
        assert say(session, "BEGIN", transaction="t") == []
        for body in "ab":
            assert say(session, "SEND", body, destination="/a", transaction="t") == []
        assert ask(session, "SEND", "outside", destination="/a").body == b"outside"
        commit = ask(session, "COMMIT", transaction="t", receipt="r")
        assert [event.body for event in commit.sends] == [b"a", b"b"]
        assert commit.receipt == "r"

    def test_the_receipt_of_a_held_frame_waits_for_commit(self) -> None:
        session = connected()
        say(session, "BEGIN", transaction="t")
        assert say(session, "SEND", destination="/a", transaction="t", receipt="r") == []
        commit = ask(session, "COMMIT", transaction="t", receipt="c")
        assert [event.receipt for event in commit.sends] == [None]
        assert (commit.held_receipts, commit.receipt) == (("r",), "c")

    def test_an_aborted_transaction_never_happened(self) -> None:
        session = connected()
        say(session, "BEGIN", transaction="t")
        say(session, "SEND", destination="/a", transaction="t")
        assert say(session, "ABORT", transaction="t") == []
        with pytest.raises(ProtocolError):
            say(session, "COMMIT", transaction="t")

    def test_disconnect_aborts(self) -> None:
        session = connected()
        say(session, "BEGIN", transaction="t")
        say(session, "SEND", destination="/a", transaction="t")
        assert say(session, "DISCONNECT") == [Disconnect(None)]
        assert say(session, "COMMIT", transaction="t") == []

    @pytest.mark.parametrize("command", ["COMMIT", "ABORT", "SEND", "ACK", "NACK"])
    def test_a_transaction_has_to_be_open(self, command: str) -> None:
        with pytest.raises(ProtocolError):
            say(connected(), command, transaction="t", destination="/a", id="1-1")

    def test_a_transaction_is_opened_once(self) -> None:
        session = connected()
        say(session, "BEGIN", transaction="t")
        with pytest.raises(ProtocolError):
            say(session, "BEGIN", transaction="t")
