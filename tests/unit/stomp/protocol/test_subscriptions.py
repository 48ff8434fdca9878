"""Subscriptions, the MESSAGE frames they write, and what an ACK settles."""

import pytest

from adapters.stomp.protocol.errors import LimitExceeded, ProtocolError
from adapters.stomp.protocol.events import Ack, Nack, Receipt, Subscribe, Unsubscribe
from adapters.stomp.protocol.negotiation.version import Version
from adapters.stomp.protocol.session import StompSession
from adapters.stomp.protocol.subscription import Subscription, message_head
from tests.support.clients.stomp_client import ask, connected, read, say
from tests.support.limits import session_limits

INBOX = "/user/queue/messages"
VERSIONS: tuple[Version, ...] = ("1.0", "1.1", "1.2")


def subscribed(session: StompSession, ack: str = "auto", id: str = "0") -> Subscription:
    event = ask(session, "SUBSCRIBE", id=id, destination=INBOX, ack=ack)
    assert isinstance(event, Subscribe)
    return event.subscription


def send(subscription: Subscription, *tags: object) -> list[str]:
    """Writes a message a tag; their message ids."""
    head = message_head(INBOX, "{}")
    return [read(subscription.message(head, "{}", tag)).headers["message-id"] for tag in tags]


class TestSubscribe:
    @pytest.mark.parametrize("missing", ["destination", "id"])
    @pytest.mark.parametrize("version", ["1.1", "1.2"])
    def test_subscribe_needs_destination_and_id(self, version: Version, missing: str) -> None:
        headers = {"destination": INBOX, "id": "0"}
        del headers[missing]
        with pytest.raises(ProtocolError):
            say(connected(version), "SUBSCRIBE", **headers)

    def test_id_is_optional_in_1_0_and_messages_name_a_subscription_all_the_same(self) -> None:
        subscription = ask(connected("1.0"), "SUBSCRIBE", destination=INBOX).subscription
        assert "subscription" in read(subscription.message(message_head(INBOX, ""), "")).headers

    def test_ids_are_unique_on_the_connection(self) -> None:
        session = connected()
        subscribed(session)
        with pytest.raises(ProtocolError):
            subscribed(session)

    def test_ack_defaults_to_auto(self) -> None:
        assert ask(connected(), "SUBSCRIBE", id="0", destination=INBOX).subscription.ack_mode == "auto"

    def test_another_ack_mode_is_an_error(self) -> None:
        with pytest.raises(ProtocolError):
            subscribed(connected(), ack="manual")

    def test_the_destination_may_be_the_id(self) -> None:
        assert subscribed(connected(), id=INBOX).id == INBOX

    def test_their_number_is_limited(self) -> None:
        session = connected(limits=session_limits(max_subscriptions=1))
        subscribed(session)
        with pytest.raises(LimitExceeded):
            subscribed(session, id="1")


class TestUnsubscribe:
    def test_by_id(self) -> None:
        session = connected()
        subscription = subscribed(session)
        assert ask(session, "UNSUBSCRIBE", id="0", receipt="r") == Unsubscribe(subscription, "r")
        assert len(session.subscriptions) == 0
        subscribed(session)

    def test_by_destination_in_1_0(self) -> None:
        session = connected("1.0")
        subscription = subscribed(session)
        assert ask(session, "UNSUBSCRIBE", destination=INBOX).subscription is subscription

    def test_by_destination_is_an_error_later(self) -> None:
        session = connected("1.1")
        subscribed(session)
        with pytest.raises(ProtocolError):
            say(session, "UNSUBSCRIBE", destination=INBOX)

    def test_unsubscribe_of_an_unknown_id_does_nothing(self) -> None:
        assert say(connected(), "UNSUBSCRIBE", id="7", receipt="r") == [Receipt("r")]
        assert say(connected(), "UNSUBSCRIBE", id="7") == []


