"""All clients of the matrix, by names that tell their versions."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version

from tests.support.clients.client_matrix.bridge import Bridge
from tests.support.clients.client_matrix.chromium import Chromium, ChromiumClient
from tests.support.clients.client_matrix.client import DrivenClient
from tests.support.clients.client_matrix.javascript import Library
from tests.support.clients.client_matrix.node import NodeClient, versions
from tests.support.clients.client_matrix.stomp_py import StompPyClient
from tests.support.clients.client_matrix.stompman_client import StompmanClient
from tests.support.service.service_process import ServiceProcess

LOCKED = versions()
SOCKJS_IN_NODE = ("websocket", "xhr-streaming", "eventsource", "xhr-polling")
"""The others need a page."""
SOCKJS_IN_CHROMIUM = (
    *SOCKJS_IN_NODE,
    "iframe-eventsource",
    "htmlfile",
    "iframe-htmlfile",
    "iframe-xhr-polling",
    "jsonp-polling",
)
"""All but xdr-streaming and xdr-polling: XDomainRequest was Internet Explorer's, and there only in 8 and 9."""


def _in_javascript(sockjs_transports: Sequence[str]) -> dict[str, Library]:
    stompjs, sockjs = f"stompjs-{LOCKED['@stomp/stompjs']}", f"sockjs-client-{LOCKED['sockjs-client']}"
    webstomp, old = f"webstomp-{LOCKED['webstomp-client']}", f"stompjs-{LOCKED['stompjs']}"
    return (
        {f"{stompjs}-stomp-{version}": Library("stompjs", version, "ws") for version in ("1.0", "1.1", "1.2")}
        | {f"{stompjs}-{sockjs}-{transport}": Library("stompjs", "1.2", transport) for transport in sockjs_transports}
        | {f"{stompjs}-react-native": Library("reactnative", "1.2", "ws")}
        | {f"{webstomp}-stomp-{version}": Library("webstomp", version, "ws") for version in ("1.1", "1.2")}
        | {f"{webstomp}-{sockjs}-xhr-streaming": Library("webstomp", "1.2", "xhr-streaming")}
        | {
            old: Library("stompjs2", "1.1", "ws"),
            f"{old}-{sockjs}-xhr-polling": Library("stompjs2", "1.1", "xhr-polling"),
        }
    )


def _over_tcp() -> dict[str, Callable[[int], DrivenClient]]:
    """Given the port of a bridge."""

    def stomp_py(stomp_version: str) -> Callable[[int], DrivenClient]:
        return lambda port: StompPyClient(port, stomp_version)

    return {
        f"stomp.py-{version('stomp.py')}-stomp-{stomp_version}": stomp_py(stomp_version)
        for stomp_version in ("1.0", "1.1", "1.2")
    } | {f"stompman-{version('stompman')}": StompmanClient}


NODE_CLIENTS: Mapping[str, Library] = _in_javascript(SOCKJS_IN_NODE)
CHROMIUM_CLIENTS: Mapping[str, Library] = {
    f"chromium-{name}": library for name, library in _in_javascript(SOCKJS_IN_CHROMIUM).items()
}
TCP_CLIENTS: Mapping[str, Callable[[int], DrivenClient]] = _over_tcp()
NAMES = (*NODE_CLIENTS, *CHROMIUM_CLIENTS, *TCP_CLIENTS)


@asynccontextmanager
async def opened(name: str, service: ServiceProcess, chromium: Chromium) -> AsyncIterator[DrivenClient]:
    """The client of this name, not connected yet."""
    url = f"{service.url}/ws"
    if name in NODE_CLIENTS:
        async with NodeClient(NODE_CLIENTS[name], url) as client:
            yield client
    elif name in CHROMIUM_CLIENTS:
        async with ChromiumClient(chromium, CHROMIUM_CLIENTS[name], url) as client:
            yield client
    else:
        async with Bridge(service.ws_url) as bridge, TCP_CLIENTS[name](bridge.port) as client:
            yield client
