"""`make chaos`: kills instances, broker nodes and the database under load, and checks every promise."""

import argparse
import asyncio
import json
import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import randrange

import uvloop

from chaos.plan import Plan
from chaos.report import Report
from chaos.run import run
from chaos.testbed.testbed import Testbed
from lab import arguments
from lab.provision import provision_rabbitmq

FAULT_EVERY = 8.5
"""Seconds between two faults, unless `--faults` is given."""


async def chaos(options: argparse.Namespace, home: Path) -> Report:
    """Runs the servers with their files in `home`, and the plan that `options` ask for."""
    faults = round(options.seconds / FAULT_EVERY) if options.faults is None else options.faults
    plan = Plan(
        options.seed, options.seconds, options.clients, faults, options.rate, hostile_clients=options.hostile_clients
    )
    print(
        f"seed {plan.seed}: {plan.clients} clients, {faults} faults in {plan.seconds:.0f} s; logs in {home}", flush=True
    )
    async with Testbed(home) as testbed:
        return await run(testbed, plan)


def parse(given: Sequence[str]) -> argparse.Namespace:
    """The options of the command line. Exits when one of them is wrong."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument(
        "--seconds", type=arguments.seconds, default=600, help="how long the users write and servers break"
    )
    parser.add_argument("--seed", type=int, default=None, help="of the schedule and the clients; random without it")
    parser.add_argument("--clients", type=arguments.several, default=200)
    parser.add_argument("--rate", type=arguments.count, default=400, help="messages a second of all clients together")
    parser.add_argument(
        "--faults", type=arguments.count_or_none, default=None, help="how many; one in 8.5 seconds without it"
    )
    parser.add_argument(
        "--hostile-clients",
        "--mean-clients",
        dest="hostile_clients",
        type=arguments.count_or_none,
        default=2,
        help="how many attack the instances meanwhile",
    )
    parser.add_argument("--json", type=arguments.file_to_write, metavar="FILE", help="write the report to FILE as well")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the logs in DIR")
    return parser.parse_args(given)


def main() -> int:
    """Runs chaos. Returns the exit code: 1 when a promise was broken."""
    options = parse(sys.argv[1:])
    provision_rabbitmq()
    if options.seed is None:
        options.seed = randrange(2**31)
    logging.disable(logging.WARNING)  # of connections that are lost during a write, which is the point
    with tempfile.TemporaryDirectory(prefix="chat-chaos-") as scratch:
        home = options.keep or Path(scratch)
        home.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            home.chmod(0o755)  # PostgreSQL runs as another user
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            report = runner.run(chaos(options, home))
            print("\n".join(report.lines()), flush=True)  # before the loop is closed, which waits for what is left
    if options.json:
        options.json.write_text(json.dumps(report.figures(), indent=2) + "\n")
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