class TestMessage:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_message_carries_destination_message_id_and_subscription(self, version: Version) -> None:
        subscription = subscribed(connected(version), id="sub")
        frame = read(subscription.message(message_head(INBOX, '{"a":"ü"}', "seq:3\n"), '{"a":"ü"}'), version)
        assert (frame.command, frame.body) == ("MESSAGE", '{"a":"ü"}'.encode())
        assert frame.headers == {
            "destination": INBOX,
            "content-type": "application/json",
            "content-length": "10",
            "seq": "3",
            "subscription": "sub",
            "message-id": "1-1",
        }

    def test_message_ids_are_unique_on_the_connection(self) -> None:
        session = connected()
        one, other = subscribed(session), subscribed(session, id="1")
        ids = [*send(one, 1, 2), *send(other, 1, 2)]
        assert len(set(ids)) == 4

    @pytest.mark.parametrize("mode", ["client", "client-individual"])
    @pytest.mark.parametrize("version", VERSIONS)
    def test_1_2_messages_in_a_client_mode_carry_ack(self, version: Version, mode: str) -> None:
        subscription = subscribed(connected(version), ack=mode)
        frame = read(subscription.message(message_head(INBOX, ""), "", "tag"), version)
        assert ("ack" in frame.headers) == (version == "1.2")

    @pytest.mark.parametrize("version", ["1.1", "1.2"])
    def test_the_subscription_is_escaped_as_it_came(self, version: Version) -> None:
        subscription = subscribed(connected(version), id="a\\cb\\\\c")
        assert subscription.id == "a:b\\c"
        text = subscription.message(message_head(INBOX, ""), "")
        assert read(text, version).headers["subscription"] == "a:b\\c"

    @pytest.mark.parametrize("text", ["a:b", "a\nb", "a\\b", "a\rb", "a\0b"])
    def test_a_head_is_the_same_in_all_versions(self, text: str) -> None:
        with pytest.raises(ValueError, match="not the same"):
            message_head(text, "")


