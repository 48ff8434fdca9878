"""A simulated user: connects to random instances, sends, repeats sends without an ack, disconnects and resumes."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from time import monotonic
from uuid import UUID

import aiohttp
import msgspec

from chaos.clients.stomp_client import ConnectionLost, Frame, StompClient
from chaos.events import Events
from chaos.observations import Ack, Row, Sent, Stream, Witness
from chaos.testbed.testbed import HEARTBEAT, INTENT

WINDOW = 25
"""The largest number of sends of one user that wait for their ack."""
SILENCE = 8.0
"""Seconds without a heart-beat after which the user gives the connection up."""
RETRY_AFTER = 6.0
"""Seconds after which a send without an ack is repeated."""
REFUSED_FOR_NOW = frozenset({"unavailable", "rate-limited"})
"""The codes after which a send is repeated."""
FORGOTTEN_ACKS = 0.02
"""The share of messages that the user does not ack."""
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
class UserContext:
    """What users share. `living` gives the addresses of the instances that run."""

    living: Callable[[], Sequence[str]]
    http: aiohttp.ClientSession
    events: Events


class SimulatedUser:
    """A user, whose observations go to `witness`. A `restless` user reconnects from time to time."""

    def __init__(self, witness: Witness, token: str, context: UserContext, random: Random, *, restless: bool) -> None:
        self.witness = witness
        self._token = token
        self._context = context
        self._random = random
        self._restless = restless
        self._sessions = sorted(witness.sessions)
        self._pending: dict[str, float] = {}  # clientMessageId → when to send it again
        self._reached: Counter[str] = Counter()
        self._streams: dict[str, Stream] = {}
        self._client: StompClient | None = None
        self._url = ""
        self._posts: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self.ids: set[str] = set()
        """The ids of the messages that reached the user."""
        self.connected = False

    @property
    def waiting(self) -> int:
        """The number of sends without an ack."""
        return len(self._pending)

    def start(self) -> None:
        """Connects, and keeps connected."""
        self._task = asyncio.create_task(self._keep_connecting())

    def stay_connected(self) -> None:
        """From now on the user does not reconnect of its own will."""
        self._restless = False

    def reconnect(self) -> None:
        """Ends the connection. The user then connects again."""
        self.connected = False
        if self._client is not None:
            self._client.close(abruptly=self._random.random() < 0.5)

    async def stop(self) -> None:
        """Disconnects. Raises what went wrong."""
        for task in (self._task, *self._posts):
            while task is not None and not task.done():
                task.cancel()  # again when Python 3.11's `wait_for` has lost it: what it waited for was done as well
                await asyncio.wait([task], timeout=1)
        if self._client is not None:
            self._client.close()
        if self._task is not None and not self._task.cancelled():
            self._task.result()

    def write(self, *, twice: bool) -> bool:
        """Sends a new message, to two instances at once if `twice`. Returns False when the user cannot send now."""
        if not self.connected or len(self._pending) >= WINDOW:
            return False
        client_id = str(UUID(int=self._random.getrandbits(128), version=4))
        content = f"{self.witness.email} says its number {len(self.witness.sent)}"
        self.witness.sent[client_id] = Sent(self._random.choice(self._sessions), content)
        self._send(client_id)
        if twice:
            self._post_elsewhere(client_id)
        return True

    def _send(self, client_id: str) -> None:
        self._pending[client_id] = monotonic() + RETRY_AFTER * self._random.uniform(0.7, 1.3)
        if self._client is not None:
            headers = {"destination": "/app/chat.send", "receipt": client_id}
            self._client.send("SEND", headers, self._body(client_id))

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
        others = [url for url in self._context.living() if url != self._url]
        if others:
            self._context.events.note("sent on two instances at once")
            post = asyncio.create_task(self._post(self._random.choice(others), client_id))
            self._posts.add(post)
            post.add_done_callback(self._posts.discard)

    async def _post(self, url: str, client_id: str) -> None:
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            async with self._context.http.post(
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

    async def _keep_connecting(self) -> None:
        while True:
            try:
                client = await self._connect()
                await self._stay_connected(client)
            except ConnectionLost:
                await asyncio.sleep(self._random.uniform(0.1, 1.0))
            finally:
                self.connected = False
            await asyncio.sleep(self._random.uniform(0.0, 2.0 if self._restless else 0.5))

    async def _connect(self) -> StompClient:
        """Connects to a random instance, and subscribes. Raises `ConnectionLost`."""
        living = self._context.living()
        if not living:
            raise ConnectionLost
        self._url = self._random.choice(living)
        self._streams = {}  # from here on frames belong to the new connection
        client = StompClient(self._on_frame)
        await client.open(f"{self._url.replace('http', 'ws', 1)}/ws", self._token, HEARTBEAT)
        self._client = client
        try:
            await asyncio.gather(*(client.subscribe(*wanted) for wanted in self._subscriptions()))
        except ConnectionLost:
            client.close()
            raise
        self._context.events.note("connections")
        self.connected = True
        for client_id in tuple(self._pending):
            self._send(client_id)
        return client

    def _subscriptions(self) -> list[tuple[str, dict[str, str]]]:
        wanted: list[tuple[str, dict[str, str]]] = [("/user/queue/ack", {}), ("/user/queue/error", {})]
        if self.witness.kind == "queue":
            return [*wanted, ("/user/queue/messages", {"ack": "client-individual", "replay": "undelivered"})]
        for session_id in self._sessions:
            destination, after = f"/topic/session.{session_id}", self._reached[session_id]
            stream = self._streams[destination] = Stream(session_id, after)
            self.witness.streams.append(stream)
            wanted.append((destination, {"resume-after": str(after)}))
        return wanted

    async def _stay_connected(self, client: StompClient) -> None:
        """Returns when the connection is lost or silent, or when a restless user leaves. Repeats sends meanwhile."""
        until = monotonic() + self._random.uniform(3, 20)
        while not client.lost.is_set():
            now = monotonic()
            if now - client.heard > SILENCE:
                self._context.events.note("instances given up for silence")
                break
            if self._restless and now > until:
                self._context.events.note("left of their own will")
                break
            for client_id, due in tuple(self._pending.items()):
                if now > due:
                    self._context.events.note("retries")
                    self._send(client_id)
            try:
                await asyncio.wait_for(client.lost.wait(), 0.5)
            except TimeoutError:
                continue
        if client.close_code is not None:
            self._context.events.note(f"closed with {client.close_code}")
        client.close(abruptly=self._random.random() < 0.5)

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
                self._received(frame, _MESSAGE.decode(frame.body))
        else:
            self._context.events.note(f"ERROR {frame.headers.get('message')}")

    def _received(self, frame: Frame, message: _Message) -> None:
        self.witness.seen[Row(*msgspec.structs.astuple(message))] += 1
        self.ids.add(message.message_id)
        stream = self._streams.get(frame.headers["subscription"])
        if stream is not None:
            stream.seqs.append(message.seq)
            self._reached[stream.session_id] = max(self._reached[stream.session_id], message.seq)
        elif self._client is not None and self._random.random() > FORGOTTEN_ACKS:
            self._client.send("ACK", {"id": frame.headers["ack"]})

    def _acked(self, ack: Ack) -> None:
        self.witness.acked[ack] += 1
        self._context.events.acked()
        self._pending.pop(ack.client_message_id, None)

    def _refused(self, problem: _Problem) -> None:
        self._context.events.note(f"refused: {problem.code}")
        client_id = problem.client_message_id
        if problem.code not in REFUSED_FOR_NOW:
            self.witness.refused.append((client_id, problem.code))
            self._pending.pop(client_id, None)
        elif client_id in self._pending:
            self._pending[client_id] = monotonic() + self._random.uniform(0.5, 2)
