"""Remembers what was pushed."""

from collections.abc import Sequence

from application.ports.push import Delivery


class RecordingPush:
    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.listened_to: set[str] = set()

    def push(self, deliveries: Sequence[Delivery]) -> None:
        self.deliveries.extend(deliveries)

    def has_listener(self, queue: str) -> bool:
        return queue in self.listened_to
