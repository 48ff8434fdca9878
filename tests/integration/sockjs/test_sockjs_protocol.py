"""SockJS 0.3.3 on the wire, clause by clause; classes and cases are named as in the public protocol tests."""

import asyncio
import json
import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.support.network.raw_http import Answer, RawHttp, ask
from tests.support.postgres.databases import Databases
from tests.support.service.service_process import ServiceProcess
from tests.support.service.shared_service import shared_service

FORM = "application/x-www-form-urlencoded"
AFTER_A_BREAK = ("o\n", 'c[1002,"Connection interrupted"]\n')
ESCAPED_BY_SERVER = re.compile("[\x00-\x1f\u200c-\u200f\u2028-\u202f\u2060-\u206f\ufff0-\uffff]")


@pytest.fixture(scope="module", params=["granian", "uvicorn"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, databases: Databases
) -> Iterator[ServiceProcess]:
    home = tmp_path_factory.mktemp("sockjs")
    with shared_service(home, databases, CHAT_PROFILE="test", CHAT_SERVER=request.param) as service:
        yield service


@pytest.fixture
def echo(server: ServiceProcess) -> str:
    return f"{server.url}/echo"


@pytest.fixture
def wsoff(server: ServiceProcess) -> str:
    return f"{server.url}/disabled_websocket_echo"


@pytest.fixture
def cookie(server: ServiceProcess) -> str:
    return f"{server.url}/cookie_needed_echo"


@pytest.fixture
def close(server: ServiceProcess) -> str:
    return f"{server.url}/close"


def new_session() -> str:
    return f"/000/{uuid4()}"


def socket(url: str, **headers: str) -> connect:
    return connect(url.replace("http", "ws", 1), compression=None, additional_headers=headers, ping_interval=None)


async def received(ws: ClientConnection) -> str | bytes:
    return await asyncio.wait_for(ws.recv(), 10)


def check_content_type(answer: Answer, expected: str) -> None:
    assert answer["content-type"].replace(" ", "") == expected


def check_cors(answer: Answer, origin: str = "") -> None:
    assert answer["access-control-allow-origin"] == (origin or "*")
    assert answer["access-control-allow-credentials"] == ("true" if origin else "")


def check_not_cached(answer: Answer) -> None:
    assert answer["cache-control"] == "no-store, no-cache, no-transform, must-revalidate, max-age=0"
    assert not answer["expires"]
    assert not answer["last-modified"]


def check_cached(answer: Answer) -> None:
    assert "public" in answer["cache-control"]
    assert re.search("max-age=[1-9][0-9]{6}", answer["cache-control"])
    assert answer["expires"]
    assert not answer["last-modified"]


async def check_options(url: str, path: str, methods: str) -> None:
    for origin in ("test", "null"):
        answer = await ask(url, "OPTIONS", path, Origin=origin, Access_Control_Request_Method=methods)
        assert answer.status == 204
        check_cached(answer)
        assert int(answer["access-control-max-age"]) > 1_000_000
        assert answer["access-control-allow-methods"] == methods
        assert not answer.body
        check_cors(answer, origin)


async def check_poll(url: str, session: str, frame: str) -> None:
    answer = await ask(url, "POST", f"{session}/xhr")
    assert (answer.status, answer.text) == (200, f"{frame}\n")


async def check_poll_is_taken(url: str, session: str) -> None:
    """Returns once another request is known to wait there."""
    await check_poll(url, session, 'c[2010,"Another connection still open"]')


async def check_send(url: str, session: str, payload: str, **headers: str) -> None:
    answer = await ask(url, "POST", f"{session}/xhr_send", payload, **headers)
    assert (answer.status, answer.text) == (204, "")


async def check_jsonp(url: str, session: str, argument: str) -> None:
    answer = await ask(url, "GET", f"{session}/jsonp?c=x")
    assert (answer.status, answer.text) == (200, f'/**/x("{argument}");\r\n')


async def jsonp_send(url: str, session: str, body: str) -> tuple[int, str]:
    answer = await ask(url, "POST", f"{session}/jsonp_send", body, Content_Type=FORM)
    return answer.status, answer.text


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


class TestWebsocketHttpErrors:
    async def test_http_method(self, echo: str) -> None:
        assert (await ask(echo, "GET", "/0/0/websocket")).status == 400

    async def test_invalid_connection_header(self, echo: str) -> None:
        answer = await ask(echo, "GET", "/0/0/websocket", Upgrade="WebSocket", Connection="close")
        assert answer.status == 400

    async def test_invalid_method(self, echo: str) -> None:
        """The other half of this case, POST with `Upgrade` and without a key, Granian answers itself."""
        answer = await ask(echo, "POST", "/0/0/websocket")
        assert (answer.status, answer["content-type"], answer.body) == (405, "", b"")
        assert answer["allow"]

    async def test_disabled(self, wsoff: str) -> None:
        assert (await ask(wsoff, "GET", "/0/0/websocket")).status == 404


class TestWebsocketHybi10:
    async def test_transport(self, echo: str) -> None:
        async with socket(f"{echo}{new_session()}/websocket") as ws:
            assert await received(ws) == "o"
            await ws.send("")
            await ws.send("[]")
            await ws.send('["a"]')
            assert await received(ws) == 'a["a"]'
            await ws.send('"b"')
            assert await received(ws) == 'a["b"]'

    async def test_close(self, close: str) -> None:
        async with socket(f"{close}{new_session()}/websocket") as ws:
            assert await received(ws) == "o"
            assert await received(ws) == 'c[3000,"Go away!"]'
            with pytest.raises(ConnectionClosed):
                await received(ws)

    async def test_reuse_session_id(self, echo: str) -> None:
        url = f"{echo}{new_session()}/websocket"
        async with socket(url) as one, socket(url) as other:
            for ws, text in ((one, "a"), (other, "b")):
                assert await received(ws) == "o"
                await ws.send(f'["{text}"]')
                assert await received(ws) == f'a["{text}"]'
        async with socket(url) as again:
            assert await received(again) == "o"

    @pytest.mark.parametrize("payload", ['["a', "{}", "[1]"])
    async def test_broken_json(self, echo: str, payload: str) -> None:
        async with socket(f"{echo}{new_session()}/websocket") as ws:
            assert await received(ws) == "o"
            await ws.send(payload)
            with pytest.raises(ConnectionClosed):
                await received(ws)

    @pytest.mark.parametrize("connection", ["Upgrade", "keep-alive, Upgrade"])
    async def test_headers_sanity(self, echo: str, connection: str) -> None:
        """Of the drafts before RFC 6455, which the public case tries too, neither server's library knows any."""
        async with RawHttp(echo) as http:
            answer = await http.ask(
                "GET",
                f"{new_session()}/websocket",
                Upgrade="websocket",
                Connection=connection,
                Sec_WebSocket_Version="13",
                Sec_WebSocket_Origin="http://asd",
                Sec_WebSocket_Key="x3JJHMbDL1EzLkh9GBhXDw==",
            )
        assert answer.status == 101
        assert answer["sec-websocket-accept"] == "HSmrc0sMlYUkAGmm5OPpG2HaGWk="
        assert (answer["connection"].lower(), answer["upgrade"].lower()) == ("upgrade", "websocket")
        assert not answer["content-length"]


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


class TestRawWebsocket:
    async def test_transport(self, echo: str) -> None:
        async with socket(f"{echo}/websocket") as ws:
            await ws.send("Hello world!\uffff")
            assert await received(ws) == "Hello world!\uffff"

    async def test_close(self, close: str) -> None:
        async with socket(f"{close}/websocket") as ws:
            with pytest.raises(ConnectionClosed):
                await received(ws)
            assert (ws.close_code, ws.close_reason) == (3000, "Go away!")


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
