"""What serves the page: its headers, its files and no others, and the tokens it asks for."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from entrypoints.checkout import WEB
from entrypoints.settings.load import load_settings
from entrypoints.settings.model import Settings, SettingsError
from entrypoints.web_client.files import WebFiles
from entrypoints.web_client.headers import security_headers
from entrypoints.web_client.routes import web_client
from tests.support.clients.web_client import Rest
from tests.support.service.service_process import ServiceProcess


def client(settings: Settings, folder: Path = WEB) -> TestClient[Litestar]:
    page = web_client(settings, WebFiles(folder))
    return TestClient(Litestar([page] if page else [], openapi_config=None))


@pytest.fixture
def page() -> Iterator[TestClient[Litestar]]:
    with client(load_settings({"CHAT_PROFILE": "dev"})) as page:
        yield page


def test_the_page_may_load_nothing_that_is_not_its_own(page: TestClient[Litestar]) -> None:
    answer = page.get("/", headers={"Host": "chat.example:8080"})
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self' ws://chat.example:8080 wss://chat.example:8080;" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|https?://", answer.text)


@pytest.mark.parametrize("host", ["", "a; script-src *", "a b", "evil\r\nX: y", "*"])
def test_a_host_that_is_none_is_not_let_into_the_policy(host: str) -> None:
    assert "connect-src 'self'; " in security_headers(host)["Content-Security-Policy"]


def test_unchanged_files_are_not_sent_again(page: TestClient[Litestar]) -> None:
    first = page.get("/web/style/base.css")
    again = page.get("/web/style/base.css", headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/web/js/main.js", "text/javascript"),
        ("/web/icon.svg", "image/svg+xml"),
        ("/web/vendor/stompjs/index.js", "text/javascript"),
        ("/web/vendor/sockjs/sockjs.min.js", "text/javascript"),
        ("/docs/", "text/html"),
    ],
)
def test_the_parts_of_the_page(page: TestClient[Litestar], path: str, media_type: str) -> None:
    answer = page.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(media_type)


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".npmrc",
        "index.html",
        "package.json",
        "node_modules/@stomp/stompjs/esm6/index.js",
        "js",
        "js/none.js",
        "js/../package.json",
        "js/../../pyproject.toml",
        "vendor/none/a.js",
        "vendor/stompjs",
        "vendor/stompjs/../package.json",
    ],
)
def test_nothing_else_can_be_had(path: str) -> None:
    assert WebFiles(WEB).asset(path) is None


def test_without_its_packages_the_page_says_how_to_get_them(tmp_path: Path) -> None:
    for name in ("index.html", "packages-missing.html"):
        shutil.copy(WEB / name, tmp_path / name)
    with client(load_settings({"CHAT_PROFILE": "dev"}), tmp_path) as page:
        assert "make web" in page.get("/").text


def test_prod_serves_the_page_on_request_only(tmp_path: Path) -> None:
    with client(load_settings({})) as nothing:
        assert nothing.get("/").status_code == 404
    wanted = load_settings({"CHAT_WEB_CLIENT": "true"})
    with client(wanted) as page:
        about = page.get("/web/about.json").json()
        assert (about["profile"], about["devTokens"]) == ("prod", False)
    with pytest.raises(SettingsError, match="CHAT_WEB_CLIENT"):
        web_client(wanted, WebFiles(tmp_path))


async def test_tokens_for_the_asking(service: ServiceProcess) -> None:
    async with Rest(service.url, "") as nobody:
        status, made = await nobody.post("/dev/token", {"email": "Ann@Example.org"})
        assert (status, made["email"]) == (200, "ann@example.org")
        assert (await nobody.post("/dev/token", {"email": "nobody"}))[0] == 422
    async with Rest(service.url, made["token"]) as ann:
        assert (await ann.get("/api/chat/sessions", email="ann@example.org"))[0] == 200
