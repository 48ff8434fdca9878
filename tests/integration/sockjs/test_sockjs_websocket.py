"""SockJS 0.3.3 over WebSocket, framed and raw, clause by clause."""

import pytest
from websockets.exceptions import ConnectionClosed

from tests.integration.sockjs.protocol_checks import new_session, received, socket
from tests.support.network.raw_http import RawHttp, ask


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
