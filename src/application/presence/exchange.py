"""Carries signals between the whereabouts of instances over the broker, and lets them and their watchers tick."""

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final
from uuid import uuid4

from application.concurrency.background import BackgroundTask
from application.ports.broker import Broker
from application.ports.clock import Clock, Monotonic
from application.ports.mailbox import Mailbox
from application.ports.push import Delivery
from application.presence.local_users import LocalUsers
from application.presence.signals import AnySignal, read_signal, write_signal
from application.presence.whereabouts import Whereabouts
from domain.destination import EVERY_INSTANCE, INSTANCE_PREFIX

TICK_SECONDS: Final = 0.1

Tick = Callable[[float], None]
"""Does what is due. Gets the monotonic time, in seconds."""


class PresenceExchange:
    """Runs `whereabouts`, and the `ticks` of others after each tick of it. The `mailbox` gets what others send."""

    def __init__(
        self, broker: Broker, mailbox: Mailbox, users: LocalUsers, clock: Clock, now: Monotonic = monotonic
    ) -> None:
        self._broker = broker
        self._now = now
        self._mailbox = mailbox
        name = uuid4().hex
        self._own = f"{INSTANCE_PREFIX}{name}"
        self._out: list[Delivery] = []
        self.whereabouts = Whereabouts(name, users, clock, self._send, now())
        self.ticks: list[Tick] = []
        self._task = BackgroundTask("presence", self._run)

    def start(self) -> None:
        """Starts to tell and to hear."""
        self._task.start()

    async def stop(self) -> None:
        """Tells that this instance has no connections any more, and stops."""
        await self._task.stop()
        self.whereabouts.goodbye()
        self._flush()
        for destination in (EVERY_INSTANCE, self._own):
            self._mailbox.remove(destination, self)

    def deliver(self, delivery: Delivery, head: str) -> None:
        """See `Reader.deliver`."""
        if (signal := read_signal(delivery.body)) is not None:
            self.whereabouts.receive(signal)
            self._flush()

    def overrun(self, dropped: Sequence[Delivery]) -> None:
        """Asks again for what the dropped signals may have told."""
        self.whereabouts.ask_again()

    def missed(self) -> None:
        """Asks again for what the lost signals may have told."""
        self.whereabouts.ask_again()

    def _send(self, signal: AnySignal, to: str | None) -> None:
        destination = EVERY_INSTANCE if to is None else f"{INSTANCE_PREFIX}{to}"
        self._out.append(Delivery(destination, write_signal(signal)))

    def _flush(self) -> None:
        if self._out:
            out, self._out = self._out, []
            self._broker.signal(out)

    async def _run(self) -> None:
        waits = [self._mailbox.add(destination, self) for destination in (EVERY_INSTANCE, self._own)]
        for wait in waits:
            if wait is not None:
                await wait
        self.whereabouts.hello(self._now())
        while True:
            now = self._now()
            self.whereabouts.tick(now, is_linked=self._broker.is_up)
            self._flush()
            for tick in self.ticks:
                tick(now)
            await asyncio.sleep(TICK_SECONDS)
