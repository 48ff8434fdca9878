"""Who may connect, and what the others are told."""

from typing import Any

import msgspec
import pytest

from adapters.stomp.connections import Connections
from adapters.stomp.waiting_room import WaitingRoom
from entrypoints.asgi.admission import Admission, Refused, refuse_upgrade
from entrypoints.asgi.client_address import ClientAddresses
from entrypoints.asgi.origins import Origins

SCOPE: dict[str, Any] = {"client": ("203.0.113.9", 1), "headers": [(b"origin", b"https://a.example.org")]}


def admission(connections: Connections, *allowed: str) -> Admission:
    return Admission(
        Origins(allowed),
        connections,
        WaitingRoom(max_unauthenticated=9, max_unauthenticated_per_address=9),
        ClientAddresses(),
    )


async def test_a_draining_instance_refuses_clients() -> None:
    connections = Connections(max_connections=9, max_connections_per_user=9, watch_interval=1)
    door = admission(connections, "*")
    door.admit(SCOPE).leave()
    await connections.drain(0.1)
    with pytest.raises(Refused) as refused:
        door.admit(SCOPE)
    assert (refused.value.status, int(refused.value.headers["retry-after"]) > 0) == (503, True)


async def test_a_foreign_origin_is_403_even_when_the_instance_is_full() -> None:
    connections = Connections(max_connections=0, max_connections_per_user=9, watch_interval=1)
    with pytest.raises(Refused) as refused:
        admission(connections, "https://b.example.org").admit(SCOPE)
    assert (refused.value.status, refused.value.headers) == (403, {})


@pytest.mark.parametrize("status", [403, 404, 503])
async def test_a_refused_upgrade_is_answered_over_http(status: int) -> None:
    sent: list[Any] = []

    async def send(event: Any) -> None:
        sent.append(event)

    await refuse_upgrade(Refused(status), {"extensions": {"websocket.http.response": {}}}, send)
    start, body = sent
    assert (start["type"], start["status"]) == ("websocket.http.response.start", status)
    assert msgspec.json.decode(body["body"])["status"] == status
    sent.clear()
    await refuse_upgrade(Refused(status), {}, send)
    assert [event["type"] for event in sent] == ["websocket.close"]
