"""What STOMP 1.0 to 1.2 demand of a server's session: opening, sending, receipts, errors, closing."""

import pytest

from adapters.stomp.protocol.errors import FrameTooLarge, ProtocolError, UnsupportedVersion
from adapters.stomp.protocol.events import Connect, Disconnect, Send
from adapters.stomp.protocol.negotiation.heartbeat import HeartBeat
from adapters.stomp.protocol.negotiation.version import Version, choose_subprotocol
from adapters.stomp.protocol.state import State
from domain.errors import TokenExpired
from tests.support.clients.stomp_client import SERVER, ask, connected, new_session, read, say, text_of


class TestConnect:
    @pytest.mark.parametrize("command", ["CONNECT", "STOMP"])
    def test_stomp_is_connect(self, command: str) -> None:
        event = ask(new_session(), command, accept_version="1.2", Authorization="Bearer x")
        assert isinstance(event, Connect)
        assert (event.version, event.authorization) == ("1.2", "Bearer x")

    def test_no_host_is_needed(self) -> None:
        assert isinstance(ask(new_session(), "CONNECT", accept_version="1.1"), Connect)

    @pytest.mark.parametrize(
        ("accepted", "version"),
        [("1.0,1.1,1.2", "1.2"), ("1.2,1.1,1.0", "1.2"), ("1.1,1.0", "1.1"), ("1.1, 1.3", "1.1"), ("1.0", "1.0")],
    )
    def test_connected_carries_the_highest_version_in_common(self, accepted: str, version: str) -> None:
        session = new_session()
        say(session, "CONNECT", accept_version=accepted)
        assert read(session.accept("ann", "s")).headers["version"] == version

    def test_no_accept_version_means_1_0(self) -> None:
        assert ask(new_session(), "CONNECT").version == "1.0"

    @pytest.mark.parametrize(
        ("subprotocol", "accepted", "version"),
        [("v10.stomp", "1.1,1.0", "1.0"), ("v11.stomp", "1.2,1.1", "1.1"), ("v12.stomp", "1.0,1.1", "1.1")],
    )
    def test_the_subprotocol_decides_where_the_client_accepts_its_version(
        self, subprotocol: str, accepted: str, version: str
    ) -> None:
        session = new_session(subprotocol=subprotocol)
        assert ask(session, "CONNECT", accept_version=accepted).version == version

    def test_nothing_in_common_is_an_error_with_a_version_list(self) -> None:
        session = new_session()
        with pytest.raises(UnsupportedVersion) as refused:
            say(session, "CONNECT", accept_version="1.3,2.0")
        error = read(session.fail(refused.value), None)
        assert (error.command, error.headers["version"]) == ("ERROR", "1.2,1.1,1.0")

    def test_connected_has_all_that_clients_read(self) -> None:
        session = new_session(heartbeat=4)
        say(session, "CONNECT", accept_version="1.2")
        frame = read(session.accept("ann@example.org", "s-1"))
        assert (frame.command, frame.body) == ("CONNECTED", b"")
        assert frame.headers == {
            "version": "1.2",
            "heart-beat": "4000,4000",
            "user-name": "ann@example.org",
            "server": SERVER,
            "session": "s-1",
        }

    def test_connected_is_not_escaped_and_holds_no_second_line(self) -> None:
        session = new_session()
        say(session, "CONNECT", accept_version="1.2")
        assert "user-name:a:b\\c role:admin\n" in session.accept("a:b\\c\nrole:admin", "s")

    @pytest.mark.parametrize("command", ["SEND", "SUBSCRIBE", "DISCONNECT", "BEGIN", "MESSAGE", "CONNECTED"])
    def test_nothing_but_connect_comes_first(self, command: str) -> None:
        with pytest.raises(ProtocolError):
            say(new_session(), command, destination="/a", id="1", transaction="t")

    @pytest.mark.parametrize("command", ["SEND", "CONNECT", "DISCONNECT"])
    def test_the_client_waits_for_connected(self, command: str) -> None:
        session = new_session()
        events = session.feed(text_of("CONNECT", accept_version="1.2") + text_of(command, destination="/a"))
        assert isinstance(next(events), Connect)
        with pytest.raises(ProtocolError):
            next(events)

    def test_a_second_connect_is_an_error(self) -> None:
        with pytest.raises(ProtocolError):
            say(connected(), "CONNECT", accept_version="1.2")

    def test_frames_behind_connect_are_read_by_the_agreed_version(self) -> None:
        session = new_session()
        events = session.feed(text_of("CONNECT", accept_version="1.1") + text_of("SEND", destination="/a\\cb\r"))
        next(events)
        session.accept("ann", "s")
        sent = next(events)
        assert isinstance(sent, Send)
        assert sent.destination == "/a:b\r"

    def test_accept_needs_a_connect(self) -> None:
        with pytest.raises(RuntimeError):
            new_session().accept("ann", "s")


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [(["v11.stomp", "v12.stomp"], "v11.stomp"), (["mqtt", "v10.stomp"], "v10.stomp"), (["mqtt"], None), ([], None)],
)
def test_the_first_subprotocol_that_we_speak_is_chosen(offered: list[str], chosen: str | None) -> None:
    assert choose_subprotocol(offered) == chosen


