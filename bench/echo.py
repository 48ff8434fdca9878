"""The floor of the sockets: a server that does nothing but send each frame back."""

import sys

import uvloop

from entrypoints.asgi import Receive, Scope, Send
from entrypoints.load_settings import load_settings
from entrypoints.server import create_server
from entrypoints.stop_signals import stop_signals


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
