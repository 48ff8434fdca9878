"""STOMP connections over transports in memory, for all tests of a connection."""

from collections.abc import AsyncIterator

import pytest

from tests.support.memory.stomp_chat import Chat


@pytest.fixture
async def chat() -> AsyncIterator[Chat]:
    chat = Chat()
    await chat.start()
    yield chat
    chat.service.outage.away = False
    chat.service.outage.thaw()
    await chat.stop()