class TestAck:
    @pytest.mark.parametrize("command", ["ACK", "NACK"])
    def test_client_is_cumulative(self, command: str) -> None:
        session = connected()
        subscription = subscribed(session, ack="client")
        ids = send(subscription, "a", "b", "c")
        assert ask(session, command, id=ids[1]).tags == ("a", "b")
        assert ask(session, command, id=ids[2]).tags == ("c",)
        assert subscription.unacked == 0

    def test_client_individual_is_not(self) -> None:
        session = connected()
        ids = send(subscribed(session, ack="client-individual"), "a", "b", "c")
        assert ask(session, "ACK", id=ids[1]).tags == ("b",)
        assert ask(session, "NACK", id=ids[0]) == Nack(("a",), None)

    def test_1_2_names_id(self) -> None:
        with pytest.raises(ProtocolError):
            say(connected(), "ACK", subscription="0")

    def test_1_1_names_message_id_and_subscription(self) -> None:
        session = connected("1.1")
        (message_id,) = send(subscribed(session, ack="client"), "a")
        assert ask(session, "ACK", message_id=message_id, subscription="other").tags == ()
        assert ask(session, "ACK", message_id=message_id, subscription="0").tags == ("a",)
        with pytest.raises(ProtocolError):
            say(session, "ACK", message_id=message_id)

    def test_1_0_names_message_id(self) -> None:
        session = connected("1.0")
        (message_id,) = send(subscribed(session, ack="client"), "a")
        assert ask(session, "ACK", message_id=message_id).tags == ("a",)

    def test_1_0_has_no_nack(self) -> None:
        with pytest.raises(ProtocolError):
            say(connected("1.0"), "NACK", message_id="1-1")

    def test_1_2_accepts_message_id(self) -> None:
        session = connected()
        (message_id,) = send(subscribed(session, ack="client"), "a")
        assert ask(session, "ACK", message_id=message_id).tags == ("a",)

    @pytest.mark.parametrize("unknown", ["undefined", "9-1", "1-9", "1-", "x"])
    def test_an_ack_that_nothing_waits_for_is_ignored(self, unknown: str) -> None:
        session = connected()
        send(subscribed(session, ack="client"), "a")
        assert ask(session, "ACK", id=unknown, receipt="r") == Ack((), "r")

    def test_auto_waits_for_no_ack(self) -> None:
        session = connected()
        (message_id,) = send(subscribed(session), "a")
        assert ask(session, "ACK", id=message_id).tags == ()

    def test_unacked_messages_may_be_acked_after_unsubscribe(self) -> None:
        session = connected()
        first, second = send(subscribed(session, ack="client-individual"), "a", "b")
        say(session, "UNSUBSCRIBE", id="0")
        assert ask(session, "ACK", id=second).tags == ("b",)
        subscribed(session, ack="client-individual")
        assert [ask(session, "ACK", id=first).tags for _ in range(2)] == [("a",), ()]

    @pytest.mark.parametrize("end", ["ACK", "UNSUBSCRIBE"])
    def test_nothing_is_kept_of_an_ended_subscription_without_messages_that_wait(self, end: str) -> None:
        session = connected()
        for number in range(100):
            (message_id,) = send(subscribed(session, id=str(number), ack="client"), "a")
            say(session, end, id=message_id if end == "ACK" else str(number))
            say(
                session,
                "ACK" if end == "UNSUBSCRIBE" else "UNSUBSCRIBE",
                id=str(number) if end == "ACK" else message_id,
            )
        assert not session.subscriptions._ended

    def test_only_the_last_messages_of_ended_subscriptions_are_tracked(self) -> None:
        session = connected(limits=session_limits(max_unacked=3))
        ids = []
        for number in range(5):
            ids.append(send(subscribed(session, id=str(number), ack="client"), number)[0])
            say(session, "UNSUBSCRIBE", id=str(number))
        acks = [ask(session, "ACK", id=message_id, receipt="r") for message_id in ids]
        assert [ack.tags for ack in acks] == [(), (), (2,), (3,), (4,)]
        assert [ack.is_known for ack in acks] == [False, False, True, True, True]

    def test_an_ack_in_a_transaction_settles_at_commit(self) -> None:
        session = connected()
        subscription = subscribed(session, ack="client")
        (message_id,) = send(subscription, "a")
        say(session, "BEGIN", transaction="t")
        assert say(session, "ACK", id=message_id, transaction="t") == []
        assert subscription.unacked == 1
        commit = ask(session, "COMMIT", transaction="t")
        assert subscription.unacked == 1
        assert session.settle(commit.acks) == ("a",)
        assert subscription.unacked == 0

    def test_beyond_the_limit_the_oldest_waits_no_more(self) -> None:
        session = connected(limits=session_limits(max_unacked=2))
        subscription = subscribed(session, ack="client-individual")
        ids = send(subscription, 1, 2, 3)
        assert not subscription.has_room
        assert ask(session, "ACK", id=ids[0]).tags == ()
        assert ask(session, "ACK", id=ids[1]).tags == (2,)
        assert subscription.has_room

    def test_refused_messages_are_tracked(self) -> None:
        session = connected()
        subscription = subscribed(session, ack="client-individual")
        ids = send(subscription, 1, 2)
        ask(session, "ACK", id=ids[0])
        ask(session, "NACK", id=ids[1])
        assert list(subscription.refused) == [2]


class TestTransactionLimits:
    def test_open_transactions(self) -> None:
        session = connected(limits=session_limits(max_transactions=1))
        say(session, "BEGIN", transaction="a")
        with pytest.raises(LimitExceeded):
            say(session, "BEGIN", transaction="b")

    def test_frames_held_in_all_of_them(self) -> None:
        session = connected(limits=session_limits(max_transaction_frames=2))
        for name in "ab":
            say(session, "BEGIN", transaction=name)
            say(session, "SEND", destination="/a", transaction=name)
        with pytest.raises(LimitExceeded):
            say(session, "SEND", destination="/a", transaction="a")

    def test_an_ended_transaction_makes_room(self) -> None:
        session = connected(limits=session_limits(max_transactions=1, max_transaction_frames=1))
        for end in ("ABORT", "COMMIT", "ABORT"):
            say(session, "BEGIN", transaction="t")
            say(session, "SEND", destination="/a", transaction="t")
            say(session, end, transaction="t")
