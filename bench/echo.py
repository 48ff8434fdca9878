"""The floor of the sockets: a server that does nothing but send each frame back."""

import sys

import uvloop

from entrypoints.asgi.types import Receive, Scope, Send
from entrypoints.server.serving import create_server
from entrypoints.server.stop_signals import stop_signals
from entrypoints.settings.load import load_settings


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "websocket":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": event["text"]})


async def main() -> None:
    import asyncio

    stopping = stop_signals()
    server = create_server(echo, load_settings())
    serving = asyncio.create_task(server.serve())
    await stopping.wait()
    server.stop()
    await asyncio.wait([serving], timeout=5)


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
