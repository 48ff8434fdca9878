"""An ordinary user who asks for much over REST and reads nothing of it."""

import socket
from urllib.parse import urlsplit

from tests.hostile.victim import ANN, Victim
from tests.support.clients.web_client import INTENT, Rest, chat_message
from tests.support.eventually import eventually

BOB = "bob@example.org"
MESSAGES = 300
UNREAD_ANSWERS = 40
ENDED_WITHIN = 40.0  # seconds: `CHAT_SLOW_CONSUMER`, and what the kernel's probes of a full window take


async def test_answers_that_nobody_reads(attacked: Victim) -> None:
    async with Rest(attacked.url, attacked.token) as ann:
        session_id = await ann.init(ANN, BOB)
        for _ in range(MESSAGES):
            status, _ = await ann.post("/api/chat/message", chat_message(session_id, ANN, "x" * 4_000))
            assert status == 200
    path = f"/api/chat/{session_id}/unread?readerEmail={BOB}&intent={INTENT}"
    head = f"GET {path} HTTP/1.1\r\nHost: chat\r\nAuthorization: Bearer {attacked.service.token(BOB)}\r\n\r\n"
    before = attacked.sockets
    clients = [ask_and_read_nothing(attacked, head.encode()) for _ in range(UNREAD_ANSWERS)]
    await eventually(lambda: attacked.sockets >= before + UNREAD_ANSWERS)
    await eventually(lambda: attacked.sockets <= before + 5, ENDED_WITHIN)
    for client in clients:
        client.close()


def ask_and_read_nothing(victim: Victim, request: bytes) -> socket.socket:
    """With hardly any room for the answer in the kernel."""
    address = urlsplit(victim.url)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.connect((address.hostname, address.port))
    client.sendall(request)
    return client
