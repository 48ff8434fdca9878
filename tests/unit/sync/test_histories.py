"""For any history, a device that takes events in any order, and resumes, ends with what REST shows."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from adapters.memory.clock import ManualClock
from adapters.memory.store.contents import InMemoryStore
from adapters.stomp import write_queue
from entrypoints.store import MemoryStore
from tests.support.devices.histories import Histories


class InMemory(Histories):
    @staticmethod
    def make_store(clock: ManualClock) -> MemoryStore:
        return MemoryStore(InMemoryStore(clock))


def test_a_resumed_device_has_the_same_state_as_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_queue, "QUEUED_UNCHECKED_SECONDS", 0)  # the clock of the histories goes faster
    run_state_machine_as_test(InMemory, settings=settings(max_examples=60, stateful_step_count=40))
