"""SockJS 0.3.3 by polling, clause by clause: xhr and jsonp."""

import asyncio

import pytest

from tests.integration.sockjs.protocol_checks import (
    FORM,
    check_content_type,
    check_cors,
    check_jsonp,
    check_not_cached,
    check_options,
    check_poll,
    check_send,
    jsonp_send,
    new_session,
)
from tests.integration.sockjs.test_sockjs_streaming import _many
from tests.support.network.raw_http import RawHttp, ask


class TestProtocol:
    async def test_simple_session(self, echo: str) -> None:
        session = new_session()
        await check_poll(echo, session, "o")
        await check_send(echo, session, '["a"]')
        await check_poll(echo, session, 'a["a"]')
        assert (await ask(echo, "POST", "/000/bad_session/xhr_send", '["a"]')).status == 404
        async with RawHttp(echo) as first:
            waiting = asyncio.create_task(first.ask("POST", f"{session}/xhr"))
            await asyncio.sleep(0.25)
            await check_poll(echo, session, 'c[2010,"Another connection still open"]')
            waiting.cancel()

    async def test_close_session(self, close: str) -> None:
        session = new_session()
        await check_poll(close, session, "o")
        await check_poll(close, session, 'c[3000,"Go away!"]')
        await check_poll(close, session, 'c[3000,"Go away!"]')


class TestXhrPolling:
    @pytest.mark.parametrize("transport", ["xhr", "xhr_send"])
    async def test_options(self, echo: str, transport: str) -> None:
        await check_options(echo, f"/abc/abc/{transport}", "OPTIONS, POST")

    async def test_transport(self, echo: str) -> None:
        session = new_session()
        opened = await ask(echo, "POST", f"{session}/xhr", Origin="test")
        assert (opened.status, opened.text) == (200, "o\n")
        check_content_type(opened, "application/javascript;charset=UTF-8")
        sent = await ask(echo, "POST", f"{session}/xhr_send", '["x"]', Origin="test")
        assert (sent.status, sent.text) == (204, "")
        check_content_type(sent, "text/plain;charset=UTF-8")
        for answer in (opened, sent):
            check_cors(answer, "test")
            check_not_cached(answer)
        await check_poll(echo, session, 'a["x"]')

    async def test_invalid_session(self, echo: str) -> None:
        assert (await ask(echo, "POST", f"{new_session()}/xhr_send", '["x"]')).status == 404

    async def test_invalid_json(self, echo: str) -> None:
        session = new_session()
        await check_poll(echo, session, "o")
        for payload, told in (
            ('["x', "Broken JSON encoding."),
            ("[" * 100_000, "Broken JSON encoding."),
            ("", "Payload expected."),
            ('{"a": 1}', "Payload expected."),
            ("[1]", "Payload expected."),
        ):
            answer = await ask(echo, "POST", f"{session}/xhr_send", payload)
            assert (answer.status, answer.text) == (500, told)
        await check_send(echo, session, '["a"]')
        await check_poll(echo, session, 'a["a"]')

    async def test_content_types(self, echo: str) -> None:
        session = new_session()
        await check_poll(echo, session, "o")
        types = ["text/plain", "T", "application/json", "application/xml", "", "application/json; charset=utf-8", FORM]
        for content_type in types:
            await check_send(echo, session, '["a"]', Content_Type=content_type)
        await check_poll(echo, session, _many("a", len(types)))

    @pytest.mark.parametrize("asked", ["a, b, c", ""])
    async def test_request_headers_cors(self, echo: str, asked: str) -> None:
        answer = await ask(echo, "OPTIONS", "/0/0/xhr", Origin="test", Access_Control_Request_Headers=asked)
        check_cors(answer, "test")
        assert answer["access-control-allow-headers"] == asked

    async def test_sending_empty_frame(self, echo: str) -> None:
        session = new_session()
        await check_poll(echo, session, "o")
        await check_send(echo, session, "[]")
        await check_send(echo, session, '["a"]')
        await check_poll(echo, session, 'a["a"]')

    async def test_method_not_allowed(self, echo: str) -> None:
        answer = await ask(echo, "GET", "/0/0/xhr")
        assert (answer.status, answer["allow"], answer.body) == (405, "OPTIONS, POST", b"")

    async def test_a_huge_body_is_refused(self, echo: str) -> None:
        session = new_session()
        await check_poll(echo, session, "o")
        assert (await ask(echo, "POST", f"{session}/xhr_send", f'["{"x" * 600_000}"]')).status == 413


class TestJsonPolling:
    async def test_transport(self, echo: str) -> None:
        session = new_session()
        answer = await ask(echo, "GET", f"{session}/jsonp?c=%63allback")
        assert (answer.status, answer.text) == (200, '/**/callback("o");\r\n')
        check_content_type(answer, "application/javascript;charset=UTF-8")
        check_not_cached(answer)
        sent = await ask(echo, "POST", f"{session}/jsonp_send", "d=%5B%22x%22%5D", Content_Type=FORM)
        assert (sent.status, sent.text) == (200, "ok")
        check_content_type(sent, "text/plain;charset=UTF-8")
        check_not_cached(sent)
        await check_jsonp(echo, session, r"a[\"x\"]")

    async def test_invalid_json(self, echo: str) -> None:
        session = new_session()
        await check_jsonp(echo, session, "o")
        assert await jsonp_send(echo, session, "d=%5B%22x") == (500, "Broken JSON encoding.")
        for body in ("", "d=", "p=p"):
            assert await jsonp_send(echo, session, body) == (500, "Payload expected.")
        assert await jsonp_send(echo, session, "d=%5B%22b%22%5D") == (200, "ok")
        await check_jsonp(echo, session, r"a[\"b\"]")

    async def test_content_types(self, echo: str) -> None:
        session = new_session()
        await check_jsonp(echo, session, "o")
        assert await jsonp_send(echo, session, "d=%5B%22abc%22%5D") == (200, "ok")
        answer = await ask(echo, "POST", f"{session}/jsonp_send", '["%61bc"]', Content_Type="text/plain")
        assert answer.text == "ok"
        await check_jsonp(echo, session, r"a[\"abc\",\"%61bc\"]")

    async def test_close(self, close: str) -> None:
        session = new_session()
        await check_jsonp(close, session, "o")
        for _ in range(2):
            await check_jsonp(close, session, r"c[3000,\"Go away!\"]")

    async def test_sending_empty_frame(self, echo: str) -> None:
        session = new_session()
        await check_jsonp(echo, session, "o")
        for body in ("d=%5B%5D", "d=%5B%22x%22%5D"):
            assert await jsonp_send(echo, session, body) == (200, "ok")
        await check_jsonp(echo, session, r"a[\"x\"]")
