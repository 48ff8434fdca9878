"""Types for the options of `make bench` and `make chaos`. argparse names the option when a value is wrong."""

import argparse
import math
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

LEAST_SECONDS = 1.0
MOST = 1_000_000
MOST_FILLED = 1_000_000_000
MOST_RATE = 100_000
MOST_IN_FLIGHT = 100_000
MOST_REPEATS = 100
MOST_WORKERS = 64


def seconds(text: str) -> float:
    """Parses seconds, at least 1. Raises `ArgumentTypeError`, as all functions here do."""
    return _within(_number(text, float), LEAST_SECONDS, text)


def seconds_or_none(text: str) -> float:
    """Parses seconds, at least 0."""
    return _within(_number(text, float), 0, text)


def count(text: str) -> int:
    """Parses a whole number, at least 1."""
    return int(_within(_number(text, int), 1, text))


def several(text: str) -> int:
    """Parses a whole number, at least 2: every user needs another one to write to."""
    return int(_within(_number(text, int), 2, text))


def crowd(text: str) -> int:
    """Parses a number of connections. It is even, as each sender has a receiver."""
    number = _whole(text, 2, MOST)
    if number % 2:
        raise argparse.ArgumentTypeError(f"{text} is odd, and each sender has a receiver")
    return number


def filling(text: str) -> int:
    """Parses a number of messages to fill in."""
    return _whole(text, 1, MOST_FILLED)


def count_or_none(text: str) -> int:
    """Parses a whole number, at least 0."""
    return int(_within(_number(text, int), 0, text))


def rates(text: str) -> tuple[int, ...]:
    """Parses rates in messages a second, separated by commas. There may be none."""
    return tuple(_whole(rate, 1, MOST_RATE) for rate in text.split(",") if rate.strip())


def worker_counts(text: str) -> tuple[int, ...]:
    """Parses numbers of workers, separated by commas."""
    return tuple(_whole(count, 1, MOST_WORKERS) for count in text.split(",") if count.strip())


def window(text: str) -> int:
    """Parses a number of messages in flight."""
    return _whole(text, 1, MOST_IN_FLIGHT)


def repeats(text: str) -> int:
    """Parses how often a phase is repeated."""
    return _whole(text, 1, MOST_REPEATS)


def names(known: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    """A type for names among `known`, separated by commas: at least one. Returns them in the order of `known`."""

    def parse(text: str) -> tuple[str, ...]:
        given = [name.strip() for name in text.split(",") if name.strip()]
        unknown = [name for name in given if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(known)}")
        if not given:
            raise argparse.ArgumentTypeError(f"at least one of {', '.join(known)} is expected")
        return tuple(name for name in known if name in given)

    return parse


def file_to_write(text: str) -> Path:
    """Parses the path of a file, and makes sure that it can be written."""
    path = Path(text)
    try:
        is_new = not path.exists()
        path.open("ab").close()
        if is_new:
            path.unlink()
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"cannot write {text!r}: {_reason(error)}") from None
    return path


def folder_to_write(text: str) -> Path:
    """Parses the path of a folder, makes it if its parent exists, and makes sure that it can be written into."""
    path = Path(text)
    try:
        path.mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"cannot write into {text!r}: {_reason(error)}") from None
    return path


def _reason(error: OSError | ValueError) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def _whole(text: str, least: int, most: int) -> int:
    return int(_within(_number(text, int), least, text, most))


def _number(text: str, kind: Callable[[str], float]) -> float:
    try:
        return kind(text)
    except ValueError:
        what = "a whole number" if kind is int else "a number"
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}") from None


def _within(number: float, least: float, text: str, most: float = MOST) -> float:
    if math.isnan(number) or not least <= number <= most:
        raise argparse.ArgumentTypeError(f"{text} is not between {least:,g} and {most:,}")
    return number
