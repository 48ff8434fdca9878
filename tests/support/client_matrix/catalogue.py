"""All clients of the matrix, by names that tell their versions."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version

from tests.support.client_matrix.bridge import Bridge
from tests.support.client_matrix.client import DrivenClient
from tests.support.client_matrix.node import NodeClient, versions
from tests.support.client_matrix.stomp_py import StompPyClient
from tests.support.client_matrix.stompman_client import StompmanClient
from tests.support.service_process import ServiceProcess

IN_NODE = versions()
SOCKJS_TRANSPORTS = ("websocket", "xhr-streaming", "eventsource", "xhr-polling")
"""Those which sockjs-client has in Node; the others need a page."""


def _in_node() -> dict[str, tuple[str, str, str]]:
    """Library, STOMP version and transport."""
    stompjs, sockjs = f"stompjs-{IN_NODE['@stomp/stompjs']}", f"sockjs-client-{IN_NODE['sockjs-client']}"
    webstomp, old = f"webstomp-{IN_NODE['webstomp-client']}", f"stompjs-{IN_NODE['stompjs']}"
    return (
        {f"{stompjs}-stomp-{version}": ("stompjs", version, "ws") for version in ("1.0", "1.1", "1.2")}
        | {f"{stompjs}-{sockjs}-{transport}": ("stompjs", "1.2", transport) for transport in SOCKJS_TRANSPORTS}
        | {f"{webstomp}-stomp-{version}": ("webstomp", version, "ws") for version in ("1.1", "1.2")}
        | {f"{webstomp}-{sockjs}-xhr-streaming": ("webstomp", "1.2", "xhr-streaming")}
        | {old: ("stompjs2", "1.1", "ws"), f"{old}-{sockjs}-xhr-polling": ("stompjs2", "1.1", "xhr-polling")}
    )


def _over_tcp() -> dict[str, Callable[[int], DrivenClient]]:
    """Given the port of a bridge."""

    def stomp_py(stomp_version: str) -> Callable[[int], DrivenClient]:
        return lambda port: StompPyClient(port, stomp_version)

    return {
        f"stomp.py-{version('stomp.py')}-stomp-{stomp_version}": stomp_py(stomp_version)
        for stomp_version in ("1.0", "1.1", "1.2")
    } | {f"stompman-{version('stompman')}": StompmanClient}


NODE_CLIENTS: Mapping[str, tuple[str, str, str]] = _in_node()
TCP_CLIENTS: Mapping[str, Callable[[int], DrivenClient]] = _over_tcp()
NAMES = (*NODE_CLIENTS, *TCP_CLIENTS)


@asynccontextmanager
async def opened(name: str, service: ServiceProcess) -> AsyncIterator[DrivenClient]:
    """The client of this name, not connected yet."""
    if name in NODE_CLIENTS:
        library, stomp_version, transport = NODE_CLIENTS[name]
        async with NodeClient(library, f"{service.url}/ws", stomp_version, transport) as client:
            yield client
    else:
        async with Bridge(service.ws_url) as bridge, TCP_CLIENTS[name](bridge.port) as client:
            yield client
