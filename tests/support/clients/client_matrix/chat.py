"""Two people who chat, one of them with a client of the matrix."""

from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from adapters.jwt.signing import PRIVATE_KEY_FILE, issue_user_token, load_private_key
from adapters.system.clock import SystemClock
from domain.identifiers import Email
from tests.support.clients.web_client import INTENT, Rest, chat_message
from tests.support.service.service_process import ServiceProcess

key_of = lru_cache(load_private_key)  # reading one takes long enough to be late with a beat


class Chat:
    """Ann, who has the client, and Bob, who has REST; each pair its own, so that many can chat at once."""

    def __init__(self, service: ServiceProcess, name: str) -> None:
        self.service = service
        self.ann, self.bob = (f"{who}-{name}-{uuid4()}@example.org" for who in ("ann", "bob"))
        self.session_id = ""

    def token(self, email: str, seconds: float = 3600) -> str:
        """As the service's command makes it, without its process."""
        key = key_of(Path(self.service.settings["CHAT_DATA_DIR"]) / "keys" / PRIVATE_KEY_FILE)
        return issue_user_token(key, Email(email), timedelta(seconds=seconds), SystemClock().now())

    async def init(self) -> None:
        async with Rest(self.service.url, self.token(self.bob)) as bob:
            self.session_id = await bob.init(self.bob, self.ann)

    @property
    def topic(self) -> str:
        return f"/topic/session.{self.session_id}"

    def message(self, content: str) -> dict[str, Any]:
        return chat_message(self.session_id, self.ann, content)

    async def bob_says(self, *contents: str) -> None:
        async with Rest(self.service.url, self.token(self.bob)) as bob:
            for content in contents:
                message = chat_message(self.session_id, self.bob, content)
                assert (await bob.post("/api/chat/message", message))[0] == 200

    async def bob_has_seen(self, seq: int) -> None:
        async with Rest(self.service.url, self.token(self.bob)) as bob:
            seen = {"readerEmail": self.bob, "intent": INTENT, "upToSeq": seq}
            assert (await bob.post(f"/api/chat/{self.session_id}/seen", seen))[0] == 204

    async def history(self) -> list[dict[str, Any]]:
        async with Rest(self.service.url, self.token(self.bob)) as bob:
            return await bob.history(self.session_id)
