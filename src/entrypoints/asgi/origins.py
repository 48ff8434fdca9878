"""Decides which origins (RFC 6454) may connect: the same rules for REST, WebSocket and SockJS."""

import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv6Address
from typing import Final, NamedTuple

from domain.email_address import canonical_domain

_ORIGIN: Final = re.compile(r"([a-z][a-z0-9+.-]*)://(\[[0-9a-f:.]+\]|[^\s/?#@:\[\]\\]+)(?::([0-9]{1,5}))?")
_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[^\s/?#@:\[\]\\]+)(?::([0-9]{0,5}))?")
_NAME: Final = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_ANY: Final = "*"
_OPAQUE: Final = "null"
_ONE_LABEL: Final = "*."


class Origin(NamedTuple):
    """`host` is in lower case and IDNA. `port` is the default port of the scheme when none is written, or None."""

    scheme: str
    host: str
    port: int | None


def parse_origin(text: str) -> Origin | None:
    """Parses `scheme://host[:port]`. None for anything else."""
    match = _ORIGIN.fullmatch(text.lower())
    host = _canonical_host(match[2]) if match else None
    if match is None or host is None:
        return None
    port = int(match[3]) if match[3] else _DEFAULT_PORTS.get(match[1])
    return Origin(match[1], host, port) if port is None or port <= 65_535 else None


class Origins:
    """The allowed origins: `scheme://*.domain` allows one label at the left; `null` and `*` are allowed, too.

    Without any, a page must come from the host that the request names. Raises ValueError for a malformed origin.
    """

    def __init__(self, allowed: Iterable[str]) -> None:
        words = tuple(allowed)
        self._any = _ANY in words
        self._opaque = _OPAQUE in words
        self._same_host = not words
        self._allowed = frozenset(_allowed(word) for word in words if word not in (_ANY, _OPAQUE))

    def allow(self, headers: Mapping[str, str]) -> bool:
        """Whether a request with these headers may connect. Programs that are no browsers send no `Origin`, and may."""
        origin = headers.get("origin")
        if origin is None or self.names(origin):
            return True
        return self._same_host and is_of_host(origin, headers.get("host", ""))

    def names(self, origin: str) -> bool:
        """Whether `origin` is among the allowed ones."""
        if self._any or (self._opaque and origin == _OPAQUE):
            return True
        parsed = parse_origin(origin)
        if parsed is None:
            return False
        _, _, domain = parsed.host.partition(".")
        return parsed in self._allowed or parsed._replace(host=_ONE_LABEL + domain) in self._allowed


def is_of_host(origin: str, host: str) -> bool:
    """Whether a page of `origin` came from the `Host` of this request. A missing port is the default of the scheme."""
    parsed, match = parse_origin(origin), _HOST.fullmatch(host.lower())
    if parsed is None or match is None:
        return False
    port = int(match[2]) if match[2] else _DEFAULT_PORTS.get(parsed.scheme)
    return (parsed.host, parsed.port) == (_canonical_host(match[1]), port)


def host_name(host: str) -> str | None:
    """The name or address in a `Host` header, without its port. None for a malformed one."""
    match = _HOST.fullmatch(host.lower())
    return _canonical_host(match[1]) if match else None


def _allowed(word: str) -> Origin:
    """Parses an allowed origin or a pattern. Ignores one slash at the end. Raises ValueError."""
    scheme, mark, rest = word.removesuffix("/").partition("://*.")
    origin = parse_origin(f"{scheme}://{rest}" if mark else scheme)
    if origin is None or (mark and not rest):
        raise ValueError(f"{word} is no origin: {_meant(word)} is expected, without a path")
    if mark and "." not in origin.host and origin.host != "localhost":
        raise ValueError(f"{word} is a whole top-level domain")
    return origin._replace(host=_ONE_LABEL + origin.host) if mark else origin


def _meant(word: str) -> str:
    match = re.match(r"(?:([a-z][a-z0-9+.-]*)://)?(?:[^/?#]*@)?([^/?#]*)", word.lower())
    guess = f"{match[1] or 'https'}://{match[2]}" if match else ""
    return guess if parse_origin(guess) is not None else "scheme://host, scheme://host:port or scheme://*.domain"


def _canonical_host(host: str) -> str | None:
    if host.startswith("["):
        try:
            return f"[{IPv6Address(host[1:-1])}]"
        except ValueError:
            return None
    name = host if host.isascii() else canonical_domain(host)
    return name if name is not None and _NAME.fullmatch(name) else None
