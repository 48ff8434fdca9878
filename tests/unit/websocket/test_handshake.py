"""The opening handshake: the example of the specification, and requests that are refused."""

import pytest

from adapters.websocket.handshake import BadHandshake, accept_value, switching_protocols

HEADERS = {"sec-websocket-version": "13", "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=="}
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455, 1.3


def test_the_example_of_the_specification() -> None:
    assert accept_value("GET", HEADERS) == ACCEPT
    answer = switching_protocols(ACCEPT, "v12.stomp").decode().split("\r\n")
    assert answer[0] == "HTTP/1.1 101 Switching Protocols"
    assert f"Sec-WebSocket-Accept: {ACCEPT}" in answer
    assert "Sec-WebSocket-Protocol: v12.stomp" in answer
    assert answer[-2:] == ["", ""]
    assert b"Protocol:" not in switching_protocols(ACCEPT, None)


@pytest.mark.parametrize(
    ("method", "changes", "status"),
    [
        ("POST", {}, 405),
        ("GET", {"sec-websocket-version": "12"}, 426),
        ("GET", {"sec-websocket-version": ""}, 426),
        ("GET", {"sec-websocket-key": ""}, 400),
        ("GET", {"sec-websocket-key": "c2hvcnQ="}, 400),
        ("GET", {"sec-websocket-key": "no base64 é"}, 400),
    ],
)
def test_a_request_that_is_not_a_handshake_is_refused(method: str, changes: dict[str, str], status: int) -> None:
    with pytest.raises(BadHandshake) as raised:
        accept_value(method, HEADERS | changes)
    assert raised.value.status == status
