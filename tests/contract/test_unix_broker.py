"""Unix sockets between the workers of one machine keep what every broker promises."""

from itertools import count
from pathlib import Path

import pytest

from adapters.unix_sockets.broker import UnixBroker
from adapters.unix_sockets.worker_directory import WorkerDirectory
from tests.contract.suites.broker_contract import BrokerContract, NewBroker


class TestUnixBroker(BrokerContract):
    @pytest.fixture
    def new_broker(self, private_directory: Path) -> NewBroker:
        directory, indexes = WorkerDirectory(private_directory), count()
        directory.prepare()
        return lambda: UnixBroker(directory, next(indexes))
