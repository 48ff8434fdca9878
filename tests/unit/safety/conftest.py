"""STOMP connections over transports in memory."""

from tests.unit.stomp.conftest import chat

__all__ = ["chat"]
