"""A sender and a receiver that come back: what is not acked is sent again."""

import asyncio

from bench.client import client_message_id, message_number
from bench.load_commands import Pair
from bench.load_record import AT_RECEIVER, AT_SENDER, LoadRecord
from bench.resuming_client import ResumingClient
from bench.send_route import SendRoute

REFUSED_DELAY = 1.0
"""Seconds after which a refused message is sent again."""


class ResumingPair:
    """Keeps what is not acked yet and sends it again when its connection is back."""

    def __init__(self, pair: Pair, intent: str, sender: ResumingClient, receiver: ResumingClient) -> None:
        self._unacked: dict[int, bytes] = {}
        self._route = SendRoute(sender, pair.sender, pair.session_id, intent, on_topic=True)
        self.refused = 0
        self.sender, self.receiver = sender, receiver
        sender.on_ack, sender.on_refused, sender.on_whole = self._acked, self._refused, self._send_again
        sender.on_topic, receiver.on_topic = self._delivered_back, self._delivered
        self.begin(0, LoadRecord())

    def begin(self, run: int, record: LoadRecord) -> None:
        """What happens from now on is of this run."""
        self._run, self._record, self.refused = run, record, 0
        self._unacked.clear()
        for client in (self.sender, self.receiver):
            client.run = b"%08x" % run
            client.failed_tries = client.times_lost = client.strays = 0

    async def open(self) -> None:
        await self.sender.open("/user/queue/ack", "/user/queue/error")
        await self.receiver.open()

    def send(self, number: int, content: bytes) -> None:
        """At once, or when the connection is back."""
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
