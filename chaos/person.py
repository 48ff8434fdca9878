"""One user with all its whims: connects to any instance, sends, repeats itself, leaves in mid-sentence, comes back."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from time import monotonic
from uuid import UUID

import aiohttp
import msgspec

from chaos.events import Events
from chaos.observations import Ack, Row, Sent, Stream, Witness
from chaos.wire import Frame, Lost, Wire

INTENT = "chaos"
WINDOW = 25  # sends of one person that wait for their ack
BEAT = 3.0
SILENCE = 8.0  # without a beat, and the instance is given up
RETRY_AFTER = 6.0
REFUSED_FOR_NOW = frozenset({"unavailable", "rate-limited"})
FORGOTTEN_ACKS = 0.02
HTTP_TIMEOUT = aiohttp.ClientTimeout(total=8)


class _Message(msgspec.Struct, rename="camel"):
    message_id: str
    session_id: str
    seq: int
    sender_email: str
    client_message_id: str
    content: str


class _Problem(msgspec.Struct, rename="camel"):
    code: str
    client_message_id: str = ""


_MESSAGE = msgspec.json.Decoder(_Message)
_PROBLEM = msgspec.json.Decoder(_Problem)


@dataclass(frozen=True)
class World:
    """What is around a person. `living` are the addresses of the instances that run, as far as one can know."""

    living: Callable[[], Sequence[str]]
    http: aiohttp.ClientSession
    events: Events


class Person:
    """`restless` ones leave of their own will. What it sees goes to `witness`."""

    def __init__(self, witness: Witness, token: str, world: World, random: Random, *, restless: bool) -> None:
        self.witness = witness
        self._token = token
        self._world = world
        self._random = random
        self._restless = restless
        self._writes_in = sorted(witness.sessions)
        self._pending: dict[str, float] = {}  # clientMessageId → when it is to be sent again
        self._reached: Counter[str] = Counter()
        self._streams: dict[str, Stream] = {}
        self._wire: Wire | None = None
        self._at = ""
        self._posts: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self.ids: set[str] = set()
        """Of the messages that reached it."""
        self.connected = False

    @property
    def waiting(self) -> int:
        """How many sends have no ack yet."""
        return len(self._pending)

    def start(self) -> None:
        self._task = asyncio.create_task(self._live())

    def calm_down(self) -> None:
        """From now on it stays where it is."""
        self._restless = False

    def go_away_and_come_back(self) -> None:
        self.connected = False
        if self._wire is not None:
            self._wire.hang_up(abruptly=self._random.random() < 0.5)

    async def stop(self) -> None:
        """Raises what this person should not have run into."""
        for task in (self._task, *self._posts):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        if self._wire is not None:
            self._wire.hang_up()
        if self._task is not None and not self._task.cancelled():
            self._task.result()

    def write(self, *, twice: bool) -> bool:
        """Sends something new, `twice` at once on two instances; False when it cannot just now."""
        if not self.connected or len(self._pending) >= WINDOW:
            return False
        client_id = str(UUID(int=self._random.getrandbits(128), version=4))
        content = f"{self.witness.email} says its number {len(self.witness.sent)}"
        self.witness.sent[client_id] = Sent(self._random.choice(self._writes_in), content)
        self._say(client_id)
        if twice:
            self._post_elsewhere(client_id)
        return True

    def _say(self, client_id: str) -> None:
        self._pending[client_id] = monotonic() + RETRY_AFTER * self._random.uniform(0.7, 1.3)
        if self._wire is not None:
            headers = {"destination": "/app/chat.send", "receipt": client_id}
            self._wire.say("SEND", headers, self._body(client_id))

    def _body(self, client_id: str) -> bytes:
        sent = self.witness.sent[client_id]
        return msgspec.json.encode(
            {
                "sessionId": sent.session_id,
                "senderEmail": self.witness.email,
                "intent": INTENT,
                "content": sent.content,
                "clientMessageId": client_id,
            }
        )

    def _post_elsewhere(self, client_id: str) -> None:
        others = [url for url in self._world.living() if url != self._at]
        if others:
            self._world.events.note("sent on two instances at once")
            post = asyncio.create_task(self._post(self._random.choice(others), client_id))
            self._posts.add(post)
            post.add_done_callback(self._posts.discard)

    async def _post(self, url: str, client_id: str) -> None:
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            async with self._world.http.post(
                f"{url}/api/chat/message", data=self._body(client_id), headers=headers, timeout=HTTP_TIMEOUT
            ) as answer:
                status, body = answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return
        if status == 200:
            message = _MESSAGE.decode(body)
            self._acked(Ack(message.client_message_id, "HTTP", message.message_id, message.seq))
        elif (code := _PROBLEM.decode(body).code) not in REFUSED_FOR_NOW:
            self.witness.refused.append((client_id, f"HTTP {code}"))

    async def _live(self) -> None:
        while True:
            try:
                wire = await self._come()
                await self._stay(wire)
            except Lost:
                await asyncio.sleep(self._random.uniform(0.1, 1.0))
            finally:
                self.connected = False
            await asyncio.sleep(self._random.uniform(0.0, 2.0 if self._restless else 0.5))

    async def _come(self) -> Wire:
        """Connected and subscribed; everything missed is on its way. Raises `Lost`."""
        living = self._world.living()
        if not living:
            raise Lost
        self._at = self._random.choice(living)
        self._streams = {}  # what comes from here on belongs to this connection
        wire = Wire(self._on_frame)
        await wire.open(f"{self._at.replace('http', 'ws', 1)}/ws", self._token, BEAT)
        self._wire = wire
        try:
            await asyncio.gather(*(wire.subscribe(*wanted) for wanted in self._subscriptions()))
        except Lost:
            wire.hang_up()
            raise
        self._world.events.note("connections")
        self.connected = True
        for client_id in tuple(self._pending):
            self._say(client_id)
        return wire

    def _subscriptions(self) -> list[tuple[str, dict[str, str]]]:
        wanted: list[tuple[str, dict[str, str]]] = [("/user/queue/ack", {}), ("/user/queue/error", {})]
        if self.witness.kind == "queue":
            return [*wanted, ("/user/queue/messages", {"ack": "client-individual", "replay": "undelivered"})]
        for session_id in self._writes_in:
            destination, after = f"/topic/session.{session_id}", self._reached[session_id]
            stream = self._streams[destination] = Stream(session_id, after)
            self.witness.streams.append(stream)
            wanted.append((destination, {"resume-after": str(after)}))
        return wanted

    async def _stay(self, wire: Wire) -> None:
        """Until the connection is lost, or this person has had enough of it."""
        until = monotonic() + self._random.uniform(3, 20)
        while not wire.lost.is_set():
            now = monotonic()
            if now - wire.heard > SILENCE:
                self._world.events.note("instances given up for silence")
                break
            if self._restless and now > until:
                self._world.events.note("left of their own will")
                break
            for client_id, due in tuple(self._pending.items()):
                if now > due:
                    self._world.events.note("retries")
                    self._say(client_id)
            try:
                await asyncio.wait_for(wire.lost.wait(), 0.5)
            except TimeoutError:
                continue
        if wire.close_code is not None:
            self._world.events.note(f"closed with {wire.close_code}")
        wire.hang_up(abruptly=self._random.random() < 0.5)

    def _on_frame(self, frame: Frame) -> None:
        if frame.command == "RECEIPT":
            self._acked(Ack(frame.headers["receipt-id"], "RECEIPT"))
        elif frame.command == "MESSAGE":
            destination = frame.headers["destination"]
            if destination == "/user/queue/error":
                self._refused(_PROBLEM.decode(frame.body))
            elif destination == "/user/queue/ack":
                message = _MESSAGE.decode(frame.body)
                self._acked(Ack(message.client_message_id, "queue", message.message_id, message.seq))
            else:
                self._got(frame, _MESSAGE.decode(frame.body))
        else:
            self._world.events.note(f"ERROR {frame.headers.get('message')}")

    def _got(self, frame: Frame, message: _Message) -> None:
        self.witness.seen[Row(*msgspec.structs.astuple(message))] += 1
        self.ids.add(message.message_id)
        stream = self._streams.get(frame.headers["subscription"])
        if stream is not None:
            stream.seqs.append(message.seq)
            self._reached[stream.session_id] = max(self._reached[stream.session_id], message.seq)
        elif self._wire is not None and self._random.random() > FORGOTTEN_ACKS:
            self._wire.say("ACK", {"id": frame.headers["ack"]})

    def _acked(self, ack: Ack) -> None:
        self.witness.acked[ack] += 1
        self._world.events.acked()
        self._pending.pop(ack.client_message_id, None)

    def _refused(self, problem: _Problem) -> None:
        self._world.events.note(f"refused: {problem.code}")
        client_id = problem.client_message_id
        if problem.code not in REFUSED_FOR_NOW:
            self.witness.refused.append((client_id, problem.code))
            self._pending.pop(client_id, None)
        elif client_id in self._pending:
            self._pending[client_id] = monotonic() + self._random.uniform(0.5, 2)
