"""SockJS 0.3.3 before any session: greeting, iframe page, info, and which URLs are sessions."""

import json
import re
from uuid import uuid4

import pytest

from tests.integration.sockjs.protocol_checks import (
    check_cached,
    check_content_type,
    check_cors,
    check_not_cached,
    check_options,
    check_poll,
    check_send,
)
from tests.support.network.raw_http import ask


class TestBaseUrlGreeting:
    @pytest.mark.parametrize("path", ["", "/"])
    async def test_greeting(self, echo: str, path: str) -> None:
        answer = await ask(echo, "GET", path)
        assert (answer.status, answer.text) == (200, "Welcome to SockJS!\n")
        check_content_type(answer, "text/plain;charset=UTF-8")
        assert not answer["set-cookie"]

    @pytest.mark.parametrize("path", ["/a", "/a.html", "//", "///", "/a/a", "/a/a/", "/a/"])
    async def test_not_found(self, echo: str, path: str) -> None:
        assert (await ask(echo, "GET", path)).status == 404


class TestIframePage:
    @pytest.mark.parametrize(
        "path",
        [
            "/iframe.html",
            *(f"/iframe-{version}.html" for version in ("a", "", "0.1.2", "0.1.2abc-dirty.2144")),
            *(f"/iframe-{version}.html?t={version}" for version in ("a", "0.1.2", "0.1.2abc-dirty.2144")),
        ],
    )
    async def test_simple_versioned_and_queried_url(self, echo: str, path: str) -> None:
        answer = await ask(echo, "GET", path)
        assert answer.status == 200
        check_content_type(answer, "text/html;charset=UTF-8")
        check_cached(answer)
        assert answer["etag"]
        assert not answer["set-cookie"]
        assert re.search(r'<script src="(/|http)[^"]*"></script>\n  <script>\n    document.domain', answer.text)
        assert "SockJS.bootstrap_iframe();" in answer.text

    @pytest.mark.parametrize(
        "path", ["/iframe.htm", "/iframe", "/IFRAME.HTML", "/IFRAME", "/iframe.HTML", "/iframe.xml", "/iframe-/.html"]
    )
    async def test_invalid_url(self, echo: str, path: str) -> None:
        assert (await ask(echo, "GET", path)).status == 404

    async def test_cacheability(self, echo: str) -> None:
        one, other = [await ask(echo, "GET", "/iframe.html") for _ in range(2)]
        assert one["etag"] == other["etag"]
        answer = await ask(echo, "GET", "/iframe.html", If_None_Match=one["etag"])
        assert (answer.status, answer.body, answer["content-type"]) == (304, b"", "")


class TestInfoTest:
    async def test_basic(self, echo: str) -> None:
        answer = await ask(echo, "GET", "/info", Origin="test")
        assert answer.status == 200
        check_content_type(answer, "application/json;charset=UTF-8")
        check_not_cached(answer)
        check_cors(answer, "test")
        assert not answer["set-cookie"]
        told = json.loads(answer.body)
        assert (told["websocket"], told["cookie_needed"], told["origins"]) == (True, False, ["*:*"])
        assert isinstance(told["entropy"], int)

    async def test_entropy(self, echo: str) -> None:
        assert len({json.loads((await ask(echo, "GET", "/info")).body)["entropy"] for _ in range(3)}) == 3

    async def test_options(self, echo: str) -> None:
        await check_options(echo, "/info", "OPTIONS, GET")

    async def test_disabled_websocket(self, wsoff: str) -> None:
        assert json.loads((await ask(wsoff, "GET", "/info")).body)["websocket"] is False


class TestSessionURLs:
    @pytest.mark.parametrize("session", ["/a/a", "/_/_", "/1/1", "/abcdefgh_i-j%20/abcdefg_i-j%20"])
    async def test_any_value(self, echo: str, session: str) -> None:
        await check_poll(echo, f"{session}{uuid4()}", "o")

    @pytest.mark.parametrize("session", ["//", "/a./a", "/a/a.", "/./.", "/", "///"])
    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_invalid_paths(self, echo: str, session: str, method: str) -> None:
        assert (await ask(echo, method, f"{session}/xhr")).status == 404

    async def test_ignoring_server_id(self, echo: str) -> None:
        session = uuid4()
        await check_poll(echo, f"/000/{session}", "o")
        await check_send(echo, f"/000/{session}", '["a"]')
        await check_poll(echo, f"/999/{session}", 'a["a"]')
