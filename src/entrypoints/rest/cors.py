"""CORS for REST, with the same rules for origins as for WebSockets."""

from collections.abc import Iterable

from litestar.config.cors import CORSConfig

from entrypoints.asgi.origins import Origins


class Cors(CORSConfig):
    """Allows the origins in `allowed`. Raises ValueError for a malformed one."""

    def __init__(self, allowed: Iterable[str]) -> None:
        words = list(allowed)
        super().__init__(allow_origins=words, expose_headers=["Retry-After", "X-Request-ID"])
        self._origins = Origins(words)

    def is_origin_allowed(self, origin: str) -> bool:
        """Whether an origin is among the allowed ones."""
        return self._origins.names(origin)
