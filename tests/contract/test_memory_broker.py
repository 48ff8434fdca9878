"""The in-memory broker and send queue keep what every one promises."""

import pytest

from adapters.memory.broker import InProcessBroker, InProcessExchange
from adapters.memory.send_queue import InMemorySendQueue, InMemorySends
from tests.contract.suites.broker_contract import BrokerContract, NewBroker
from tests.contract.suites.send_queue_contract import Dead, NewSendQueue, SendQueueContract


class TestInProcessBroker(BrokerContract):
    @pytest.fixture
    def new_broker(self) -> NewBroker:
        exchange = InProcessExchange()
        return lambda: InProcessBroker(exchange)


class TestInMemorySendQueue(SendQueueContract):
    @pytest.fixture
    def sends(self) -> InMemorySends:
        return InMemorySends()

    @pytest.fixture
    def new_send_queue(self, sends: InMemorySends) -> NewSendQueue:
        return lambda: InMemorySendQueue(sends)

    @pytest.fixture
    def dead(self, sends: InMemorySends) -> Dead:
        async def dead() -> list[tuple[bytes, str]]:
            return list(sends.dead)

        return dead
