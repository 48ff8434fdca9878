"""Numbers as the options of `make bench` and `make chaos` take them; argparse names the option of a wrong one."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path

LEAST_SECONDS = 1.0
MOST = 1_000_000


def seconds(text: str) -> float:
    """The length of a phase, long enough to measure something."""
    return _within(_number(text, float), LEAST_SECONDS, text)


def seconds_or_none(text: str) -> float:
    return _within(_number(text, float), 0, text)


def count(text: str) -> int:
    return int(_within(_number(text, int), 1, text))


def several(text: str) -> int:
    """Who talks needs somebody to talk to."""
    return int(_within(_number(text, int), 2, text))


def count_or_none(text: str) -> int:
    return int(_within(_number(text, int), 0, text))


def rates(text: str) -> tuple[int, ...]:
    """Messages a second, comma-separated; nothing is none of them."""
    return tuple(count(rate) for rate in text.split(",") if rate.strip())


def file_to_write(text: str) -> Path:
    """Told before the run, and not after it."""
    path = Path(text)
    if path.is_dir() or not path.resolve().parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is no file in a folder that is there")
    return path


def _number(text: str, kind: Callable[[str], float]) -> float:
    try:
        return kind(text)
    except ValueError:
        what = "a whole number" if kind is int else "a number"
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}") from None


def _within(number: float, least: float, text: str) -> float:
    if math.isnan(number) or not least <= number <= MOST:
        raise argparse.ArgumentTypeError(f"{text} is not between {least:g} and {MOST:g}")
    return number
