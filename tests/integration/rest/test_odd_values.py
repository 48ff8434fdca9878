"""Values in queries and bodies that are not what the document of the API says: each is refused, and its field named."""

from collections.abc import AsyncIterator
from typing import NamedTuple
from urllib.parse import urlencode

import aiohttp
import msgspec

from tests.integration.rest.raw_calls import CLIENT_ID, ME, MESSAGE, SEEN, SESSION, ask
from tests.support.service.service_process import ServiceProcess

NO_NUMBERS = [
    *("1.0", "1e3", "1E0", "0.0", "1.5", "1.", ".5", "0x1", "1_000", "%2B1", "+1", "-0", "-1", "%201", "1%20", "1%00"),
    *("%D9%A1", "%EF%BC%91", "%C2%B2", "true", "null", "NaN", "Infinity", ""),
]
NOT_WHOLE = ["1.0", "1e3", "1.5", "-0.0", "1e400", "true", "null", '"1"', "[1]", "-1", "9" * 5_000]


class QueryParameter(NamedTuple):
    """A parameter of a call. `path` has all other parameters that the call needs."""

    method: str
    path: str
    name: str
    kind: str


async def parameters_of_queries(service: ServiceProcess) -> AsyncIterator[QueryParameter]:
    """All of them, as the document of the API tells them."""
    async with aiohttp.ClientSession() as http, http.get(f"{service.url}/schema/openapi.json") as answer:
        document = msgspec.json.decode(await answer.read())
    given = {"email": ME, "readerEmail": ME, "intent": "friends", "for": "me"}
    for path, calls in document["paths"].items():
        there = path.replace("{sessionId}", SESSION).replace("{messageId}", CLIENT_ID)
        for method, call in calls.items():
            in_query = [one for one in call.get("parameters", ()) if one["in"] == "query"]
            needed = {one["name"]: given[one["name"]] for one in in_query if one.get("required")}
            for one in in_query:
                others = {name: value for name, value in needed.items() if name != one["name"]}
                (*_, kind) = sorted(str(form.get("type")) for form in one["schema"].get("oneOf", [one["schema"]]))[:1]
                yield QueryParameter(method.upper(), f"{there}?{urlencode(others)}", one["name"], kind)


async def test_a_parameter_of_a_query_comes_once(service: ServiceProcess) -> None:
    token, seen = service.token(ME), set()
    async for method, path, name, _ in parameters_of_queries(service):
        seen.add(name)
        for twice in (f"{name}=1&{name}=1", f"{name}=me&{name}=everyone", f"{name}=&{name}={ME}"):
            answer = await ask(service, method, f"{path}&{twice}", token)
            refused = msgspec.json.decode(answer.body)
            assert (answer.status, refused["code"], refused.get("field")) == (422, "invalid", name), (path, twice)
    assert seen >= {"for", "since", "cursor", "limit"}


async def test_a_number_in_a_query_is_plain_digits(service: ServiceProcess) -> None:
    token, seen = service.token(ME), set()
    async for method, path, name, kind in parameters_of_queries(service):
        if kind != "integer":
            continue
        seen.add(name)
        assert (await ask(service, method, f"{path}&{name}=7", token)).status in {200, 404}
        for number in NO_NUMBERS:
            answer = await ask(service, method, f"{path}&{name}={number}", token)
            refused = msgspec.json.decode(answer.body)
            assert (answer.status, refused["code"], refused.get("field")) == (422, "invalid", name), (
                path,
                name,
                number,
            )
    assert seen == {"limit", "before", "after"}


async def test_a_number_in_a_body_is_a_whole_number(service: ServiceProcess) -> None:
    token = service.token(ME)
    edit, reply = f"/api/chat/{SESSION}/messages/{CLIENT_ID}", MESSAGE[:-1] + ',"replyTo":%s}'
    calls = [
        ("POST", f"/api/chat/{SESSION}/seen", SEEN, "upToSeq"),
        ("POST", "/api/chat/message", reply, "replyTo"),
        ("PATCH", edit, '{"content":"x","version":%s}', "version"),
    ]
    for method, path, body, field in calls:
        for number in NOT_WHOLE:
            if number == "null" and field != "upToSeq":
                continue  # there it means that there is none
            answer = await ask(service, method, path, token, (body % number).encode(), "application/json")
            refused = msgspec.json.decode(answer.body)
            assert (answer.status, refused["code"], refused.get("field")) == (422, "invalid", field), (path, number)


async def test_a_missing_setting_is_named(service: ServiceProcess) -> None:
    token = service.token(ME)
    refused = msgspec.json.decode((await ask(service, "GET", f"/api/chat/{SESSION}/unread?intent=x", token)).body)
    assert (refused["code"], refused["field"]) == ("invalid", "readerEmail")
