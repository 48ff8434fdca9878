"""Fixtures for tests of the handler of queued sends."""

from collections.abc import AsyncIterator

import pytest

from domain.identifiers import SessionId
from tests.support.memory.service import ANN, BOB, AwayBroker, Service
from tests.support.memory.submitted_sends import Handle, handler_of
from tests.support.people import FRIENDS


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service(AwayBroker(), rate=1)
    await service.start()
    yield service
    await service.stop()


@pytest.fixture
async def session_id(service: Service) -> SessionId:
    return (await service.init(ANN, ANN.email, BOB.email, FRIENDS)).id


@pytest.fixture
def handle(service: Service) -> Handle:
    return handler_of(service)
