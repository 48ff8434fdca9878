"""Negotiates the STOMP version of a connection."""

from collections.abc import Iterable
from typing import Final, Literal

from adapters.stomp.protocol.errors import UnsupportedVersion

Version = Literal["1.0", "1.1", "1.2"]

NEWEST_FIRST: Final[tuple[Version, ...]] = ("1.2", "1.1", "1.0")
SUBPROTOCOLS: Final[dict[str, Version]] = {"v12.stomp": "1.2", "v11.stomp": "1.1", "v10.stomp": "1.0"}


def choose_subprotocol(offered: Iterable[str]) -> str | None:
    """The first offered WebSocket subprotocol that is STOMP. None when there is none, which RFC 6455 (4.2.2) allows."""
    return next((name for name in offered if name in SUBPROTOCOLS), None)


def negotiate_version(accept_version: str | None, subprotocol: str | None = None) -> Version:
    """The version of the connection (STOMP 1.2, "Protocol Negotiation").

    `accept_version` is the header of CONNECT. A client without it speaks 1.0. The highest common version wins, with
    one exception: clients fail when CONNECTED contradicts the agreed WebSocket subprotocol, so its version wins when
    the client accepts it. Raises `UnsupportedVersion` when there is no common version.
    """
    if accept_version is None:
        return "1.0"
    accepted = {name.strip() for name in accept_version.split(",")}
    preferred = SUBPROTOCOLS.get(subprotocol) if subprotocol is not None else None
    if preferred is not None and preferred in accepted:
        return preferred
    for version in NEWEST_FIRST:
        if version in accepted:
            return version
    raise UnsupportedVersion(
        f"Supported protocol versions are {' '.join(NEWEST_FIRST)}", headers={"version": ",".join(NEWEST_FIRST)}
    )
