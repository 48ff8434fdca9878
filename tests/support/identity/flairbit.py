"""FlairBit as it should be, over HTTP, with people that a test changes while the service runs."""

from urllib.parse import unquote
from uuid import uuid4

from aiohttp import web


class FlairBit:
    """The behaviour of an `HttpServer`. `profiles` are the ids and display names by e-mail, the same for any intent."""

    def __init__(self) -> None:
        self.profiles: dict[str, tuple[str, str]] = {}

    def knows(self, email: str, display_name: str, profile_id: str | None = None) -> str:
        """From now on; the profile's id."""
        profile_id = profile_id or str(uuid4())
        self.profiles[email] = profile_id, display_name
        return profile_id

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        *_, email, _, _ = (unquote(segment) for segment in request.raw_path.split("/"))
        if email not in self.profiles:
            return web.Response(status=404)
        profile_id, display_name = self.profiles[email]
        return web.json_response({"id": profile_id, "email": email, "displayName": display_name})
