"""The directory of the workers is private."""

from pathlib import Path

import pytest

from adapters.memory.push import RecordingPush
from adapters.unix_sockets.broker import UnixBroker
from adapters.unix_sockets.worker_directory import NotPrivate, WorkerDirectory


def test_only_the_owner_can_read_the_secret(private_directory: Path) -> None:
    directory = WorkerDirectory(private_directory)
    directory.prepare()
    (file,) = private_directory.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert directory.secret() == WorkerDirectory(private_directory).secret() == file.read_bytes()
    assert len(set(directory.secret())) > 1


@pytest.fixture(params=[0o755, 0o710, 0o701, 0o770])
def open_directory(request: pytest.FixtureRequest, private_directory: Path) -> WorkerDirectory:
    directory = WorkerDirectory(private_directory)
    directory.prepare()
    private_directory.chmod(request.param)
    return directory


async def test_a_directory_that_others_may_enter_is_refused(open_directory: WorkerDirectory) -> None:
    with pytest.raises(NotPrivate):
        open_directory.prepare()
    with pytest.raises(NotPrivate):
        await UnixBroker(open_directory, 0).start(RecordingPush())


def test_the_other_workers_are_found_by_their_sockets(private_directory: Path) -> None:
    directory = WorkerDirectory(private_directory)
    for name in ("0.deliveries", "1.deliveries", "10.deliveries", "x.deliveries", "1.sock", "secret"):
        (private_directory / name).touch()
    assert sorted(directory.others(1)) == [0, 10]
