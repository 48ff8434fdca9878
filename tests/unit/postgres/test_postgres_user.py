"""What the user that PostgreSQL runs as may do."""

import os
from pathlib import Path

import pytest

from entrypoints.development.postgres_user import User, may_start, reaches, unprivileged_user


@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_a_capability_opens_a_private_folder_but_starts_no_program_there(private_directory: Path, mode: int) -> None:
    is_root = os.geteuid() == 0  # nobody else becomes another user
    program = private_directory / "program"
    program.touch(mode=0o755)
    private_directory.chmod(mode)
    user = unprivileged_user() or User(os.geteuid(), os.getegid())
    assert may_start(user, program) == (is_root and mode == 0o755)
    assert reaches(user, private_directory) == is_root
