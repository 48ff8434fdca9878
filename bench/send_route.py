"""The frames of a client that writes in one session."""

import msgspec

from bench.client import Client

_HEAD = b"SEND\ndestination:/app/chat.send\ncontent-type:application/json\n\n"


class SendRoute:
    """A session and the client that writes in it: the frames differ in content and number only."""

    def __init__(self, client: Client, sender: str, session_id: str, intent: str, *, on_topic: bool) -> None:
        body = msgspec.json.encode({"sessionId": session_id, "senderEmail": sender, "intent": intent, "content": ""})
        self._start = _HEAD + body.removesuffix(b'"}')
        self.client = client
        self.on_topic = on_topic

    def send(self, content: bytes, identifier: bytes) -> None:
        self.client.say(b"".join((self._start, content, b'","clientMessageId":"', identifier, b'"}\0')))
