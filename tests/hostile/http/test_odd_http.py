"""Whatever stands in a path, a query, a header or an origin: a clear answer, never 500, never a traceback."""

import asyncio
from urllib.parse import quote, urlsplit

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hostile.victim import Victim

EXAMPLES = 200
ANSWER_TIMEOUT = 15.0
PATHS = [
    "/",
    "/ws",
    "/ws/info",
    "/ws/a/b/xhr",
    "/web/js/",
    "/docs/",
    "/dev/token",
    "/metrics",
    "/schema/",
    "/api/chat/",
]
KNOWN = ["Origin", "Host", "Cookie", "Authorization", "Content-Type", "Content-Length", "If-None-Match", "X-Request-ID"]

octets = st.binary(max_size=40).filter(lambda value: not set(value) & set(b"\r\n"))
odd_paths = st.builds(
    lambda start, rest, how: (start + rest if how else start + quote(rest.encode("utf-8", "surrogatepass"))).encode(
        "utf-8", "surrogatepass"
    ),
    st.sampled_from(PATHS),
    st.text(st.characters(min_codepoint=0x21, blacklist_characters="#\x7f"), max_size=320),
    st.booleans(),
)
origins = st.one_of(
    octets,
    st.sampled_from([b"null", b"http://[", b"http://[::1", b"//", b"https://a:b@c", b"http://x:99999999", b"\xff\xfe"]),
)
headers = st.lists(st.tuples(st.sampled_from(KNOWN), octets), max_size=4)


async def status_of(url: str, method: str, path: bytes, lines: list[tuple[str, bytes]]) -> int | None:
    """None when the server ended the connection without an answer, as it may for what is not HTTP."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in lines)
    writer.write(method.encode() + b" " + path + b" HTTP/1.1\r\nConnection: close\r\n" + head + b"\r\n")
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT):
            line = await reader.readline()
    except ConnectionError:
        return None
    finally:
        writer.transport.abort()
    return int(line.split()[1]) if line else None


def test_no_request_is_a_failure_of_ours(victim: Victim) -> None:
    logged = len(victim.service.log())

    @settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT"]), odd_paths, origins, headers)
    def ask(method: str, path: bytes, origin: bytes, more: list[tuple[str, bytes]]) -> None:
        given = {name.lower() for name, _ in more}
        lines = [("Host", b"127.0.0.1")] * ("host" not in given) + [("Origin", origin)] * ("origin" not in given) + more
        if method in ("POST", "PUT") and "content-length" not in given:
            lines.append(("Content-Length", b"0"))
        status = asyncio.run(status_of(victim.url, method, path, lines))
        assert status is None or status < 500 or status == 501, (method, path, lines)

    ask()
    log = victim.service.log()[logged:]
    assert "Traceback" not in log, log
    assert '"level": "error"' not in log, log