class TestHeartBeat:
    @pytest.mark.parametrize(
        ("header", "offer", "agreed"),
        [
            (None, (10_000, 10_000), (0, 0)),
            ("0,0", (10_000, 10_000), (0, 0)),
            ("5000,20000", (10_000, 10_000), (20, 10)),
            ("30000,1", (10_000, 10_000), (10, 30)),
            ("0,4000", (10_000, 10_000), (10, 0)),
            ("4000,4000", (0, 0), (0, 0)),
        ],
    )
    def test_each_direction_beats_at_the_slower_wish_and_0_is_off(
        self, header: str | None, offer: tuple[int, int], agreed: tuple[float, float]
    ) -> None:
        beat = HeartBeat.negotiate(header, offer)
        assert (beat.send_every, beat.expect_every) == agreed

    @pytest.mark.parametrize("header", ["", "1", "1,", "-1,0", "a,b", "1,2,3", "1.5,2", "1,2\n", "٣,٣"])
    def test_anything_else_in_the_header_is_an_error(self, header: str) -> None:
        with pytest.raises(ProtocolError):
            HeartBeat.negotiate(header, (10_000, 10_000))

    @pytest.mark.parametrize(
        ("header", "lost_at"),
        [("10000,10000", 230.0), ("1,1", 230.0), ("60000,0", 280.0), ("0,10000", None), (None, None)],
    )
    def test_silence_is_allowed_two_minutes_and_three_beats(self, header: str | None, lost_at: float | None) -> None:
        beat = HeartBeat.negotiate(header, (10_000, 10_000))
        assert beat.lost_at(100.0) == lost_at

    def test_a_hidden_tab_that_misses_one_of_its_beats_of_a_minute_is_not_lost(self) -> None:
        lost_at = HeartBeat.negotiate("10000,10000", (10_000, 10_000)).lost_at(0.0)
        assert lost_at is not None
        assert lost_at > 2 * 60

    def test_without_heart_beats_none_is_due(self) -> None:
        assert (HeartBeat(0, 0).send_due(1.0), HeartBeat(0, 0).lost_at(1.0)) == (None, None)

    def test_end_of_lines_between_frames_are_no_frames(self) -> None:
        assert list(connected().feed("\n\n\r\n")) == []


class TestSend:
    def test_send_is_handed_out_as_it_came(self) -> None:
        event = ask(connected(), "SEND", "grüße", destination="/app/chat.send", receipt="r", x="y")
        assert isinstance(event, Send)
        assert (event.destination, event.body, event.receipt) == ("/app/chat.send", "grüße".encode(), "r")
        assert event.headers["x"] == "y"

    def test_send_needs_a_destination(self) -> None:
        with pytest.raises(ProtocolError):
            say(connected(), "SEND", "body")

    def test_only_send_carries_a_body(self) -> None:
        with pytest.raises(ProtocolError):
            say(connected(), "SUBSCRIBE", "body", id="1", destination="/a")

    def test_a_large_frame_in_pieces_is_one_event(self) -> None:
        session = connected()
        text = text_of("SEND", "x" * 40_000, destination="/a")
        events = [
            event for start in range(0, len(text), 16_384) for event in session.feed(text[start : start + 16_384])
        ]
        assert [len(event.body) for event in events if isinstance(event, Send)] == [40_000]


