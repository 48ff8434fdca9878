"""The types of settings: durations, lists, networks, secrets."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LONGEST = 3650 * 86_400.0  # longer durations leave the range of datetime
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?")


class Duration(float):
    """Seconds. Written as `500ms`, `10s`, `15m`, `24h`, `7d`, or as a number of seconds."""

    @classmethod
    def parse(cls, raw: object) -> "Duration":
        """Parses a duration. Raises ValueError."""
        match = _DURATION.fullmatch(str(raw).strip())
        if match is None or isinstance(raw, bool):
            raise ValueError("a duration such as 500ms, 10s, 15m or 24h is expected")
        seconds = float(match[1]) * _UNITS[match[2] or "s"]
        if seconds > _LONGEST:
            raise ValueError(f"a duration of at most {cls(_LONGEST)} is expected")
        return cls(seconds)

    def __str__(self) -> str:
        if not self:
            return "0s"
        unit = next(unit for unit in ("d", "h", "m", "s", "ms") if float(self) / _UNITS[unit] % 1 == 0)
        return f"{float(self) / _UNITS[unit]:.0f}{unit}" if float(self) != 86_400 else "24h"


class Secret(str):
    """A value that may have a password. Only `str.__str__` shows it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class Names(tuple[str, ...]):
    """Words, separated by commas."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: object) -> "Names":
        """Parses words. Raises ValueError."""
        words = raw.split(",") if isinstance(raw, str) else raw
        if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
            raise ValueError("words are expected, between commas or as a list")
        return cls(word for part in words if (word := part.strip()))

    def __str__(self) -> str:
        return ",".join(self)


class Networks(tuple[IPv4Network | IPv6Network, ...]):
    """Networks or single addresses, separated by commas."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: object) -> "Networks":
        """Parses networks. Raises ValueError."""
        try:
            return cls(ip_network(word) for word in Names.parse(raw))
        except ValueError:
            raise ValueError("networks such as 10.0.0.0/8 or 127.0.0.1 are expected, between commas") from None

    def __str__(self) -> str:
        return ",".join(map(str, self))
