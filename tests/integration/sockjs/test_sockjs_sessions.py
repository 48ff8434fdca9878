"""SockJS 0.3.3, what holds for every transport: the cookie, encoding, closing, HTTP 1.0 and 1.1."""

import asyncio
import json

import pytest

from tests.integration.sockjs.protocol_checks import (
    AFTER_A_BREAK,
    ESCAPED_BY_SERVER,
    FORM,
    check_poll,
    check_poll_is_taken,
    check_send,
    new_session,
)
from tests.support.network.raw_http import RawHttp, ask


class TestJsessionidCookie:
    async def test_basic(self, cookie: str) -> None:
        answer = await ask(cookie, "GET", "/info")
        assert json.loads(answer.body)["cookie_needed"] is True
        assert not answer["set-cookie"]

    @pytest.mark.parametrize(
        ("method", "transport"),
        [
            ("POST", "xhr"),
            ("POST", "xhr_streaming"),
            ("GET", "eventsource"),
            ("GET", "htmlfile?c=x"),
            ("GET", "jsonp?c=x"),
        ],
    )
    async def test_transports(self, cookie: str, method: str, transport: str) -> None:
        for sent, expected in (({}, "dummy"), ({"Cookie": "a=b; JSESSIONID=abcdef"}, "abcdef")):
            async with RawHttp(cookie) as http:
                answer = await http.ask(method, f"{new_session()}/{transport}", **sent)
                assert answer["set-cookie"] == f"JSESSIONID={expected}; path=/"

    async def test_jsonp_send(self, cookie: str) -> None:
        session = new_session()
        await ask(cookie, "GET", f"{session}/jsonp?c=x")
        answer = await ask(cookie, "POST", f"{session}/jsonp_send", "d=%5B%22x%22%5D", Content_Type=FORM)
        assert answer["set-cookie"] == "JSESSIONID=dummy; path=/"


class TestJSONEncoding:
    async def test_xhr_server_encodes(self, echo: str) -> None:
        session = new_session()
        await check_poll(echo, session, "o")
        killers = [chr(code) for code in range(255, 65_536) if ESCAPED_BY_SERVER.match(chr(code))]
        await check_send(echo, session, f'["{"".join(killers)}"]')
        await check_poll(echo, session, 'a["{}"]'.format("".join(f"\\u{ord(killer):04x}" for killer in killers)))

    async def test_xhr_server_decodes(self, echo: str) -> None:
        """Every character that a browser may escape, lone surrogates among them."""
        session = new_session()
        await check_poll(echo, session, "o")
        escaped = "".join(f"\\u{code:04x}" for code in range(65_536) if not 0x80 <= code < 0x300)
        await check_send(echo, session, f'["{escaped}"]')
        answer = await ask(echo, "POST", f"{session}/xhr")
        assert json.loads(answer.text[1:]) == json.loads(f'["{escaped}"]')


class TestHandlingClose:
    async def test_close_frame(self, close: str) -> None:
        session = new_session()
        async with RawHttp(close) as one, RawHttp(close) as other:
            for http, frames in ((one, ["o\n", 'c[3000,"Go away!"]\n']), (other, ['c[3000,"Go away!"]\n'])):
                await http.ask("POST", f"{session}/xhr_streaming")
                await http.chunk()
                assert [await http.chunk() for _ in frames] == frames
            assert (await one.chunk(), await other.chunk()) == ("", "")

    async def test_close_request_and_abort_xhr_streaming(self, echo: str) -> None:
        session = new_session()
        async with RawHttp(echo) as one:
            await one.ask("POST", f"{session}/xhr_streaming")
            assert [len(await one.chunk()) for _ in range(2)] == [2049, 2]
            async with RawHttp(echo) as other:
                await other.ask("POST", f"{session}/xhr_streaming")
                await other.chunk()
                assert await other.chunk() == 'c[2010,"Another connection still open"]\n'
                assert await other.chunk() == ""
        async with RawHttp(echo) as third:
            await third.ask("POST", f"{session}/xhr_streaming")
            await third.chunk()
            assert await third.chunk() in AFTER_A_BREAK

    async def test_abort_xhr_polling(self, echo: str) -> None:
        session = new_session()
        await check_poll(echo, session, "o")
        async with RawHttp(echo) as http:
            waiting = asyncio.create_task(http.ask("POST", f"{session}/xhr"))
            await asyncio.sleep(0.25)
            await check_poll(echo, session, 'c[2010,"Another connection still open"]')
            waiting.cancel()
        assert (await ask(echo, "POST", f"{session}/xhr")).text in AFTER_A_BREAK

    async def test_a_request_that_overtakes_the_end_of_the_one_before_is_let_in(self, echo: str) -> None:
        """Both at once, so that either may be noticed first."""
        session = new_session()
        await check_poll(echo, session, "o")
        async with RawHttp(echo) as second:
            async with RawHttp(echo) as first:
                waiting = asyncio.create_task(first.ask("POST", f"{session}/xhr"))
                await check_poll_is_taken(echo, session)
                asking = asyncio.create_task(second.ask("POST", f"{session}/xhr"))
                await asyncio.sleep(0)  # it is written by now
            waiting.cancel()
            assert (await asking).text in AFTER_A_BREAK


class TestHttp10:
    async def test_synchronous(self, echo: str) -> None:
        async with RawHttp(echo) as http:
            answer = await http.ask("GET", "", version="1.0", Connection="Keep-Alive")
            assert (answer.status, answer.text) == (200, "Welcome to SockJS!\n")
            assert not answer["transfer-encoding"]

    async def test_streaming(self, close: str) -> None:
        async with RawHttp(close) as http:
            answer = await http.ask("POST", f"{new_session()}/xhr_streaming", version="1.0", Connection="Keep-Alive")
            assert (answer.status, answer["transfer-encoding"], answer["content-length"]) == (200, "", "")
            assert await http.rest() == "h" * 2048 + '\no\nc[3000,"Go away!"]\n'


class TestHttp11:
    async def test_synchronous(self, echo: str) -> None:
        async with RawHttp(echo) as http:
            for _ in range(2):
                answer = await http.ask("GET", "", Connection="Keep-Alive")
                assert (answer.status, answer.text) == (200, "Welcome to SockJS!\n")
                assert answer["connection"].lower() in ("", "keep-alive")

    async def test_streaming(self, close: str) -> None:
        async with RawHttp(close) as http:
            answer = await http.ask("POST", f"{new_session()}/xhr_streaming")
            assert (answer["transfer-encoding"], answer["content-length"]) == ("chunked", "")
            assert [await http.chunk() for _ in range(4)][1:] == ["o\n", 'c[3000,"Go away!"]\n', ""]
