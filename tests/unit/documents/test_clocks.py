"""The inside gets its clocks as arguments, so that a test can hold time."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
INSIDE = [path for layer in ("domain", "application") for path in sorted((ROOT / "src" / layer).rglob("*.py"))]


def reads_of_a_clock(code: str) -> list[int]:
    """The lines with a call of `monotonic`, or of the time of an event loop."""
    calls = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call))
    return [call.lineno for call in calls if ast.unparse(call.func).split(".")[-1] in {"monotonic", "time"}]


@pytest.mark.parametrize("code", ["monotonic()", "time.monotonic()", "asyncio.get_running_loop().time()"])
def test_a_clock_that_is_read_is_found(code: str) -> None:
    assert reads_of_a_clock(f"def now():\n    return {code}") == [2]


def test_the_inside_reads_no_clock_of_its_own() -> None:
    assert len(INSIDE) > 50
    assert [f"{path}:{line}" for path in INSIDE for line in reads_of_a_clock(path.read_text())] == []
