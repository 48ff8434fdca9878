"""Remembers what was pushed."""

from collections.abc import Sequence

from application.ports.push import Delivery


class RecordingPush:
    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []

    def push(self, deliveries: Sequence[Delivery]) -> None:
        self.deliveries.extend(deliveries)
