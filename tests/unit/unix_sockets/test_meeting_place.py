"""The folder in which workers meet is theirs alone."""

from pathlib import Path

import pytest

from adapters.memory.push import RecordingPush
from adapters.unix_sockets.broker import UnixBroker
from adapters.unix_sockets.meeting_place import MeetingPlace, NotPrivate


def test_the_secret_is_for_nobody_else(private_directory: Path) -> None:
    place = MeetingPlace(private_directory)
    place.prepare()
    (file,) = private_directory.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert place.secret() == MeetingPlace(private_directory).secret() == file.read_bytes()
    assert len(set(place.secret())) > 1


@pytest.fixture(params=[0o755, 0o710, 0o701, 0o770])
def open_place(request: pytest.FixtureRequest, private_directory: Path) -> MeetingPlace:
    place = MeetingPlace(private_directory)
    place.prepare()
    private_directory.chmod(request.param)
    return place


async def test_a_folder_that_others_may_enter_is_refused(open_place: MeetingPlace) -> None:
    with pytest.raises(NotPrivate):
        open_place.prepare()
    with pytest.raises(NotPrivate):
        await UnixBroker(open_place, 0).start(RecordingPush())


def test_others_are_the_sockets_that_are_there(private_directory: Path) -> None:
    place = MeetingPlace(private_directory)
    for name in ("0.deliveries", "1.deliveries", "10.deliveries", "x.deliveries", "1.sock", "secret"):
        (private_directory / name).touch()
    assert sorted(place.others(1)) == [0, 10]
