"""The benchmark runs and accounts for every message; its figures are not for tests."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_a_short_run_accounts_for_every_message(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    few = ["--seconds", "1", "--rates", "200", "--pairs", "4", "--window", "4", "--idle", "20", "--idle-seconds", "1"]
    command = [sys.executable, "-m", "bench", *few, "--no-broker", "--json", str(figures)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    told = json.loads(figures.read_text())
    assert told["complete"]
    assert told["alone"]["200/s"]["sent"] == told["alone"]["200/s"]["books"]["stored"] == 200
    assert told["floors"]["insert_per_second"] > 0
