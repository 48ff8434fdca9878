"""What the user that PostgreSQL runs as may do."""

import os
from pathlib import Path

import pytest

from entrypoints.development.postgres_user import User, may_start, reaches, unprivileged_user


@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_a_capability_lets_into_a_private_folder_but_starts_nothing_there(tmp_path: Path, mode: int) -> None:
    is_root = os.geteuid() == 0  # nobody else becomes another user
    for folder in tmp_path.parents[:2]:
        folder.chmod(0o755)
    program = tmp_path / "program"
    program.touch(mode=0o755)
    tmp_path.chmod(mode)
    user = unprivileged_user() or User(os.geteuid(), os.getegid())
    assert may_start(user, program) == (is_root and mode == 0o755)
    assert reaches(user, tmp_path) == is_root
