"""A client that does anything: the session agrees with a plain model of it, and fails in one way only."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from adapters.stomp.protocol.errors import ProtocolError
from adapters.stomp.protocol.events import Commit
from adapters.stomp.protocol.frames.frame import CLIENT_COMMANDS, SERVER_COMMANDS
from adapters.stomp.protocol.state import State
from adapters.stomp.protocol.subscription import Subscription, message_head
from tests.support.clients.stomp_client import ask, connected, new_session, read, say, text_of

VALUES = st.sampled_from(
    ["", "0", "1", "1-1", "undefined", "auto", "client", "/a", "1.0,1.1", "1.2", "1000,1000", "\\x"]
)
NAMES = ["destination", "id", "ack", "message-id", "subscription", "transaction", "receipt", "accept-version"]
FRAMES = st.builds(
    lambda command, headers, body: text_of(command, body, **headers),
    st.sampled_from(sorted(CLIENT_COMMANDS | SERVER_COMMANDS)),
    st.dictionaries(st.sampled_from([*NAMES, "heart-beat", "content-length"]), VALUES, max_size=5),
    st.sampled_from(["", "body"]),
)


@given(st.lists(FRAMES | st.text(max_size=20), max_size=12), st.booleans())
def test_any_frames_are_events_or_a_protocol_error(texts: list[str], is_connected: bool) -> None:
    session = connected() if is_connected else new_session()
    try:
        for text in texts:
            for _ in session.feed(text):
                if session.state is State.AUTHENTICATING:
                    session.accept("ann", "s")
    except ProtocolError as error:
        frame = read(session.fail(error), session.version)
        assert frame.command == "ERROR"
        assert list(session.feed(text_of("SEND", destination="/a"))) == []


class Client(RuleBasedStateMachine):
    """Model: the messages that wait, oldest first, a subscription id; the bodies held a transaction."""

    def __init__(self) -> None:
        super().__init__()
        self.session = connected()
        self.subscriptions: dict[str, Subscription] = {}
        self.waiting: dict[str, dict[str, int]] = {}
        self.held: dict[str, list[str]] = {}
        self.tag = 0

    ids = st.sampled_from(["a", "b", "c"])

    @rule(key=ids, mode=st.sampled_from(["auto", "client", "client-individual"]))
    def subscribe(self, key: str, mode: str) -> None:
        if key not in self.subscriptions:
            event = ask(self.session, "SUBSCRIBE", id=key, destination="/topic/x", ack=mode)
            self.subscriptions[key], self.waiting[key] = event.subscription, {}

    @precondition(lambda self: self.subscriptions)
    @rule(data=st.data())
    def unsubscribe(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.subscriptions)))
        assert ask(self.session, "UNSUBSCRIBE", id=key).subscription is self.subscriptions.pop(key)
        del self.waiting[key]

    @precondition(lambda self: self.subscriptions)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.subscriptions)))
        self.tag += 1
        headers = read(self.subscriptions[key].message(message_head("/topic/x", "{}"), "{}", self.tag)).headers
        assert headers["subscription"] == key
        if "ack" in headers:
            self.waiting[key][headers["ack"]] = self.tag

    @precondition(lambda self: any(self.waiting.values()))
    @rule(data=st.data(), command=st.sampled_from(["ACK", "NACK"]))
    def acknowledge(self, data: st.DataObject, command: str) -> None:
        key = data.draw(st.sampled_from(sorted(key for key, waiting in self.waiting.items() if waiting)))
        waiting = self.waiting[key]
        place = data.draw(st.integers(0, len(waiting) - 1))
        names = list(waiting)
        cumulative = self.subscriptions[key].ack_mode == "client"
        settled = names[: place + 1] if cumulative else [names[place]]
        assert ask(self.session, command, id=names[place]).tags == tuple(waiting.pop(name) for name in settled)

    @rule(name=ids)
    def begin(self, name: str) -> None:
        if name not in self.held:
            assert say(self.session, "BEGIN", transaction=name) == []
            self.held[name] = []

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def send(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.held)))
        self.tag += 1
        assert say(self.session, "SEND", str(self.tag), destination="/a", transaction=name) == []
        self.held[name].append(str(self.tag))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), commit=st.booleans())
    def end(self, data: st.DataObject, commit: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.held)))
        events = say(self.session, "COMMIT" if commit else "ABORT", transaction=name)
        bodies = self.held.pop(name)
        sent = [one.body.decode() for event in events if isinstance(event, Commit) for one in event.sends]
        assert sent == (bodies if commit else [])

    @invariant()
    def the_session_knows_the_same(self) -> None:
        assert {one.id: one.unacked for one in self.session.subscriptions} == {
            key: len(waiting) for key, waiting in self.waiting.items()
        }


TestClient = Client.TestCase
