"""Unix sockets between the workers of one machine keep what every broker promises."""

from itertools import count
from pathlib import Path

import pytest

from adapters.unix_sockets.broker import UnixBroker
from adapters.unix_sockets.meeting_place import MeetingPlace
from tests.contract.broker_contract import BrokerContract, NewBroker


class TestUnixBroker(BrokerContract):
    @pytest.fixture
    def new_broker(self, private_directory: Path) -> NewBroker:
        place, indexes = MeetingPlace(private_directory), count()
        place.prepare()
        return lambda: UnixBroker(place, next(indexes))
