"""Sends the messages of a client in one session."""

import msgspec

from bench.clients.client import Client

_HEAD = b"SEND\ndestination:/app/chat.send\ncontent-type:application/json\n\n"


class SendRoute:
    """A client and the session in which it writes. The frames differ only in content and `clientMessageId`."""

    def __init__(self, client: Client, sender: str, session_id: str, intent: str, *, on_topic: bool) -> None:
        body = msgspec.json.encode({"sessionId": session_id, "senderEmail": sender, "intent": intent, "content": ""})
        self._start = _HEAD + body.removesuffix(b'"}')
        self.client = client
        self.on_topic = on_topic

    def send(self, content: bytes, identifier: bytes) -> None:
        """Sends a message with the JSON text `content` and the `clientMessageId` `identifier`."""
        self.client.send(b"".join((self._start, content, b'","clientMessageId":"', identifier, b'"}\0')))
