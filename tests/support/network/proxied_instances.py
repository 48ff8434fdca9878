"""Instances of the service behind one proxy, and a session of two people on them."""

import re
from uuid import uuid4

import aiohttp

from tests.support.clients.web_client import Rest, chat_message
from tests.support.eventually import eventually_some
from tests.support.network.reverse_proxy import ReverseProxy
from tests.support.service.service_process import ServiceProcess

ANN, BOB = "ann@example.org", "bob@example.org"


class Place:
    """The instances behind one proxy."""

    def __init__(self, proxy: ReverseProxy, instances: list[ServiceProcess], tokens: dict[str, str]) -> None:
        self.proxy = proxy
        self.instances = instances
        self.tokens = tokens
        self.intent = str(uuid4())
        self.session_id = ""

    @property
    def url(self) -> str:
        return f"{self.proxy.url}/ws"

    @property
    def topic(self) -> str:
        return f"/topic/session.{self.session_id}"

    async def init(self) -> None:
        async with Rest(self.proxy.url, self.tokens[ANN]) as rest:
            self.session_id = await rest.init(ANN, BOB, self.intent)

    def message(self, sender: str, content: str) -> dict[str, str]:
        return chat_message(self.session_id, sender, content, intent=self.intent)

    async def connections(self) -> list[int]:
        return [await connections(instance) for instance in self.instances]

    async def emptied(self) -> None:
        """Returns when the last of the tests before have been noticed to be gone."""

        async def is_empty() -> bool:
            return not any(await self.connections())

        await eventually_some(is_empty, 30)


async def connections(instance: ServiceProcess) -> int:
    async with aiohttp.ClientSession() as http, http.get(f"{instance.url}/metrics") as answer:
        found = re.search(r"^chat_connections (\d+)", await answer.text(), re.MULTILINE)
    assert found is not None
    return int(found[1])
