"""Options of the benchmark with odd values are refused in one line, before anything is started."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def bench(*options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "bench", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--seconds", "0"),
        ("--seconds", "-1"),
        ("--seconds", "nan"),
        ("--seconds", "inf"),
        ("--pairs", "0"),
        ("--window", "-5"),
        ("--window", "1.5"),
        ("--idle", "-1"),
        ("--idle-seconds", "soon"),
        ("--rates", "100,0"),
        ("--rates", "fast"),
        ("--broker-rates", "-1"),
        ("--outage", "-1"),
        ("--json", "/nowhere/figures.json"),
        ("--json", "/"),
        ("--server", "apache"),
    ],
)
def test_an_odd_value_is_named_with_its_option(option: str, value: str) -> None:
    refused = bench(option, value)
    assert refused.returncode == 2
    assert f"argument {option}" in refused.stderr.splitlines()[-1]
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("option", "value"), [("--clients", "1"), ("--rate", "0"), ("--seconds", "0"), ("--faults", "-1")]
)
def test_so_it_is_in_the_chaos_runs(option: str, value: str) -> None:
    command = [sys.executable, "-m", "chaos", option, value]
    refused = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 2
    assert f"argument {option}" in refused.stderr.splitlines()[-1]


def test_an_outage_needs_a_broker() -> None:
    assert "--no-broker" in bench("--no-broker", "--outage", "5").stderr.splitlines()[-1]


def test_help_provisions_nothing() -> None:
    told = subprocess.run(["make", "-n", "bench", "BENCH=--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "provision" not in told.stdout
    assert "--idle" in bench("--help").stdout
