"""Deliveries of messages in their present form: a message may have changed while its delivery waited."""

from collections.abc import Sequence
from typing import Final

import msgspec

from application.delivery.shown_messages import ShownMessages
from application.ports.changes.message_changes import MessageChanges
from application.ports.clock import Clock
from application.ports.push import Delivery
from application.wire.chat_message import ChatMessage
from application.wire.events import message_event
from domain.destination import EVENTS_QUEUE, parse_user_destination

QUEUED_UNCHECKED_SECONDS: Final = 0.25
"""How long a frame may wait for its client before its message is looked up again."""


class PresentDeliveries:
    """Looks deliveries up in the store."""

    def __init__(self, changes: MessageChanges, shown: ShownMessages, clock: Clock) -> None:
        self._changes = changes
        self._shown = shown
        self._clock = clock

    async def of(self, deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
        """The deliveries in their order. Those of changed messages have their present body. Raises `Unavailable`."""
        keys = [delivery.message for delivery in deliveries if delivery.message is not None]
        stored = await self._changes.present({key.id for key in keys}) if keys else {}
        answered = await self._shown.answered_by(list(stored.values()))
        present: list[Delivery] = []
        for delivery in deliveries:
            message = None if delivery.message is None else stored.get(delivery.message.id)
            if message is None:
                present.append(delivery)
                continue
            is_own = _is_own(delivery)
            if message.withheld and not is_own:
                # its sender has edited it since it was told to both: the other one gets it as it was, or deleted
                if message.changes.deleted_at is None:
                    present.append(delivery)
                    continue
                is_own = True
            sent = ChatMessage.from_json(delivery.body)
            body = self._shown.renewed(sent, message, is_own, answered).to_json()
            if is_event(delivery):
                body = message_event(body, self._clock.now())
            present.append(msgspec.structs.replace(delivery, body=body))
        return present


def is_event(delivery: Delivery) -> bool:
    """Whether it goes to a queue of events."""
    return delivery.destination.endswith(EVENTS_QUEUE)


def _is_own(delivery: Delivery) -> bool | None:
    """Whether it goes to the sender of its message; None where it goes to both."""
    user = parse_user_destination(delivery.destination)
    if user is None or delivery.message is None:
        return None
    return user.name == delivery.message.sender_email
