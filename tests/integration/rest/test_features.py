"""Features over REST: the capabilities, and a clear refusal of each call of a feature that is off."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from domain.features import OFFERED, Feature
from domain.message import MAX_CONTENT_LENGTH
from entrypoints.rest.switched_off import switched_off_calls
from tests.support.service.service_process import ServiceProcess

ANN, BOB, INTENT = "ann@example.org", "bob@example.org", "friends"
CALLS = [
    (method, path)
    for handler in switched_off_calls()
    for path in handler.paths
    for method in handler.http_methods
    if method != "OPTIONS"
]


class Api:
    def __init__(self, http: aiohttp.ClientSession, service: ServiceProcess) -> None:
        self._http, self._service = http, service

    async def ask(self, method: str, path: str, body: Any = None, *, by: str | None = ANN) -> tuple[int, Any]:
        headers = {} if by is None else {"Authorization": f"Bearer {self._service.token(by)}"}
        address = f"{self._service.url}/api/chat{path}"
        async with self._http.request(method, address, json=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)


@pytest.fixture(params=["granian", "uvicorn"])
async def api(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Api]:
    service = ServiceProcess(tmp_path, {"CHAT_DATABASE_URL": "memory:", "CHAT_SERVER": request.param})
    await service.start()
    async with aiohttp.ClientSession() as http:
        yield Api(http, service)
    await service.stop()
    assert "Traceback" not in service.log()


async def test_the_capabilities_have_features_and_limits(api: Api) -> None:
    status, told = await api.ask("GET", "/capabilities")
    assert (status, told["features"]) == (200, [feature for feature in Feature if feature in OFFERED])
    assert told["limits"]["maxContentLength"] == MAX_CONTENT_LENGTH
    assert (await api.ask("GET", "/capabilities", by=None))[0] == 401


async def test_each_call_of_a_feature_that_is_off_is_refused(api: Api) -> None:
    assert CALLS
    for method, path in CALLS:
        place = path.removeprefix("/api/chat")
        for part in ("sessionId", "messageId", "profileId", "deviceId", "attachmentId"):
            place = place.replace(f"{{{part}:str}}", str(uuid4()))
        status, problem = await api.ask(method, place, None if method == "GET" else {})
        assert (status, problem["code"]) == (404, "feature-off"), (method, path)
        assert (await api.ask(method, place, by=None))[0] == 401, (method, path)


async def test_a_send_that_needs_a_feature_that_is_off_is_refused(api: Api) -> None:
    opened = (await api.ask("POST", "/init", {"fromEmail": ANN, "toEmail": BOB, "intent": INTENT}))[1]
    message = {**opened, "senderEmail": ANN, "intent": INTENT, "content": "x", "clientMessageId": str(uuid4())}
    status, problem = await api.ask("POST", "/message", message | {"attachments": [str(uuid4())]})
    assert (status, problem["code"], problem["field"]) == (422, "invalid", "attachments")
    assert await api.ask("GET", f"/{opened['sessionId']}/history") == (200, [])
    status, stored = await api.ask("POST", "/message", message | {"replyTo": None, "attachments": []})
    assert (status, stored["seq"]) == (200, 1)
