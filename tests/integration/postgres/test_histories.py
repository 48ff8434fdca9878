"""For any history in PostgreSQL, a device that takes events in any order, and resumes, ends with what REST shows."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from adapters.memory.clock import ManualClock
from adapters.stomp import write_queue
from domain.rules.repeats import UNKEYED
from entrypoints.settings.model import Settings
from entrypoints.settings.types import Secret
from entrypoints.store import PostgresStore
from tests.support.devices.histories import Histories


def test_a_resumed_device_has_the_same_state_as_rest(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_queue, "QUEUED_UNCHECKED_SECONDS", 0)  # the clock of the histories goes faster

    class OnPostgres(Histories):
        @staticmethod
        def make_store(clock: ManualClock) -> PostgresStore:
            return PostgresStore(Settings(database_url=Secret(database_url), database_pool_size=5), UNKEYED)

    run_state_machine_as_test(OnPostgres, settings=settings(max_examples=10, stateful_step_count=40))
