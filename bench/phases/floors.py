"""Measures what the parts reach alone: sockets without the service, and the store without sockets."""

import subprocess
import sys

from bench.generators.commands import Phase, Plan
from bench.testbed.ports import listening
from bench.testbed.testbed import Testbed, stop
from bench.testbed.users import INTENT
from lab.ports import free_port

IN_FLIGHT_A_PAIR = 4


async def echo_floor(testbed: Testbed, seconds: float) -> float:
    """Frames a second through an echo server, with the same clients."""
    port = free_port()
    server = await testbed.spawn(sys.executable, "-m", "bench.phases.echo_server", settings={"CHAT_PORT": str(port)})
    await listening(port)
    url, pairs = f"ws://127.0.0.1:{port}/", testbed.users.pairs()
    load = await testbed.start_load("bench.generators.load", Plan(url, url, INTENT, pairs, "echo"))
    window = IN_FLIGHT_A_PAIR * len(pairs)
    answer = await load.ask(Phase(seconds, testbed.next_run(), window=window))
    await stop(load.process)
    await stop(server)
    return float(answer["outcome"]["delivered"] / answer["outcome"]["seconds"])


async def insert_floor(testbed: Testbed, seconds: float) -> float:
    """Messages a second of the store alone: batches and their outbox marks, on one connection."""
    command = (sys.executable, "-m", "bench.phases.insert_floor", testbed.database_url, str(seconds))
    floor = await testbed.spawn(*command, stdout=subprocess.PIPE)
    printed, _ = await floor.communicate()
    return float(printed)
