"""A sender and a receiver that resume. The sender repeats messages until they are acked."""

import asyncio

from bench.clients.client import client_message_id, message_number
from bench.clients.resuming_client import ResumingClient
from bench.clients.send_route import SendRoute
from bench.generators.commands import Pair
from bench.generators.load_record import AT_RECEIVER, AT_SENDER, LoadRecord

REFUSED_DELAY = 1.0
"""Seconds until a refused message is sent again."""


class ResumingPair:
    """Keeps the messages that are not acked, and sends them again after a reconnect."""

    def __init__(self, pair: Pair, intent: str, sender: ResumingClient, receiver: ResumingClient) -> None:
        self._unacked: dict[int, bytes] = {}
        self._route = SendRoute(sender, pair.sender, pair.session_id, intent, on_topic=True)
        self.refused = 0
        self.sender, self.receiver = sender, receiver
        sender.on_ack, sender.on_refused, sender.on_whole = self._acked, self._refused, self._send_again
        sender.on_topic, receiver.on_topic = self._delivered_back, self._delivered
        self.begin(0, LoadRecord())

    def begin(self, run: int, record: LoadRecord) -> None:
        """Begins a phase: from now on events belong to `run` and go to `record`."""
        self._run, self._record, self.refused = run, record, 0
        self._unacked.clear()
        for client in (self.sender, self.receiver):
            client.run = b"%08x" % run
            client.failed_tries = client.times_lost = client.strays = 0

    async def open(self) -> None:
        """Connects both clients."""
        await self.sender.open("/user/queue/ack", "/user/queue/error")
        await self.receiver.open()

    def send(self, number: int, content: bytes) -> None:
        """Sends a message now, or after the reconnect."""
        self._unacked[number] = content
        self._send(number)

    def _send(self, number: int) -> None:
        if self.sender.is_whole and number in self._unacked:
            self._route.send(self._unacked[number], client_message_id(self._run, number))

    def _send_again(self) -> None:
        for number in self._unacked:
            self._send(number)

    def _acked(self, number: int, now: float) -> None:
        if self._unacked.pop(number, None) is not None:
            self._record.ack(number, now)

    def _refused(self, frame: bytes) -> None:
        number = message_number(frame, b"%08x" % self._run)
        if number is not None:
            self.refused += 1
            asyncio.get_running_loop().call_later(REFUSED_DELAY, self._send, number)

    def _delivered_back(self, number: int, now: float) -> None:
        self._record.deliver_copy(number, AT_SENDER)

    def _delivered(self, number: int, now: float) -> None:
        self._record.deliver_copy(number, AT_RECEIVER)
        self._record.deliver(number, now)