class TestErrors:
    def test_an_error_names_code_detail_and_the_receipt_of_the_frame_at_fault(self) -> None:
        session = connected()
        with pytest.raises(ProtocolError) as fault:
            say(session, "SEND", receipt="r:1")
        frame = read(session.fail(fault.value))
        assert frame.headers["message"] == "malformed"
        assert frame.headers["receipt-id"] == "r:1"
        assert frame.headers["content-length"] == str(len(frame.body))
        assert b"destination" in frame.body

    def test_an_unreadable_frame_names_its_receipt_too(self) -> None:
        session = connected()
        with pytest.raises(ProtocolError) as fault:
            say(session, "SUBSCRIBE", "body", receipt="r")
        assert read(session.fail(fault.value)).headers["receipt-id"] == "r"

    def test_frames_after_an_error_are_ignored(self) -> None:
        session = connected()
        session.fail(TokenExpired())
        assert session.state is State.CLOSED
        assert say(session, "SEND", destination="/a") == []

    def test_any_refusal_of_the_service_can_be_the_error(self) -> None:
        assert read(connected().fail(TokenExpired())).headers["message"] == "token-expired"

    @pytest.mark.parametrize("command", ["JUMP", "send", "MESSAGE", "RECEIPT"])
    def test_an_unknown_command_is_an_error(self, command: str) -> None:
        with pytest.raises(ProtocolError):
            say(connected(), command, destination="/a")

    def test_a_frame_over_a_limit_is_too_large(self) -> None:
        session = connected()
        with pytest.raises(FrameTooLarge) as fault:
            say(session, "SEND", "x" * 65_537, destination="/a")
        assert read(session.fail(fault.value)).headers["message"] == "too-large"

    def test_lone_surrogates_are_an_error(self) -> None:
        with pytest.raises(ProtocolError):
            say(connected(), "SEND", "\ud800", destination="/a")


class TestReceipts:
    @pytest.mark.parametrize(
        ("command", "headers"),
        [
            ("SEND", {"destination": "/a"}),
            ("SUBSCRIBE", {"destination": "/a", "id": "1"}),
            ("UNSUBSCRIBE", {"id": "0"}),
            ("UNSUBSCRIBE", {"id": "never-opened"}),
            ("ACK", {"id": "undefined"}),
            ("NACK", {"id": "undefined"}),
            ("BEGIN", {"transaction": "new"}),
            ("COMMIT", {"transaction": "open"}),
            ("ABORT", {"transaction": "open"}),
            ("DISCONNECT", {}),
        ],
    )
    def test_every_frame_but_connect_may_ask_for_a_receipt(self, command: str, headers: dict[str, str]) -> None:
        session = connected()
        say(session, "SUBSCRIBE", id="0", destination="/b")
        say(session, "BEGIN", transaction="open")
        assert ask(session, command, receipt="r", **headers).receipt == "r"

    @pytest.mark.parametrize(("version", "line"), [("1.0", "a:\\"), ("1.1", "a\\c\\\\"), ("1.2", "a\\c\\\\")])
    def test_receipt_is_escaped_as_the_version_demands(self, version: Version, line: str) -> None:
        session = connected(version)
        assert session.receipt_frame("a:\\") == f"RECEIPT\nreceipt-id:{line}\n\n\0"


class TestDisconnect:
    def test_frames_after_disconnect_are_ignored(self) -> None:
        session = connected()
        events = list(session.feed(text_of("DISCONNECT", receipt="r") + text_of("SEND", destination="/a")))
        assert events == [Disconnect("r")]
        assert list(session.feed("garbage\0")) == []


def test_1_0_has_no_heart_beats_even_where_they_are_asked_for() -> None:
    session = new_session()
    say(session, "CONNECT", accept_version="1.0", heart_beat="10000,10000")
    assert read(session.accept("ann@example.org", "s-1"), "1.0").headers["heart-beat"] == "0,0"
    assert (session.heart_beat.send_every, session.heart_beat.expect_every) == (0, 0)
