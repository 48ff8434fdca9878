"""Reads the messages in requests of a client: `xhr_send` and `jsonp_send`."""

from typing import Final
from urllib.parse import parse_qs

from adapters.sockjs.protocol.framing import PayloadExpected, read_messages
from entrypoints.sockjs.request import Request

SENDERS: Final = frozenset({"xhr_send", "jsonp_send"})
_FORM: Final = "application/x-www-form-urlencoded"


def messages_of(request: Request, transport: str, body: bytes, max_messages: int) -> list[str]:
    """The messages in a body. Raises `PayloadExpected`, `BrokenFraming`, `TooManyMessages`.

    Ignores the content type of an XHR, since browsers set it at will, but not that of a form.
    """
    if transport == "jsonp_send" and request.headers.get("content-type", "").startswith(_FORM):
        body = _field_d(body)
    return read_messages(body, max_messages)


def _field_d(body: bytes) -> bytes:
    try:
        fields = parse_qs(body.decode(), max_num_fields=16)
    except ValueError:
        raise PayloadExpected from None
    return fields.get("d", [""])[0].encode()
