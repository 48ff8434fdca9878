"""What the parts reach alone, in the same run: the server's sockets and the store."""

import subprocess
import sys

from bench.load_commands import Phase, Plan
from bench.people import INTENT
from bench.ports import listening
from bench.testbed import Testbed, stop
from lab.ports import free_port

IN_FLIGHT_A_PAIR = 4


async def echo_floor(testbed: Testbed, seconds: float) -> float:
    """Frames a second, there and back, of the server alone with the same clients."""
    port = free_port()
    server = await testbed.spawn(sys.executable, "-m", "bench.echo", settings={"CHAT_PORT": str(port)})
    await listening(port)
    url, pairs = f"ws://127.0.0.1:{port}/", testbed.people.pairs()
    load = await testbed.start_load("bench.load", Plan(url, url, INTENT, pairs, "echo"))
    window = IN_FLIGHT_A_PAIR * len(pairs)
    answer = await load.ask(Phase(seconds, testbed.next_run(), window=window))
    await stop(load.process)
    await stop(server)
    return float(answer["outcome"]["delivered"] / answer["outcome"]["seconds"])


async def insert_floor(testbed: Testbed, seconds: float) -> float:
    """Messages a second of the store alone: the batch INSERT and its mark, on one connection."""
    command = (sys.executable, "-m", "bench.insert", testbed.database_url, str(seconds))
    floor = await testbed.spawn(*command, stdout=subprocess.PIPE)
    printed, _ = await floor.communicate()
    return float(printed)
