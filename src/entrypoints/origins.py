"""Which web pages may connect."""

from collections.abc import Mapping
from urllib.parse import urlsplit


class Origins:
    """`allowed` may hold `*`; without any, a browser's page must be of our own host."""

    def __init__(self, allowed: frozenset[str]) -> None:
        self._allowed = allowed

    def allow(self, headers: Mapping[str, str]) -> bool:
        """Programs that are no browsers send no `Origin` and may; their token alone decides."""
        origin = headers.get("origin")
        if origin is None or "*" in self._allowed or origin in self._allowed:
            return True
        return not self._allowed and urlsplit(origin).netloc == headers.get("host")
