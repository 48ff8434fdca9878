"""Tells the two of a session that a message has changed, on their queues of events (contract, section 12)."""

import logging
from collections.abc import Sequence

from application.access.participants import Participation
from application.delivery.shown_messages import ShownMessages
from application.ports.broker import Broker
from application.ports.clock import Clock
from application.ports.push import Delivery
from application.wire.events import message_event
from domain.destination import EVENTS_QUEUE, user_destination
from domain.errors import Unavailable
from domain.message import Message
from domain.profile import Profile

log = logging.getLogger(__name__)


class ChangeEvents:
    """Publishes `message` events. They may get lost: the store has what a client resumes from."""

    def __init__(self, shown: ShownMessages, broker: Broker, clock: Clock) -> None:
        self._shown = shown
        self._broker = broker
        self._clock = clock

    async def tell(self, message: Message, audience: Sequence[Profile], who: Participation) -> None:
        """Tells each of `audience`, as far as its address is known, the message as it sees it."""
        if not self._broker.may_have_listener(EVENTS_QUEUE):
            return
        now = self._clock.now()
        deliveries: list[Delivery] = []
        try:
            for profile in audience:
                if profile.email:
                    (shown,) = await self._shown.of([message], who.profiles, {profile.id})
                    destination = user_destination(profile.email, EVENTS_QUEUE)
                    body = message_event(shown.to_json(), now)
                    deliveries.append(Delivery(destination, body, shown.key(), now.timestamp()))
            await self._broker.publish(deliveries)
        except Unavailable:
            self._broker.push_here(deliveries)
            log.info("a change of a message was told on this instance alone: the broker is away")
