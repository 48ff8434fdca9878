"""The benchmark runs and accounts for every message; its figures are not for tests."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


FEW = (
    "--pairs 10 --window 10 --rates 200 --seconds 1 --repeats 2 --idle 20 --idle-seconds 1 --overload-seconds 1"
    " --settle-seconds 1 --reconnect-seconds 6"
)


@pytest.mark.timeout(300)
def test_a_full_store_is_measured_beside_an_empty_one(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    options = ["--filled", "40000", "--seconds", "1", "--json", str(figures)]
    command = [sys.executable, "-m", "bench", *options]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    empty, full = json.loads(figures.read_text())["growth"]
    assert (empty["messages"], full["messages"]) == (0, 40_000)
    assert full["stored"] > 40_000 > empty["stored"] > 0
    assert set(full["times"]) > set(empty["times"]) > {"history, latest 50", "claim, nothing due"}
    assert all(octets > 0 for store in (empty, full) for octets in store["log"].values())
    assert full["octets"]["chat_messages_client_msg_id"] > empty["octets"]["chat_messages_client_msg_id"]
    assert "list, 10,000 of one's sessions" in run.stdout


@pytest.mark.timeout(300)
def test_a_short_run_accounts_for_every_message(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    options = [
        *FEW.split(),
        "--cold-sessions",
        "50",
        "--workers",
        "2",
        "--no-broker",
        "--json",
        str(figures),
        "--plot",
        str(tmp_path),
    ]
    command = [sys.executable, "-m", "bench", *options]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    told = json.loads(figures.read_text())
    assert told["complete"]
    for phase in told["alone"].values():
        assert phase["sent"] == phase["delivered"] + phase["refused"] == phase["store"]["stored"] + phase["refused"]
    assert len(told["alone"]["200/s"]["repeats"]) == 2
    assert told["alone"]["200/s"]["copies"] > 0
    assert told["alone"]["cold, 1,000/s"]["sent"] == 50
    reconnect = told["alone"]["reconnect, 1,000/s"]
    assert "20 of 20 connections came back" in reconnect["notes"][0]
    assert reconnect["copies"] == 2 * reconnect["sent"] > 0
    assert told["floors"]["insert_per_second"] > 0
    assert sorted(path.name for path in tmp_path.glob("*.svg")) == [
        "latency-by-throughput.svg",
        "latency-over-time.svg",
    ]
