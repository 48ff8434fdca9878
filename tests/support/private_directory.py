"""A folder for this user alone, with a path short enough for a Unix socket."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


@pytest.fixture
def private_directory() -> Iterator[Path]:
    with TemporaryDirectory(prefix="chat-test-") as directory:
        yield Path(directory)
