"""What every transport of STOMP promises to whoever serves a client, seen from both ends.

Adapters that need sockets are served on a real one; `Edge` says how a client of it talks.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable

import pytest

from adapters.stomp.transport import Close, Transport
from entrypoints.asgi.sockets import Client
from tests.support.eventually import eventually

BYE = Close(4001, "that was it")
MANY = 2_000
LARGE = "x" * 16_384
FAR_TOO_LARGE = 1_000  # of these: more than sockets, buffers and the limits of a session hold
READ_AHEAD = 65_536  # octets, where each message counts for 64 more
STAYS = 0.3  # seconds after which what has not changed is taken to stay


class Recorder:
    """Serves a client by noting what it is told."""

    def __init__(self, transport: Transport, _: Client) -> None:
        self.transport = transport
        self.messages: list[str | bytes] = []
        self.oversizes = 0
        self.is_writable = True
        self.losses = 0

    def received(self, data: str | bytes) -> None:
        assert not self.losses, "nothing after the end"
        self.messages.append(data)

    def oversized(self) -> None:
        assert not self.losses
        self.oversizes += 1

    def writable(self) -> None:
        assert not self.losses
        self.is_writable = True

    def lost(self) -> None:
        self.losses += 1

    def send(self, text: str) -> bool:
        self.is_writable = self.transport.send(text)
        return self.is_writable


class EdgeClient(ABC):
    """The client's end. `closed` is what it was told at the end."""

    closed: tuple[int, str] | None = None

    @abstractmethod
    async def say(self, *messages: str) -> None: ...

    @abstractmethod
    async def hear(self) -> str:
        """The next message."""

    @abstractmethod
    async def until_closed(self) -> None: ...

    @abstractmethod
    async def vanish(self) -> None:
        """Goes without a word."""


class Edge(ABC):
    """A server whose clients a `Recorder` each serves."""

    @abstractmethod
    async def connect(self) -> tuple[EdgeClient, Recorder]: ...


async def comes_true(is_so: Callable[[], bool]) -> bool:
    """Whether it does within `STAYS`."""
    try:
        await eventually(is_so, STAYS)
    except AssertionError:
        return False
    return True


async def say_in_portions(client: EdgeClient, messages: list[str]) -> None:
    """As one request of SockJS takes no more of them."""
    for first in range(0, len(messages), 500):
        await client.say(*messages[first : first + 500])


class TransportContract:
    """An adapter's suite gives the fixture `edge`."""

    async def test_messages_come_in_order_in_both_directions(self, edge: Edge) -> None:
        client, inside = await edge.connect()
        for start in range(0, MANY, 100):
            await client.say(*map(str, range(start, start + 100)))
        await eventually(lambda: len(inside.messages) == MANY)
        assert inside.messages == [str(number) for number in range(MANY)]
        for number in range(MANY):
            inside.send(str(number))
        assert [await client.hear() for _ in range(MANY)] == [str(number) for number in range(MANY)]
        await eventually(lambda: inside.is_writable)

    async def test_a_client_that_does_not_read_makes_send_refuse(self, edge: Edge) -> None:
        client, inside = await edge.connect()
        sent = 0
        while sent < FAR_TOO_LARGE:
            inside.send(f"{sent}:{LARGE}")
            sent += 1
            if not await comes_true(lambda: inside.is_writable):
                break
        assert sent < FAR_TOO_LARGE
        for number in range(sent):
            assert await client.hear() == f"{number}:{LARGE}"
        await eventually(lambda: inside.is_writable)

    @pytest.mark.parametrize("length", [0, 400, 16_000])
    async def test_a_bounded_amount_is_read_while_reading_is_paused(self, edge: Edge, length: int) -> None:
        client, inside = await edge.connect()
        count = 2 * READ_AHEAD // (length + 64)
        said = [f"{number}:{LARGE[:length]}" for number in range(count)]
        inside.transport.pause_reading()
        saying = asyncio.create_task(say_in_portions(client, said))
        await asyncio.sleep(STAYS)
        ahead = [len(message) + 64 for message in inside.messages]
        assert sum(ahead[:-1]) <= READ_AHEAD, "behind what is read ahead may come the end of the client"
        inside.transport.resume_reading()
        await eventually(lambda: len(inside.messages) == count)
        await saying
        assert inside.messages == said

    async def test_the_close_comes_after_the_messages_before_it(self, edge: Edge) -> None:
        client, inside = await edge.connect()
        hearing = asyncio.create_task(client.hear())
        inside.send("last")
        await eventually(lambda: inside.is_writable)
        inside.transport.close(BYE)
        assert inside.losses == 0, "never from within a call"
        assert await hearing == "last"
        await client.until_closed()
        assert client.closed == BYE
        await eventually(lambda: inside.losses == 1)
        assert not inside.transport.send("too late")

    async def test_a_client_that_vanishes_is_lost_once(self, edge: Edge) -> None:
        client, inside = await edge.connect()
        await client.vanish()
        await eventually(lambda: inside.losses == 1)
        assert not inside.transport.send("nobody is there")
        inside.transport.resume_reading()
        await asyncio.sleep(STAYS)
        assert inside.losses == 1

    async def test_a_client_that_vanishes_while_it_is_sent_to_is_lost(self, edge: Edge) -> None:
        client, inside = await edge.connect()
        for _ in range(100):
            inside.send(LARGE)
        await client.vanish()
        await eventually(lambda: inside.losses == 1)

    async def test_closing_does_not_wait_for_a_client_that_does_not_read(self, edge: Edge) -> None:
        _, inside = await edge.connect()
        for _ in range(FAR_TOO_LARGE):
            inside.send(LARGE)
        inside.transport.close(BYE)
        await eventually(lambda: inside.losses == 1)
