"""The requests in which a client sends: `xhr_send` and `jsonp_send`."""

from typing import Final
from urllib.parse import parse_qs

from adapters.sockjs.protocol.framing import PayloadExpected, read_messages
from entrypoints.sockjs.request import Request

SENDERS: Final = frozenset({"xhr_send", "jsonp_send"})
_FORM: Final = "application/x-www-form-urlencoded"


def messages_of(request: Request, transport: str, body: bytes, max_messages: int) -> list[str]:
    """Raises `PayloadExpected`, `BrokenFraming`, `TooManyMessages`.

    Browsers label an XHR's body as they like, so that its content-type says nothing; a form's does.
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
