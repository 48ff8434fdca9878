"""`make test` runs tests in several processes, and those of a file in one."""

import subprocess
import sys
from pathlib import Path

from tests.support.scheduling import needs_cluster

ROOT = Path(__file__).parents[3]


def test_the_tests_of_a_file_stay_in_one_process() -> None:
    command = [sys.executable, "-m", "pytest", "-v", "--numprocesses", "2", "--dist", "loadfile"]
    files = ["tests/unit/concurrency/test_single_flight.py", "tests/unit/concurrency/test_batch_loader.py"]
    run = subprocess.run([*command, *files], cwd=ROOT, capture_output=True, text=True, check=True)
    # such as "[gw0] [  9%] PASSED tests/unit/…/test_file.py::test_name"
    ran = {(file, line[:5]) for line in run.stdout.splitlines() for file in files if f" {file}::" in line}
    assert sorted(file for file, _ in ran if _.startswith("[gw")) == sorted(files)


def test_files_that_need_a_cluster_stay_in_one_process() -> None:
    tests = ROOT / "tests" / "integration"
    found = {path.name for path in tests.rglob("test_*.py") if needs_cluster(path)}
    assert {"test_chaos.py", "test_rabbitmq_outages.py"} <= found
    assert "test_rabbitmq_mirror.py" not in found
