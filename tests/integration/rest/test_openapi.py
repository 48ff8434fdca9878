"""The service keeps to its own OpenAPI document, whatever it is asked: Schemathesis makes up the questions."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.support.service.service_process import ServiceProcess, environment

SCHEMATHESIS = str(Path(sys.executable).parent / "schemathesis")
SECONDS = 45
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "ignored_auth",
)


@pytest.fixture
async def service(tmp_path: Path, database_url: str) -> AsyncIterator[ServiceProcess]:
    service = ServiceProcess(tmp_path, {"CHAT_DATABASE_URL": database_url})
    yield await service.start()
    await service.stop()
    assert "Traceback" not in service.log()


async def test_no_question_gets_an_answer_that_is_not_in_the_document(service: ServiceProcess, tmp_path: Path) -> None:
    token = service.token("any@example.org", "--service", "prober")  # may act for anybody, so that most is allowed
    arguments = [
        *("run", f"{service.url}/schema/openapi.json", "--header", f"Authorization: Bearer {token}"),
        *("--checks", ",".join(CHECKS), "--max-time", str(SECONDS), "--no-color"),
        *("--generation-deterministic", "--continue-on-failure", "--warnings", "off", "--suppress-health-check", "all"),
    ]
    done = await asyncio.to_thread(
        subprocess.run,
        [SCHEMATHESIS, *arguments],
        env=environment({}),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=SECONDS + 45,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("path", "kind"), [("openapi", "openapi"), ("asyncapi", "asyncapi"), ("", "openapi")])
async def test_the_documents_are_open_to_everybody(service: ServiceProcess, path: str, kind: str) -> None:
    address = f"{service.url}/schema/{path}.json" if path else f"{service.url}/schema"
    async with aiohttp.ClientSession() as http, http.get(address) as answer:
        assert answer.status == 200
        assert kind in await answer.json(content_type=None)
