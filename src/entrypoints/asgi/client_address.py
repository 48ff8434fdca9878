"""Finds the address of a client, also behind trusted proxies."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from entrypoints.asgi.types import Scope

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_IPV6_SITE: Final = 64
"""The prefix of one IPv6 subscriber in bits (RFC 6177). All of its addresses count as one."""


class ClientAddresses:
    """Finds addresses. Believes `X-Forwarded-For` of the networks `trusted_proxies` only."""

    def __init__(self, trusted_proxies: Sequence[Network] = ()) -> None:
        self._trusted = trusted_proxies

    def of(self, scope: Scope) -> str:
        """The address of the peer.

        Behind trusted proxies, the right-most address in `X-Forwarded-For` that is not trusted.

        An IPv6 address is given as its /64 network. Empty for a peer without an IP address.
        """
        address = _peer(scope)
        if address is None:
            return ""
        for forwarded in reversed(_forwarded_for(scope) if self._is_trusted(address) else []):
            before = _parse(forwarded)
            if before is None:
                break
            address = before
            if not self._is_trusted(address):
                break
        return _site(address)

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def _peer(scope: Scope) -> Address | None:
    client = scope.get("client")
    return _parse(str(client[0])) if client else None


def _forwarded_for(scope: Scope) -> list[str]:
    """The addresses of all `X-Forwarded-For` headers, in order: a proxy adds a header, or extends the last one."""
    texts = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"x-forwarded-for"]
    return ",".join(texts).split(",") if texts else []


def _parse(text: str) -> Address | None:
    """Parses an address as proxies write it: also `1.2.3.4:567`, `[::1]` and `[::1]:567`.

    Maps IPv4-mapped ones to IPv4.
    """
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _site(address: Address) -> str:
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, _IPV6_SITE), strict=False))
    return str(address)
