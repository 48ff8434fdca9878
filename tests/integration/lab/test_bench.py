"""The benchmark runs and accounts for every message; its figures are not for tests."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


FEW = "--pairs 10 --window 10 --rates 200 --seconds 1 --repeats 2 --idle 20 --idle-seconds 1 --overload-seconds 1"


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
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
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
