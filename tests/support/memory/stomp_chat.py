"""STOMP connections of two people over transports in memory."""

import asyncio
from collections import deque
from uuid import uuid4

import msgspec

from adapters.memory.broker import InProcessBroker
from adapters.memory.tokens import InMemoryTokenVerifier
from adapters.stomp.connection import StompConnection
from adapters.stomp.feeds.events_feed import READY_SECONDS, EventsFeed
from adapters.stomp.protocol.frames.decoder import FrameDecoder
from adapters.stomp.protocol.frames.encoder import write_frame
from adapters.stomp.protocol.frames.frame import Frame
from adapters.stomp.protocol.negotiation.heartbeat import BEAT
from adapters.stomp.services import StompServices
from adapters.stomp.transport import Close
from domain.identifiers import SessionId
from domain.principal import Service as ServicePrincipal
from domain.principal import User
from entrypoints.providing import replace
from entrypoints.settings.types import Duration
from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB, EVE, Service
from tests.support.people import FRIENDS


class Client:
    """A transport in memory with the client at its far end, which takes what is sent while it `reads`."""

    def __init__(self, services: StompServices, upgrade_authorization: str | None = None) -> None:
        self.unheard: deque[str | bytes] = deque()  # what was said and the connection has not read
        self._is_heard = True
        self._kept: deque[tuple[str, bool]] = deque()
        self._reads = True
        self._decoder = FrameDecoder(max_frame_bytes=1_000_000)
        self._decoder.use("1.2")
        self.frames: list[Frame] = []
        self.beats = 0
        self.kinds: set[bool] = set()  # whether what came was binary
        self.closed: Close | None = None
        self._lost = asyncio.Event()
        self._connection = StompConnection(self, services, upgrade_authorization=upgrade_authorization)

    def send(self, text: str, *, binary: bool = False) -> bool:
        if self._lost.is_set():
            return False
        self._kept.append((text, binary))
        return self._take()

    def pause_reading(self) -> None:
        self._is_heard = False

    def resume_reading(self) -> None:
        self._is_heard = True
        self._hear_later()

    def close(self, close: Close) -> None:
        assert self.closed is None, "once"
        self.closed = close
        asyncio.get_running_loop().call_soon(self._lose)

    def say(self, command: str, body: str = "", **headers: str) -> None:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        self.raw(write_frame(command, named, body, "1.2"))

    def raw(self, data: str | bytes) -> None:
        self.unheard.append(data)
        self._hear_later()

    @property
    def reads(self) -> bool:
        return self._reads

    @reads.setter
    def reads(self, reads: bool) -> None:
        self._reads = reads
        if reads and self._kept and self._take():
            self._connection.writable()

    def read_one(self) -> None:
        """Takes one frame of those that wait, and reads no further."""
        text, _ = self._kept.popleft()
        self.frames.extend(self._decoder.feed(text))
        if not self._kept:
            self._connection.writable()

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
        return self._connection._closing is not None

    @property
    def unsent(self) -> int:
        """Octets that wait for the far end to read."""
        return self._connection._queue.unsent

    @property
    def taken(self) -> int:
        """The number of frames that the transport has taken, whether they are read or not."""
        return len(self.frames) + len(self._kept)

    def move_on(self) -> None:
        """Has the feeds of events move their position on, as they do after a while."""
        for _, feed in self._connection._feeds._open.values():
            if isinstance(feed, EventsFeed):
                feed.check(feed._quiet_since + READY_SECONDS)

    def check(self, now: float) -> None:
        """As the watch does at that time."""
        self._connection.check(now)

    def hang_up(self) -> None:
        asyncio.get_running_loop().call_soon(self._lose)

    async def ended(self) -> None:
        await asyncio.wait_for(self._lost.wait(), 30)

    def _hear_later(self) -> None:
        asyncio.get_running_loop().call_soon(self._hear)

    def _hear(self) -> None:
        while self.unheard and self._is_heard and not self._lost.is_set():
            self._connection.received(self.unheard.popleft())

    def _take(self) -> bool:
        while self._reads and self._kept:
            text, binary = self._kept.popleft()
            self.kinds.add(binary)
            self.beats += text == BEAT
            self.frames.extend(self._decoder.feed(text))
        return not self._kept

    def _lose(self) -> None:
        if not self._lost.is_set():
            self._lost.set()
            self._connection.lost()


MAX_SUBSCRIBES = 50


class Chat:
    def __init__(self) -> None:
        self.service = Service(
            InProcessBroker(),
            changes={
                "max_connections_per_user": 3,
                "subscribe_rate_limit": 1,
                "subscribe_rate_burst": MAX_SUBSCRIBES,
                "max_unacked": 3,
                "max_unsent_bytes": 50_000,
                "connect_timeout": Duration(1),
                "heartbeat": Duration(0.1),
            },
        )
        self.users: dict[str, User | ServicePrincipal] = {user.email: user for user in (ANN, BOB, EVE)}
        container = self.service.container
        replace(container.tokens, InMemoryTokenVerifier(self.users, self.service.clock))
        self.hub = container.hub()
        self.connections = container.connections()
        self.services = container.stomp()
        self.presence = container.presence()
        self.clients: list[Client] = []

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
        await self.service.start(self.service.container.present_push())
        self.connections.start()
        self.presence.exchange.start()
        self.service.delivered.start()
        self.service.acks.start()
        self.session_id: SessionId = (await self.service.init(ANN, ANN.email, BOB.email, FRIENDS)).id

    async def stop(self) -> None:
        for client in self.clients:
            client.hang_up()
            await client.ended()
        await self.connections.stop()
        await self.presence.exchange.stop()
        await self.service.stop()
        await self.service.container.present_push().stop()
        await self.service.acks.stop()
        await self.service.delivered.stop()

    @property
    def topic(self) -> str:
        return f"/topic/session.{self.session_id}"
