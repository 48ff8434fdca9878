"""What `make` offers, and what it would run."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MAKEFILE = (ROOT / "Makefile").read_text()


def make(*arguments: str) -> str:
    """What it prints, also when these tests were started by a `make` of other options."""
    environment = {name: text for name, text in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    command = ["make", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout


def test_help_lists_each_command() -> None:
    commands = set(re.findall(r"^\.PHONY: (.*)", MAKEFILE, re.MULTILINE)[0].split()) - {"gone"}
    listed = [line.split("\t")[0] for line in make("help").splitlines()]
    assert sorted(listed) == sorted(f"make {command}" for command in commands)


def test_the_hooks_run_commands_of_the_makefile() -> None:
    entries = re.findall(r"^ +entry: make (.+)$", (ROOT / ".pre-commit-config.yaml").read_text(), re.MULTILINE)
    assert entries == ["lint", "test-fast"]
    assert all(f"make {entry}" in make("help") for entry in entries)


def test_a_part_of_the_tests_runs_with_the_options_given() -> None:
    run = make("-n", "test", "T=tests/unit/stomp -k name -x")
    assert "scripts/needed-for-tests tests/unit/stomp -k name -x" in run
    assert "-m pytest tests/unit/stomp -k name -x\n" in run


@pytest.mark.parametrize(
    ("tests", "needed"),
    [
        ([], ["page", "rabbitmq", "chromium", "proxies"]),
        (["tests/unit"], []),
        (["tests/unit/stomp", "-k", "a name", "-x"], []),
        (["tests/contract/test_memory_store.py"], []),
        (["tests/contract/test_rabbitmq_broker.py::TestRabbitBroker::test_name"], ["rabbitmq"]),
        (["tests/integration/postgres"], []),
        (["tests/web/test_chat.py"], ["page", "chromium"]),
        (["tests/web/test_chat.py", "tests/integration/rabbitmq"], ["page", "rabbitmq", "chromium"]),
        (["tests/integration/servers/test_reverse_proxy.py"], ["rabbitmq", "proxies"]),
        (["-k", "a name"], ["page", "rabbitmq", "chromium", "proxies"]),
    ],
)
def test_a_part_of_the_tests_provisions_only_its_own_servers(tests: list[str], needed: list[str]) -> None:
    script = ROOT / "scripts" / "needed-for-tests"
    told = subprocess.run([script, *tests], capture_output=True, text=True, check=True).stdout
    assert set(needed) == set(told.split())
