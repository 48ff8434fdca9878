"""What the public SockJS protocol tests check again and again."""

import asyncio
import re
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect

from tests.support.network.raw_http import Answer, ask

FORM = "application/x-www-form-urlencoded"


AFTER_A_BREAK = ("o\n", 'c[1002,"Connection interrupted"]\n')


ESCAPED_BY_SERVER = re.compile("[\x00-\x1f\u200c-\u200f\u2028-\u202f\u2060-\u206f\ufff0-\uffff]")


def new_session() -> str:
    return f"/000/{uuid4()}"


def socket(url: str, **headers: str) -> connect:
    return connect(url.replace("http", "ws", 1), compression=None, additional_headers=headers, ping_interval=None)


async def received(ws: ClientConnection) -> str | bytes:
    return await asyncio.wait_for(ws.recv(), 30)


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
