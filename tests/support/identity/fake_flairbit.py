"""FlairBit over real HTTP, for a service process: whom it knows, refuses and garbles is in the address and intent."""

from urllib.parse import unquote
from uuid import NAMESPACE_URL, uuid5

import msgspec
from aiohttp import web

from tests.support.network.http_server import answers, sends


async def fake_flairbit(request: web.Request) -> web.StreamResponse:
    """Knows everybody but for an intent `http-…`, and for addresses that begin with how it fails about them."""
    *_, email, _, intent = (unquote(segment) for segment in request.raw_path.split("/"))
    name = email.partition("@")[0].rpartition(".")[0]
    if intent.startswith("http-") or name.startswith("http-"):
        status = (intent if intent.startswith("http-") else name).removeprefix("http-")
        return await answers(int(status))(request)
    if name == "html":
        return await answers(200, b"<html>it is broken</html>")(request)
    if name == "garbage":
        return await sends(b"GARBAGE\r\n\r\n")(request)
    profile_id = uuid5(NAMESPACE_URL, f"{email} {intent}")
    whose = "eve@example.org" if name == "another" else email
    body = {"id": profile_id, "email": whose, "displayName": email}
    return await answers(200, msgspec.json.encode(body))(request)
