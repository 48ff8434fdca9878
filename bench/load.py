"""The load generator: a process of its own that is told a phase a line on stdin and answers its outcome on stdout."""

import asyncio
import resource
import sys
from time import perf_counter
from typing import Literal

import msgspec
import uvloop

from bench.client import Client, client_message_id
from bench.exchange import Exchange, Outcome

CONNECT_AT_ONCE = 50
TICK = 0.001
BEAT_INTERVAL = 8.0  # seconds, of the 10 promised
SETTLE_TIMEOUT = 30.0
CONTENT = "a message as people write them, neither very short nor long: see you at eight? " * 2


class Pair(msgspec.Struct):
    """One who writes and one who reads, in one session."""

    sender: str
    sender_token: str
    receiver_token: str
    session_id: str


class Plan(msgspec.Struct):
    """The first line. An `echo` server gets the same frames and is its own receiver; `idle` is `idle` connections."""

    sender_url: str
    receiver_url: str
    intent: str
    pairs: list[Pair]
    kind: Literal["chat", "echo", "idle"] = "chat"
    idle: int = 0


class Phase(msgspec.Struct, tag=True):
    """`rate` messages a second, whatever comes back; or, with `window`, so many of each sender on their way."""

    seconds: float
    run: int
    rate: float = 0
    window: int = 0


class CaughtUp(msgspec.Struct, tag=True):
    """Asks how long after `since`, a `perf_counter`, everything sent before it was delivered."""

    since: float


class Sender:
    """The sending side of a pair: its frames differ in the message's number only."""

    def __init__(self, pair: Pair, intent: str, client: Client) -> None:
        body = {"sessionId": pair.session_id, "senderEmail": pair.sender, "intent": intent, "content": CONTENT}
        head = b"SEND\ndestination:/app/chat.send\ncontent-type:application/json\n\n"
        self._start = head + msgspec.json.encode(body)[:-1] + b',"clientMessageId":"'
        self._client = client

    def send(self, run: int, number: int) -> None:
        self._client.say(self._start + client_message_id(run, number) + b'"}\0')


class Load:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._exchange = Exchange()
        self._senders: list[Sender] = []
        self._clients: list[Client] = []
        self._senders_of: list[int] = []

    async def connect(self) -> None:
        gate = asyncio.Semaphore(CONNECT_AT_ONCE)

        async def open_pair(pair: Pair) -> None:
            async with gate:
                sender = await Client(self._acked).connect(self._plan.sender_url)
                self._clients.append(sender)
                self._senders.append(Sender(pair, self._plan.intent, sender))
                if self._plan.kind == "echo":
                    return
                receiver = await Client(self._delivered).connect(self._plan.receiver_url)
                self._clients.append(receiver)
                await sender.log_in(pair.sender_token)
                sender.on_refused = self._refused
                await sender.subscribe("/user/queue/ack")
                await sender.subscribe("/user/queue/error")
                await receiver.log_in(pair.receiver_token)
                await receiver.subscribe("/user/queue/messages")

        async def open_idle(number: int) -> None:
            async with gate:
                client = await Client(self._acked).connect(self._plan.sender_url)
                self._clients.append(client)
                await client.log_in(self._plan.pairs[number % len(self._plan.pairs)].sender_token, "10000,10000")

        if self._plan.kind == "idle":
            await asyncio.gather(*(open_idle(number) for number in range(self._plan.idle)))
            self._beating = asyncio.create_task(self._beat())
        else:
            await asyncio.gather(*(open_pair(pair) for pair in self._plan.pairs))

    async def _beat(self) -> None:
        """What every idle client does; spread over the interval, as theirs would be."""
        while True:
            for client in self._clients:
                client.say(b"\n")
                await asyncio.sleep(BEAT_INTERVAL / len(self._clients))

    async def run(self, phase: Phase) -> Outcome:
        self._exchange = Exchange()
        self._senders_of = []
        self._phase = phase
        self._until = self._exchange.started + phase.seconds
        if phase.window:
            for sender in range(len(self._senders)):
                for _ in range(phase.window):
                    self._send(sender, perf_counter())
            await asyncio.sleep(phase.seconds)
        else:
            await self._keep_rate(phase.rate)
        await self._settle()
        return self._exchange.outcome()

    async def _keep_rate(self, rate: float) -> None:
        """Open loop: a message is sent when it is due, and its latency counts from then, however late it went out."""
        start, count = self._exchange.started, int(self._phase.seconds * rate)
        sent = 0
        while sent < count:
            now = perf_counter()
            due = min(count, int((now - start) * rate) + 1)
            for number in range(sent, due):
                intended = start + number / rate
                self._exchange.late_sends += now - intended > 0.01
                self._send(number % len(self._senders), intended)
            sent = due
            await asyncio.sleep(TICK)

    async def _settle(self) -> None:
        deadline = perf_counter() + SETTLE_TIMEOUT
        while self._exchange.in_flight > 0 and perf_counter() < deadline:
            await asyncio.sleep(0.01)

    def _send(self, sender: int, intended: float) -> None:
        number = self._exchange.send(intended)
        self._senders_of.append(sender)
        self._senders[sender].send(self._phase.run, number)

    def _acked(self, number: int, now: float) -> None:
        self._exchange.ack(number, now)
        if self._plan.kind == "echo":
            self._exchange.deliver(number, now)
        if self._phase.window and now < self._until:
            self._send(self._senders_of[number], now)

    def _delivered(self, number: int, now: float) -> None:
        self._exchange.deliver(number, now)

    def _refused(self, frame: bytes) -> None:
        self._exchange.refused += 1
        if self._exchange.refused == 1:
            body = frame.partition(b"\n\n")[2].decode()
            sys.stderr.write(f"a message was refused: {body}\n")

    def caught_up(self, since: float) -> float:
        return self._exchange.caught_up(since)

    @property
    def lost(self) -> int:
        return sum(client.lost for client in self._clients)


async def main() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    lines = await _stdin()
    load = Load(msgspec.json.decode(await lines.readline(), type=Plan))
    await load.connect()
    _answer({"connected": True})
    while line := await lines.readline():
        match msgspec.json.decode(line, type=Phase | CaughtUp):
            case Phase() as phase:
                outcome = await load.run(phase)
                _answer(msgspec.to_builtins(outcome) | {"connections_lost": load.lost})
            case CaughtUp(since):
                _answer({"seconds": load.caught_up(since)})


async def _stdin() -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=64 * 1024 * 1024)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


def _answer(answer: object) -> None:
    sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main())
