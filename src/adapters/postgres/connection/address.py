"""The parts of a `postgresql://` URL that the driver does not read itself."""

from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit, urlunsplit

SESSION_ATTRS = ("any", "primary", "standby", "read-write", "read-only", "prefer-standby")
_TIMEOUT = "connect_timeout"
_ATTRS = "target_session_attrs"


class Address(NamedTuple):
    """A database URL without its `connect_timeout`. That one is in seconds, and None where the URL has none or 0."""

    url: str
    connect_timeout: float | None


def address_of(url: str) -> Address:
    """Takes `connect_timeout` out of a `postgresql://` URL.

    Raises ValueError for values of `connect_timeout` and `target_session_attrs` that libpq refuses too.
    """
    parts = urlsplit(url)
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    if given.get(_ATTRS, SESSION_ATTRS[0]) not in SESSION_ATTRS:
        raise ValueError(f"{_ATTRS} is one of {', '.join(SESSION_ATTRS)}")
    if _TIMEOUT not in given:
        return Address(url, None)
    if not (given[_TIMEOUT].isascii() and given[_TIMEOUT].isdigit()):
        raise ValueError(f"{_TIMEOUT} is a number of seconds")
    rest = "&".join(parameter for parameter in parts.query.split("&") if parameter.partition("=")[0] != _TIMEOUT)
    # libpq waits for ever at 0; we have a limit, as every request has one
    return Address(urlunsplit(parts._replace(query=rest)), float(given[_TIMEOUT]) or None)
