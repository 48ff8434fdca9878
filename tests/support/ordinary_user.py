"""Commands as an ordinary user runs them, whoever runs the tests; import the fixture into the conftest."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def ordinary_user() -> Iterator[tuple[tuple[str, ...], Path]]:
    """What to put before a command to run it as one, and a folder that is its own."""
    before: tuple[str, ...] = ()
    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() == 0:
            assert shutil.which("setpriv"), "as root, the tests need `setpriv` of util-linux"
            os.chown(folder, 65534, 65534)
            user = ("--reuid=65534", "--regid=65534", "--clear-groups")
            # the interpreter may lie in a folder that only root may read
            before = ("setpriv", *user, "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--")
        yield before, Path(folder).resolve()
