"""Options of the benchmark with odd values are refused in one line, before anything is started."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.options import PHASES, parse
from chaos import __main__ as chaos

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--seconds", "0"),
        ("--seconds", "-1"),
        ("--seconds", "nan"),
        ("--seconds", "inf"),
        ("--seconds", ""),
        ("--repeats", "0"),
        ("--repeats", "101"),
        ("--pairs", "0"),
        ("--pairs", "1e3"),
        ("--pairs", "900000"),
        ("--pairs", "99999999999999999999"),
        ("--window", "-5"),
        ("--window", "1.5"),
        ("--window", "1000000"),
        ("--idle", "-1"),
        ("--idle", "many"),
        ("--idle-seconds", "soon"),
        ("--overload-seconds", "0"),
        ("--settle-seconds", "0"),
        ("--reconnect-seconds", "-1"),
        ("--cold-sessions", "0"),
        ("--crowd", "1"),
        ("--crowd", "3"),
        ("--crowd", "-2"),
        ("--crowd", "everybody"),
        ("--crowd", "1000000"),
        ("--filled", "0"),
        ("--filled", "-1"),
        ("--filled", "all"),
        ("--workers", "0"),
        ("--workers", "1,1000"),
        ("--long-seconds", "-600"),
        ("--rates", "100,0"),
        ("--rates", "fast"),
        ("--rates", "1000001"),
        ("--broker-rates", "-1"),
        ("--outage", "-1"),
        ("--phases", "rates,nonsense"),
        ("--phases", ","),
        ("--json", "/nowhere/figures.json"),
        ("--json", "/"),
        ("--json", "a\0b"),
        ("--json", "x" * 300),
        ("--plot", "/nowhere/pictures"),
        ("--plot", "/proc/pictures"),
        ("--plot", __file__),
        ("--plot", "a\0b"),
        ("--server", "apache"),
    ],
)
def test_an_odd_value_is_named_with_its_option(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        parse([option, value])
    assert refused.value.code == 2
    assert f"argument {option}" in capsys.readouterr().err.splitlines()[-1]


def test_the_odd_values_that_mean_something() -> None:
    options = parse(["--idle", "0", "--rates", "", "--no-broker", "--no-floors", "--long"])
    assert options.idle == 0
    assert options.rates == ()
    assert set(PHASES) - set(options.phases) == {"broker", "bystanders", "floors"}


def test_phases_come_in_their_order_and_once() -> None:
    assert parse(["--phases", "cold, rates,cold"]).phases == ("rates", "cold")


def test_nothing_to_measure_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--phases", "broker", "--no-broker"])
    assert "nothing is left" in capsys.readouterr().err


def test_checking_a_file_does_not_change_it(tmp_path: Path) -> None:
    old, new, pictures = tmp_path / "old.json", tmp_path / "new.json", tmp_path / "pictures"
    old.write_text("{}")
    parse(["--json", str(old)])
    parse(["--json", str(new), "--plot", str(pictures)])
    assert old.read_text() == "{}"
    assert not new.exists()
    assert list(pictures.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "value"), [("--clients", "1"), ("--rate", "0"), ("--seconds", "0"), ("--faults", "-1")]
)
def test_an_odd_value_of_the_chaos_runs_is_named_with_its_option(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        chaos.parse([option, value])
    assert refused.value.code == 2
    assert f"argument {option}" in capsys.readouterr().err.splitlines()[-1]


def test_an_outage_needs_a_broker(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--no-broker", "--outage", "5"])
    assert "--no-broker" in capsys.readouterr().err.splitlines()[-1]


def test_a_crowd_needs_a_broker(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--no-broker", "--crowd", "10"])
    assert "--no-broker" in capsys.readouterr().err.splitlines()[-1]


def test_a_full_store_and_a_crowd_are_two_runs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--crowd", "10", "--filled", "10"])
    assert "--filled" in capsys.readouterr().err.splitlines()[-1]


def test_help_provisions_nothing() -> None:
    told = subprocess.run(["make", "-n", "bench", "BENCH=--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "provision" not in told.stdout
    run = subprocess.run(
        [sys.executable, "-m", "bench", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "--idle" in run.stdout
