"""`make watch`: the service is started again when a file changes."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.eventually import eventually

SCRIPT = Path(__file__).parents[3] / "scripts" / "watch.py"
SERVER = """
import pathlib, signal, sys
started = pathlib.Path(sys.argv[1])
with started.open("a") as file:
    file.write("started\\n")
signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
signal.pause()
"""


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "one.py").touch()
    return tmp_path / "code"


@pytest.fixture
def started(tmp_path: Path) -> Path:
    """Has a line for each start."""
    (tmp_path / "started").touch()
    return tmp_path / "started"


@pytest.fixture
def watch(code: Path, started: Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-c", SERVER, str(started)]
    watch = subprocess.Popen([sys.executable, SCRIPT, code, "--", *command])
    yield watch
    watch.terminate()  # not killed: it ends its command first
    watch.wait(30)


def starts(started: Path) -> int:
    return started.read_text().count("\n")


async def test_a_change_starts_the_command_again(watch: "subprocess.Popen[bytes]", code: Path, started: Path) -> None:
    await eventually(lambda: starts(started) == 1)
    (code / "one.py").write_text("changed = True")
    await eventually(lambda: starts(started) == 2)
    (code / "two.py").touch()
    await eventually(lambda: starts(started) == 3)
    (code / "two.py").unlink()
    await eventually(lambda: starts(started) == 4)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_ends_with_its_command(
    watch: "subprocess.Popen[bytes]", started: Path, number: signal.Signals
) -> None:
    await eventually(lambda: starts(started) == 1)
    watch.send_signal(number)
    assert watch.wait(10) == 3
