"""CORS for REST, with the same meaning of an origin as for WebSockets."""

from collections.abc import Iterable

from litestar.config.cors import CORSConfig

from entrypoints.asgi.origins import Origins


class Cors(CORSConfig):
    """Answers the origins that `allowed` names. Raises ValueError for what is no origin."""

    def __init__(self, allowed: Iterable[str]) -> None:
        words = list(allowed)
        super().__init__(allow_origins=words, expose_headers=["Retry-After", "X-Request-ID"])
        self._origins = Origins(words)

    def is_origin_allowed(self, origin: str) -> bool:
        return self._origins.names(origin)
