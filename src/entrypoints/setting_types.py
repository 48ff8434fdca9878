"""The forms in which settings are given: durations, lists, secrets."""

import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?")


class Duration(float):
    """Seconds, given as `500ms`, `10s`, `15m`, `24h`, `7d` or a bare number of seconds."""

    @classmethod
    def parse(cls, raw: object) -> "Duration":
        match = _DURATION.fullmatch(str(raw).strip())
        if match is None or isinstance(raw, bool):
            raise ValueError("a duration such as 500ms, 10s, 15m or 24h is expected")
        return cls(float(match[1]) * _UNITS[match[2] or "s"])

    def __str__(self) -> str:
        if not self:
            return "0s"
        unit = next(unit for unit in ("d", "h", "m", "s", "ms") if float(self) / _UNITS[unit] % 1 == 0)
        return f"{float(self) / _UNITS[unit]:.0f}{unit}" if float(self) != 86_400 else "24h"


class Secret(str):
    """A value that may hold a password; only `str.__str__` shows it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class Names(tuple[str, ...]):
    """Words between commas."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: object) -> "Names":
        words = raw if isinstance(raw, list | tuple) else str(raw).split(",")
        return cls(word for one in words if (word := str(one).strip()))

    def __str__(self) -> str:
        return ",".join(self)
