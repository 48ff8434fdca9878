"""SockJS 0.3.3 in one long answer, clause by clause: xhr_streaming, eventsource, htmlfile."""

import json

import pytest

from tests.integration.sockjs.protocol_checks import (
    check_content_type,
    check_cors,
    check_not_cached,
    check_options,
    check_poll,
    check_send,
    new_session,
)
from tests.support.network.raw_http import RawHttp, ask


def _many(text: str, count: int) -> str:
    return f"a{json.dumps([text] * count, separators=(',', ':'))}"


class TestXhrStreaming:
    async def test_options(self, echo: str) -> None:
        await check_options(echo, "/abc/abc/xhr_streaming", "OPTIONS, POST")

    async def test_transport(self, echo: str) -> None:
        session = new_session()
        async with RawHttp(echo) as http:
            answer = await http.ask("POST", f"{session}/xhr_streaming", Origin="test")
            assert answer.status == 200
            check_content_type(answer, "application/javascript;charset=UTF-8")
            check_cors(answer, "test")
            check_not_cached(answer)
            assert await http.chunk() == "h" * 2048 + "\n"
            assert await http.chunk() == "o\n"
            await check_send(echo, session, '["x"]')
            assert await http.chunk() == 'a["x"]\n'

    async def test_response_limit(self, echo: str) -> None:
        session, text = new_session(), "x" * 128
        async with RawHttp(echo) as http:
            await http.ask("POST", f"{session}/xhr_streaming")
            await http.chunk()
            assert await http.chunk() == "o\n"
            for _ in range(31):
                await check_send(echo, session, f'["{text}"]')
                assert await http.chunk() == f'a["{text}"]\n'
            assert await http.chunk() == ""
        await check_send(echo, session, '["next"]')
        await check_poll(echo, session, 'a["next"]')


class TestEventSource:
    async def test_transport(self, echo: str) -> None:
        session = new_session()
        async with RawHttp(echo) as http:
            answer = await http.ask("GET", f"{session}/eventsource")
            assert (answer.status, answer["content-type"]) == (200, "text/event-stream")
            check_not_cached(answer)
            assert await http.chunk() == "\r\n"
            assert await http.chunk() == "data: o\r\n\r\n"
            await check_send(echo, session, '["x"]')
            assert await http.chunk() == 'data: a["x"]\r\n\r\n'
            await check_send(echo, session, r'["  \u0000\n\r "]')
            assert await http.chunk() == 'data: a["  \\u0000\\n\\r "]\r\n\r\n'

    async def test_response_limit(self, echo: str) -> None:
        session, text = new_session(), "x" * 4096
        async with RawHttp(echo) as http:
            await http.ask("GET", f"{session}/eventsource")
            await http.chunk()
            assert await http.chunk() == "data: o\r\n\r\n"
            await check_send(echo, session, f'["{text}"]')
            assert await http.chunk() == f'data: a["{text}"]\r\n\r\n'
            assert await http.chunk() == ""


class TestHtmlFile:
    async def test_transport(self, echo: str) -> None:
        session = new_session()
        async with RawHttp(echo) as http:
            answer = await http.ask("GET", f"{session}/htmlfile?c=%63allback")
            assert answer.status == 200
            check_content_type(answer, "text/html;charset=UTF-8")
            check_not_cached(answer)
            head = await http.chunk()
            assert len(head) > 1024
            assert "var c = parent.callback;\n    c.start();\n    function p(d) {c.message(d);};" in head
            assert await http.chunk() == '<script>\np("o");\n</script>\r\n'
            await check_send(echo, session, '["x"]')
            assert await http.chunk() == '<script>\np("a[\\"x\\"]");\n</script>\r\n'
            await check_send(echo, session, '["</script>"]')
            assert await http.chunk() == '<script>\np("a[\\"<\\/script>\\"]");\n</script>\r\n'

    async def test_response_limit(self, echo: str) -> None:
        session, text = new_session(), "x" * 4096
        async with RawHttp(echo) as http:
            await http.ask("GET", f"{session}/htmlfile?c=callback")
            await http.chunk()
            await http.chunk()
            await check_send(echo, session, f'["{text}"]')
            assert text in await http.chunk()
            assert await http.chunk() == ""


@pytest.mark.parametrize("transport", ["htmlfile", "jsonp"])
class TestCallbacks:
    async def test_no_callback(self, echo: str, transport: str) -> None:
        answer = await ask(echo, "GET", f"/a/a/{transport}")
        assert (answer.status, answer.text) == (500, '"callback" parameter required')

    @pytest.mark.parametrize("callback", ["%20", "*", "abc(", "abc%28", "abc%0A"])
    async def test_invalid_callback(self, echo: str, transport: str, callback: str) -> None:
        answer = await ask(echo, "GET", f"/a/a/{transport}?c={callback}")
        assert (answer.status, answer.text) == (500, 'invalid "callback" parameter')
