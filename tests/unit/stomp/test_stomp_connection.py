"""Connections over a transport in memory: two people chat, miss things and get them, misbehave and are told."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from time import monotonic
from uuid import uuid4

import msgspec
import pytest

from adapters.memory.broker import InProcessBroker
from adapters.memory.tokens import InMemoryTokenVerifier
from adapters.stomp.connection import StompConnection
from adapters.stomp.connections import Connections
from adapters.stomp.hub import Hub
from adapters.stomp.protocol.codec import FrameDecoder, write_frame
from adapters.stomp.protocol.frame import Frame
from adapters.stomp.protocol.heartbeat import BEAT
from adapters.stomp.protocol.limits import SessionLimits
from adapters.stomp.services import ConnectionLimits, StompServices
from adapters.stomp.transport import Close, CloseReason
from domain.errors import Unavailable
from domain.identifiers import SessionId
from domain.principal import User
from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB, EVE, Service
from tests.support.people import FRIENDS, NOW


class Client:
    """The far end of a transport in memory."""

    def __init__(self, services: StompServices, upgrade_authorization: str | None = None) -> None:
        self._incoming: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._decoder = FrameDecoder(max_frame_bytes=1_000_000)
        self._decoder.use("1.2")
        self.frames: list[Frame] = []
        self.beats = 0
        self.kinds: set[bool] = set()  # whether what came was binary
        self.closed: Close | None = None
        self.reads = asyncio.Event()
        self.reads.set()
        self._connection = StompConnection(self, services, upgrade_authorization=upgrade_authorization)
        self._task = asyncio.create_task(self._connection.run())

    async def receive(self) -> str | bytes | None:
        return await self._incoming.get()

    async def send(self, text: str, *, binary: bool = False) -> None:
        await self.reads.wait()
        self.kinds.add(binary)
        self.beats += text == BEAT
        self.frames.extend(self._decoder.feed(text))

    async def close(self, close: Close) -> None:
        self.closed = close

    def say(self, command: str, body: str = "", **headers: str) -> None:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        self._incoming.put_nowait(write_frame(command, named, body, "1.2"))

    def raw(self, data: str | bytes) -> None:
        self._incoming.put_nowait(data)

    async def got(self, command: str, count: int = 1) -> list[Frame]:
        """The frames of this command, once there are `count`."""
        await eventually(lambda: len(self.of(command)) >= count)
        return self.of(command)

    def of(self, command: str) -> list[Frame]:
        return [frame for frame in self.frames if frame.command == command]

    async def connect(self, user: User) -> "Client":
        self.say("CONNECT", accept_version="1.2", Authorization=f"Bearer {user.email}")
        await self.got("CONNECTED")
        return self

    async def subscribe(self, destination: str, **headers: str) -> None:
        receipt = str(uuid4())
        self.say("SUBSCRIBE", id=destination, destination=destination, receipt=receipt, **headers)
        await eventually(lambda: any(frame.headers["receipt-id"] == receipt for frame in self.of("RECEIPT")))

    @property
    def expired(self) -> bool:
        """Whether the far side has begun to end, of which nothing is to be seen while nobody reads."""
        return self._connection._end.done()

    def check(self, now: float) -> None:
        """As the watch does at that time."""
        self._connection.check(now)

    def hang_up(self) -> None:
        self._incoming.put_nowait(None)

    async def ended(self) -> None:
        await asyncio.wait_for(self._task, 10)


class Chat:
    def __init__(self) -> None:
        self.service = Service(InProcessBroker())
        self.hub = Hub()
        self.connections = Connections(max_per_user=3, watch_interval=0.01)
        self.clients: list[Client] = []
        self.users = {user.email: user for user in (ANN, BOB, EVE)}
        limits = ConnectionLimits(
            session=SessionLimits(max_unacked=3),
            max_unsent=50_000,
            connect_timeout=1,
            heart_beat=0.1,
        )
        self.services = StompServices(
            self.service.clock,
            InMemoryTokenVerifier(self.users, self.service.clock),
            self.service.send,
            self.service.seen,
            self.service.participants,
            self.service.replay,
            self.service.delivered,
            self.service.acks,
            self.hub,
            self.connections,
            self.service.counters,
            limits,
            lambda _: None,
        )

    def open(self, *, upgrade_authorization: str | None = None) -> Client:
        client = Client(self.services, upgrade_authorization)
        self.clients.append(client)
        return client

    async def user(self, user: User) -> Client:
        return await self.open().connect(user)

    def message(self, content: str, /, **changes: str) -> str:
        fields = {
            "sessionId": str(self.session_id),
            "senderEmail": ANN.email,
            "intent": FRIENDS,
            "content": content,
            "clientMessageId": str(uuid4()),
        }
        return msgspec.json.encode(fields | changes).decode()

    async def start(self) -> None:
        await self.service.start(self.hub)
        self.connections.start()
        self.service.delivered.start()
        self.service.acks.start()
        self.session_id: SessionId = (await self.service.init(ANN, ANN.email, BOB.email, FRIENDS)).id

    async def stop(self) -> None:
        for client in self.clients:
            client.hang_up()
            await client.ended()
        await self.connections.stop()
        await self.service.stop()
        await self.service.acks.stop()
        await self.service.delivered.stop()

    @property
    def topic(self) -> str:
        return f"/topic/session.{self.session_id}"


@pytest.fixture
async def chat() -> AsyncIterator[Chat]:
    chat = Chat()
    await chat.start()
    yield chat
    await chat.stop()


def contents(frames: list[Frame]) -> list[str]:
    return [msgspec.json.decode(frame.body)["content"] for frame in frames]


async def test_a_message_goes_from_socket_to_socket_and_is_acked_and_marked_delivered(chat: Chat) -> None:
    ann, bob = await chat.user(ANN), await chat.user(BOB)
    await ann.subscribe("/user/queue/ack")
    await bob.subscribe("/user/queue/messages")
    ann.say("SEND", chat.message("hello"), destination="/app/chat.send", receipt="sent")
    (message,) = await bob.got("MESSAGE")
    (ack,) = await ann.got("MESSAGE")
    assert message.body == ack.body
    assert (message.headers["destination"], message.headers["seq"]) == ("/user/queue/messages", "1")
    assert message.headers["session-id"] == str(chat.session_id)
    await eventually(lambda: any(frame.headers["receipt-id"] == "sent" for frame in ann.of("RECEIPT")))
    await eventually(lambda: chat.service.store.messages[chat.session_id][0].delivered)


async def test_the_ack_of_a_repeat_is_that_of_the_first(chat: Chat) -> None:
    ann = await chat.user(ANN)
    await ann.subscribe("/user/queue/ack")
    message = chat.message("hello")
    for _ in range(2):
        ann.say("SEND", message, destination="/app/chat.send")
    first, again = await ann.got("MESSAGE", 2)
    assert again.body == first.body
    assert again.headers["seq"] == "1"
    assert {**again.headers, "message-id": ""} == {**first.headers, "message-id": ""}


async def test_in_client_mode_the_ack_is_the_delivery(chat: Chat) -> None:
    ann, bob = await chat.user(ANN), await chat.user(BOB)
    await bob.subscribe("/user/queue/messages", ack="client-individual")
    ann.say("SEND", chat.message("hello"), destination="/app/chat.send")
    (message,) = await bob.got("MESSAGE")
    await chat.service.delivered.flush()
    assert not chat.service.store.messages[chat.session_id][0].delivered
    bob.say("ACK", id=message.headers["ack"])
    await eventually(lambda: chat.service.store.messages[chat.session_id][0].delivered)


@pytest.mark.parametrize("headers", [{}, {"replay": "undelivered"}])
async def test_a_client_that_acks_late_gets_the_rest_late(chat: Chat, headers: dict[str, str]) -> None:
    ann, bob = await chat.user(ANN), await chat.user(BOB)
    await bob.subscribe("/user/queue/messages", ack="client-individual", **headers)
    for number in range(10):
        ann.say("SEND", chat.message(str(number)), destination="/app/chat.send", receipt=str(number))
    await ann.got("RECEIPT", 10)
    acked: list[Frame] = []
    while len(acked) < 10:
        came = await bob.got("MESSAGE", len(acked) + 1)
        assert len(came) - len(acked) <= 3, "so many may wait for their ACK"
        bob.say("ACK", id=came[len(acked)].headers["ack"])
        acked.append(came[len(acked)])
    assert contents(bob.of("MESSAGE")) == [str(number) for number in range(10)]
    assert bob.of("ERROR") == []


@pytest.mark.parametrize("headers", [{}, {"resume_after": "2"}])
async def test_a_topic_waits_for_acks_too(chat: Chat, headers: dict[str, str]) -> None:
    ann, bob = await chat.user(ANN), await chat.user(BOB)
    ann.say("SEND", chat.message("before"), destination="/app/chat.send", receipt="before")
    await ann.got("RECEIPT")
    for number in range(2, 12):
        if number == 3:
            await bob.subscribe(chat.topic, ack="client", **headers)
        ann.say("SEND", chat.message(str(number)), destination="/app/chat.send", receipt=str(number))
        await ann.got("RECEIPT", number)
    assert contents(await bob.got("MESSAGE", 3)) == ["3", "4", "5"]
    while len(bob.of("MESSAGE")) < 9:
        bob.say("ACK", id=bob.of("MESSAGE")[-1].headers["ack"])
        await bob.got("MESSAGE", min(9, len(bob.of("MESSAGE")) + 1))
    assert contents(bob.of("MESSAGE")) == [str(number) for number in range(3, 12)]


async def test_acks_of_what_no_store_has_are_waited_for_as_far_as_there_is_room(chat: Chat) -> None:
    ann = await chat.user(ANN)
    await ann.subscribe("/user/queue/ack", ack="client")
    for number in range(10):
        ann.say("SEND", chat.message(str(number)), destination="/app/chat.send")
    came = await ann.got("MESSAGE", 10)
    for frame in came:
        ann.say("ACK", id=frame.headers["ack"])
    await ann.subscribe(chat.topic)
    assert ann.of("ERROR") == []


async def test_replays_of_many_topics_never_overflow_the_connection(chat: Chat) -> None:
    ann = await chat.user(ANN)
    topics = []
    for number in range(50):
        session = await chat.service.init(ANN, ANN.email, f"peer{number}@example.org", FRIENDS)
        topics.append(f"/topic/session.{session.id}")
        for _ in range(5):
            ann.say(
                "SEND",
                chat.message("x" * 3_000, sessionId=str(session.id)),
                destination="/app/chat.send",
                receipt="r",
            )
    await ann.got("RECEIPT", 250)
    again = await chat.user(ANN)
    for topic in topics:
        again.say("SUBSCRIBE", id=topic, destination=topic, resume_after="0")
    came = await again.got("MESSAGE", 250)
    assert again.closed is None
    for topic in topics:
        assert [frame.headers["seq"] for frame in came if frame.headers["destination"] == topic] == list("12345")


@pytest.mark.parametrize("first", ["/user/queue/error", "the topic"])
async def test_to_resume_after_what_is_not_there_is_told_and_goes_on_from_the_end(chat: Chat, first: str) -> None:
    ann, bob, other = await chat.user(ANN), await chat.user(BOB), await chat.user(BOB)
    ann.say("SEND", chat.message("old"), destination="/app/chat.send", receipt="old")
    await ann.got("RECEIPT")
    await other.subscribe("/user/queue/error")
    subscribe = [bob.subscribe("/user/queue/error"), bob.subscribe(chat.topic, resume_after="1000")]
    for one in subscribe if first == "/user/queue/error" else subscribe[::-1]:
        await one
    (told,) = await bob.got("MESSAGE")
    problem = msgspec.json.decode(told.body)
    assert told.headers["destination"] == "/user/queue/error"
    assert (problem["code"], problem["sessionId"], problem["lastSeq"]) == ("resume-too-high", str(chat.session_id), 1)
    ann.say("SEND", chat.message("new"), destination="/app/chat.send")
    assert contents((await bob.got("MESSAGE", 2))[1:]) == ["new"]
    assert other.of("MESSAGE") == [], "another connection asked for nothing"


@pytest.mark.parametrize("after", ["-1", "1.5", "x", "", str(2**63), "9" * 30])
async def test_to_resume_after_what_is_no_seq_is_refused(chat: Chat, after: str) -> None:
    ann = await chat.user(ANN)
    ann.say("SUBSCRIBE", id="1", destination=chat.topic, resume_after=after)
    assert [frame.headers["message"] for frame in await ann.got("ERROR")] == ["malformed"]
    await ann.ended()


async def test_resume_has_no_hole_and_no_repeat_while_messages_keep_coming(chat: Chat) -> None:
    ann = await chat.user(ANN)
    for number in range(1, 301):
        ann.say("SEND", chat.message(str(number)), destination="/app/chat.send")
        if number == 150:
            await eventually(lambda: len(chat.service.store.messages.get(chat.session_id, [])) >= 100)
            bob = await chat.user(BOB)
            bob.say("SUBSCRIBE", id="1", destination=chat.topic, resume_after="20")
    assert contents(await bob.got("MESSAGE", 280)) == [str(number) for number in range(21, 301)]


async def test_what_was_never_delivered_is_replayed_once(chat: Chat) -> None:
    ann = await chat.user(ANN)
    for number in range(1, 11):
        ann.say("SEND", chat.message(str(number)), destination="/app/chat.send", receipt=str(number))
    await ann.got("RECEIPT", 10)
    bob = await chat.user(BOB)
    await bob.subscribe("/user/queue/messages", replay="undelivered")
    ann.say("SEND", chat.message("live"), destination="/app/chat.send")
    assert contents(await bob.got("MESSAGE", 11)) == [*map(str, range(1, 11)), "live"]
    bob.hang_up()
    await bob.ended()
    again = await chat.user(BOB)
    await again.subscribe("/user/queue/messages", replay="undelivered")
    ann.say("SEND", chat.message("next"), destination="/app/chat.send")
    assert contents(await again.got("MESSAGE")) == ["next"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"content": " "}, "invalid"),
        ({"content": "half a pair: D800"}, "invalid"),
        ({"sessionId": "no"}, "invalid"),
        ({"senderEmail": EVE.email}, "not-yourself"),
        ({"sessionId": str(uuid4())}, "session-not-found"),
        ({"intent": "work"}, "not-a-participant"),
    ],
)
async def test_a_refused_send_is_told_and_the_connection_lives(chat: Chat, changes: dict[str, str], code: str) -> None:
    ann = await chat.user(ANN)
    await ann.subscribe("/user/queue/error")
    await ann.subscribe("/user/queue/ack")
    client_id = str(uuid4())
    body = chat.message("x", clientMessageId=client_id, **changes).replace("D800", "\\ud800")
    ann.say("SEND", body, destination="/app/chat.send", receipt="refused")
    (told,) = await ann.got("MESSAGE")
    problem = msgspec.json.decode(told.body)
    assert (problem["code"], problem["clientMessageId"]) == (code, client_id)
    ann.say("SEND", chat.message("well"), destination="/app/chat.send")
    assert (await ann.got("MESSAGE", 2))[1].headers["destination"] == "/user/queue/ack"
    assert "refused" not in [frame.headers["receipt-id"] for frame in ann.of("RECEIPT")]


@pytest.mark.parametrize(
    ("command", "headers", "code"),
    [
        ("SEND", {"destination": "/topic/session.x"}, "forbidden-destination"),
        ("SEND", {"destination": "/user/bob@example.org/queue/messages"}, "forbidden-destination"),
        ("SUBSCRIBE", {"id": "1", "destination": "/queue/messages"}, "forbidden-destination"),
        ("SUBSCRIBE", {"id": "1", "destination": "/topic/session.*"}, "forbidden-destination"),
        ("SUBSCRIBE", {"id": "1", "destination": f"/topic/session.{uuid4()}"}, "session-not-found"),
        ("JUMP", {}, "malformed"),
    ],
)
async def test_what_is_not_allowed_ends_the_connection(
    chat: Chat, command: str, headers: dict[str, str], code: str
) -> None:
    ann = await chat.user(ANN)
    ann.say(command, **headers)
    assert [frame.headers["message"] for frame in await ann.got("ERROR")] == [code]
    await ann.ended()
    assert ann.closed is not None


async def test_a_stranger_gets_nothing_of_a_session(chat: Chat) -> None:
    eve = await chat.user(EVE)
    eve.say("SUBSCRIBE", id="1", destination=chat.topic, resume_after="0")
    assert [frame.headers["message"] for frame in await eve.got("ERROR")] == ["not-a-participant"]
    await eve.ended()


async def test_without_a_valid_token_there_is_an_error_and_the_end(chat: Chat) -> None:
    client = chat.open()
    client.say("CONNECT", accept_version="1.2", Authorization="Bearer forged")
    assert [frame.headers["message"] for frame in await client.got("ERROR")] == ["unauthenticated"]
    await client.ended()


@pytest.mark.parametrize("binary", [True, False])
async def test_the_frames_of_a_client_come_in_the_kind_of_its_connect(chat: Chat, binary: bool) -> None:
    client = chat.open()
    connect = f"CONNECT\naccept-version:1.2\nheart-beat:20,20\nAuthorization:Bearer {ANN.email}\n\n\0"
    client.raw(connect.encode() if binary else connect)
    await client.got("CONNECTED")
    subscribe = "SUBSCRIBE\nid:1\ndestination:/user/queue/ack\nreceipt:r\n\n\0"
    client.raw(subscribe if binary else subscribe.encode())
    await client.got("RECEIPT")
    await eventually(lambda: client.beats > 0)
    client.raw("JUMP\n\n\0")
    await client.got("ERROR")
    assert client.kinds == {binary}


@pytest.mark.parametrize("passcode", [ANN.email, f"Bearer {ANN.email}", f"bearer {ANN.email}"])
async def test_the_passcode_is_taken_as_the_token(chat: Chat, passcode: str) -> None:
    client = chat.open()
    client.say("CONNECT", accept_version="1.2", login="ann", passcode=passcode)
    (connected,) = await client.got("CONNECTED")
    assert connected.headers["user-name"] == ANN.email


@pytest.mark.parametrize(
    "headers",
    [
        {"passcode": "guest"},
        {"passcode": ""},
        {"passcode": "Bearer "},
        {"passcode": ANN.email, "Authorization": "Bearer forged"},
    ],
)
async def test_a_passcode_that_is_no_token_opens_nothing(chat: Chat, headers: dict[str, str]) -> None:
    client = chat.open()
    client.say("CONNECT", accept_version="1.2", **headers)
    assert [frame.headers["message"] for frame in await client.got("ERROR")] == ["unauthenticated"]
    await client.ended()


async def test_the_upgrade_goes_before_the_passcode(chat: Chat) -> None:
    client = chat.open(upgrade_authorization=f"Bearer {ANN.email}")
    client.say("CONNECT", accept_version="1.2", login="guest", passcode="guest")
    await client.got("CONNECTED")


async def test_a_connection_ends_with_its_token_unless_it_is_renewed(chat: Chat) -> None:
    for user in (ANN, BOB):
        chat.users[user.email] = User(user.email, NOW + timedelta(seconds=0.2))
    ann, bob = await chat.user(ANN), await chat.user(BOB)
    chat.users[BOB.email] = BOB
    bob.say("SEND", destination="/app/auth.renew", Authorization=f"Bearer {BOB.email}", receipt="renewed")
    await bob.got("RECEIPT")
    assert [frame.headers["message"] for frame in await ann.got("ERROR")] == ["token-expired"]
    await ann.ended()
    await bob.subscribe(chat.topic)
    assert bob.closed is None


async def test_who_says_goodbye_is_answered_what_it_had_sent(chat: Chat) -> None:
    ann = await chat.user(ANN)
    for number in range(50):
        ann.say("SEND", chat.message("hello"), destination="/app/chat.send", receipt=str(number))
    ann.say("DISCONNECT", receipt="bye")
    await ann.ended()
    assert [frame.headers["receipt-id"] for frame in ann.of("RECEIPT")] == [*map(str, range(50)), "bye"]
    assert len(chat.service.store.messages[chat.session_id]) == 50


async def test_a_transaction_is_stored_when_its_commit_is_answered(chat: Chat) -> None:
    ann = await chat.user(ANN)
    ann.say("BEGIN", transaction="t")
    for content in "ab":
        ann.say("SEND", chat.message(content), destination="/app/chat.send", transaction="t", receipt=content)
    ann.say("UNSUBSCRIBE", id="none", receipt="outside")
    await ann.got("RECEIPT")
    assert chat.session_id not in chat.service.store.messages
    ann.say("COMMIT", transaction="t", receipt="done")
    receipts = [frame.headers["receipt-id"] for frame in await ann.got("RECEIPT", 4)]
    assert receipts == ["outside", "a", "b", "done"], "nothing of it is durable before COMMIT"
    assert [message.content for message in chat.service.store.messages[chat.session_id]] == ["a", "b"]


async def test_of_a_transaction_with_something_refused_nothing_is_stored(chat: Chat) -> None:
    ann = await chat.user(ANN)
    await ann.subscribe("/user/queue/error")
    ann.say("BEGIN", transaction="t")
    for content in ("good", " ", "good too"):
        ann.say("SEND", chat.message(content), destination="/app/chat.send", transaction="t", receipt="never")
    ann.say("COMMIT", transaction="t", receipt="done")
    refusals = [msgspec.json.decode(frame.body)["code"] for frame in await ann.got("MESSAGE", 3)]
    assert refusals == ["transaction-aborted", "invalid", "transaction-aborted"]

    ann.say("BEGIN", transaction="u")
    ann.say("SEND", chat.message("good"), destination="/app/chat.send", transaction="u")
    ann.say("SEND", "{}", destination=chat.topic, transaction="u")
    ann.say("COMMIT", transaction="u", receipt="never")
    (error,) = await ann.got("ERROR")
    assert (error.headers["message"], error.headers["receipt-id"]) == ("forbidden-destination", "never")
    await ann.ended()
    assert chat.session_id not in chat.service.store.messages
    assert len(ann.of("RECEIPT")) == 1, "that of the subscription"


async def test_what_waits_for_a_client_when_its_token_ends_is_not_delivered(chat: Chat) -> None:
    ann, bob = await chat.user(ANN), chat.open()
    chat.users[BOB.email] = User(BOB.email, NOW + timedelta(seconds=0.5))
    await bob.connect(BOB)
    await bob.subscribe("/user/queue/messages")
    bob.reads.clear()
    for content in "abc":
        ann.say("SEND", chat.message(content), destination="/app/chat.send", receipt=content)
    await ann.got("RECEIPT", 3)
    await eventually(lambda: bob.expired)
    bob.reads.set()
    await bob.ended()
    assert contents(bob.of("MESSAGE")) == ["a"], "which was on its way"
    assert bob.frames[-1].headers["message"] == "token-expired"


async def test_unsent_data_is_counted_in_octets(chat: Chat) -> None:
    ann, bob = await chat.user(ANN), await chat.user(BOB)
    await bob.subscribe("/user/queue/messages")
    bob.reads.clear()
    for _ in range(5):  # 20,000 characters, 80,000 octets
        ann.say("SEND", chat.message("👋" * 4_000), destination="/app/chat.send")
    await bob.ended()
    assert bob.closed is not None
    assert bob.closed.reason == "reading too slowly"


async def test_a_client_that_does_not_read_is_cut_off(chat: Chat) -> None:
    ann, bob = await chat.user(ANN), await chat.user(BOB)
    await bob.subscribe("/user/queue/messages")
    bob.reads.clear()
    for _ in range(20):
        ann.say("SEND", chat.message("x" * 3_000), destination="/app/chat.send")
    await bob.ended()
    assert bob.closed is not None
    assert bob.closed.reason == "reading too slowly"


async def test_a_client_that_takes_nothing_of_a_replay_is_slow(chat: Chat) -> None:
    ann, bob = await chat.user(ANN), await chat.user(BOB)
    for number in range(20):
        ann.say("SEND", chat.message("x" * 3_000), destination="/app/chat.send", receipt=str(number))
    await ann.got("RECEIPT", 20)
    bob.reads.clear()
    bob.say("SUBSCRIBE", id="1", destination=chat.topic, resume_after="0")
    for _ in range(20):  # while 60,000 octets of 50,000 wait
        ann.say("SEND", chat.message("x" * 3_000), destination="/app/chat.send", receipt="live")
    await ann.got("RECEIPT", 40)
    bob.check(monotonic() + 9)
    assert not bob.expired, "what is in the store is no reason"
    bob.check(monotonic() + 11)
    await bob.ended()
    assert bob.closed == CloseReason.SLOW_CONSUMER.value


async def test_a_silent_client_that_promised_beats_is_given_up_and_gets_beats_itself(chat: Chat) -> None:
    client = chat.open()
    client.say("CONNECT", accept_version="1.2", Authorization=f"Bearer {ANN.email}", heart_beat="20,20")
    await client.got("CONNECTED")
    await client.ended()
    assert client.closed == CloseReason.IDLE.value
    assert client.beats > 0


async def test_a_client_that_never_connects_is_cut_off(chat: Chat) -> None:
    client = chat.open()
    await client.ended()
    assert [frame.headers["message"] for frame in client.of("ERROR")] == ["unauthenticated"]


async def test_a_user_has_a_limited_number_of_connections(chat: Chat) -> None:
    clients = [await chat.user(ANN) for _ in range(3)]
    refused = chat.open()
    refused.say("CONNECT", accept_version="1.2", Authorization=f"Bearer {ANN.email}")
    assert [frame.headers["message"] for frame in await refused.got("ERROR")] == ["rate-limited"]
    await refused.ended()
    clients[0].hang_up()
    await clients[0].ended()
    await chat.user(ANN)


async def test_draining_sends_everybody_away_with_a_going_away(chat: Chat) -> None:
    clients = [await chat.user(user) for user in (ANN, BOB, EVE)]
    await chat.connections.drain(5)
    assert {client.closed for client in clients} == {CloseReason.SHUTDOWN.value}
    assert not chat.connections.open_to_more


async def test_after_a_gap_everybody_is_asked_to_come_back_and_may(chat: Chat) -> None:
    clients = [await chat.user(user) for user in (ANN, BOB)]
    chat.connections.ask_to_resume()
    for client in clients:
        await client.ended()
        assert client.closed == CloseReason.RESUME.value
    assert chat.connections.open_to_more
    await chat.user(ANN)


async def test_a_second_gap_is_not_missed_by_those_who_have_just_come_back(chat: Chat) -> None:
    for _ in range(3):
        client = await chat.user(ANN)
        chat.connections.ask_to_resume()
        await client.ended()
        assert client.closed == CloseReason.RESUME.value


async def test_who_asks_for_what_needs_the_store_while_it_is_away_is_to_try_later(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def is_away(*_: object) -> None:
        raise Unavailable("the database is away")

    monkeypatch.setattr(chat.service.participants, "for_reader", is_away)
    client = await chat.user(ANN)
    client.say("SUBSCRIBE", id="1", destination=chat.topic)
    assert [frame.headers["message"] for frame in await client.got("ERROR")] == ["unavailable"]
    await client.ended()
    assert client.closed == CloseReason.UNAVAILABLE.value
