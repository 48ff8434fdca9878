"""Numbers as the options of `make bench` and `make chaos` take them; argparse names the option of a wrong one."""

import argparse
import math
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

LEAST_SECONDS = 1.0
MOST = 1_000_000
MOST_RATE = 100_000
MOST_IN_FLIGHT = 100_000
MOST_REPEATS = 100
MOST_WORKERS = 64


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


def crowd(text: str) -> int:
    """Connections, two of each pair, each pair on two instances."""
    number = _whole(text, 2, MOST)
    if number % 2:
        raise argparse.ArgumentTypeError(f"{text} is odd, and each sender has a receiver")
    return number


def count_or_none(text: str) -> int:
    return int(_within(_number(text, int), 0, text))


def rates(text: str) -> tuple[int, ...]:
    """Messages a second, comma-separated; nothing is none of them."""
    return tuple(_whole(rate, 1, MOST_RATE) for rate in text.split(",") if rate.strip())


def worker_counts(text: str) -> tuple[int, ...]:
    """Processes, comma-separated."""
    return tuple(_whole(count, 1, MOST_WORKERS) for count in text.split(",") if count.strip())


def window(text: str) -> int:
    """Messages on their way at a time."""
    return _whole(text, 1, MOST_IN_FLIGHT)


def repeats(text: str) -> int:
    return _whole(text, 1, MOST_REPEATS)


def names(known: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    """Some of the `known`, comma-separated, in their order; at least one."""

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
    """A path that can be written, which is tried before the run and not after it."""
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
    """A folder in which files can be made; it is made if its parent is there."""
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
