"""`make chaos`: three instances, a cluster, a database and hundreds of clients, and everything is killed in turn."""

import argparse
import asyncio
import json
import logging
import os
import sys
import tempfile
from pathlib import Path
from random import randrange

import uvloop

from chaos.plan import Plan
from chaos.report import Report
from chaos.run import run
from chaos.stage import Stage
from lab import arguments
from lab.provision import provision_rabbitmq

FAULT_EVERY = 8.5  # seconds


async def chaos(options: argparse.Namespace, home: Path) -> Report:
    faults = round(options.seconds / FAULT_EVERY) if options.faults is None else options.faults
    plan = Plan(options.seed, options.seconds, options.clients, faults, options.rate, mean_clients=options.mean_clients)
    print(
        f"seed {plan.seed}: {plan.clients} clients, {faults} faults in {plan.seconds:.0f} s; logs in {home}", flush=True
    )
    async with Stage(home) as stage:
        return await run(stage, plan)


def main() -> int:
    """0, or 1 when a promise was not kept."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seconds", type=arguments.seconds, default=600, help="how long everything talks and breaks")
    parser.add_argument("--seed", type=int, default=None, help="of the schedule and the clients; random without it")
    parser.add_argument("--clients", type=arguments.several, default=200)
    parser.add_argument("--rate", type=arguments.count, default=400, help="messages a second of all clients together")
    parser.add_argument(
        "--faults", type=arguments.count_or_none, default=None, help="how many; one in 8.5 seconds without it"
    )
    parser.add_argument(
        "--mean-clients", type=arguments.count_or_none, default=2, help="how many attack the instances meanwhile"
    )
    parser.add_argument("--json", type=arguments.file_to_write, metavar="FILE", help="write the report to FILE as well")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the logs in DIR")
    options = parser.parse_args()
    provision_rabbitmq()
    if options.seed is None:
        options.seed = randrange(2**31)
    logging.disable(logging.WARNING)  # of sockets that are lost while they are written to: that is the point
    with tempfile.TemporaryDirectory(prefix="chat-chaos-") as scratch:
        home = options.keep or Path(scratch)
        home.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            home.chmod(0o755)  # PostgreSQL runs as somebody else
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            report = runner.run(chaos(options, home))
    print("\n".join(report.lines()))
    if options.json:
        options.json.write_text(json.dumps(report.figures(), indent=2) + "\n")
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
