"""`make bench`: the service, its own PostgreSQL and the load generator on this machine; one table at the end."""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.report import Report, print_report
from bench.stage import PhaseResult, Stage
from lab import arguments
from lab.provision import provision_rabbitmq

IDLE_RATE = 100
RATES = (1_000, 3_000, 5_000)
OUTAGE_RATE = 500
BROKER_RATES = (100, 500, 1_500)


async def bench(options: argparse.Namespace, home: Path) -> Report:
    async with Stage(home, options.server, options.pairs) as stage:
        report = Report(server=options.server, pairs=options.pairs)
        if options.floors:
            report.echo_floor = await stage.echo_floor(options.seconds)
            report.insert_floor = await stage.insert_floor(options.seconds)
        await stage.start_instances(1)
        report.idle_bytes = await stage.open_idle(options.idle)
        await _warm_up(stage)
        name = f"{IDLE_RATE}/s beside {options.idle:,} idle"
        report.alone[name] = await stage.phase(seconds=options.idle_seconds, rate=IDLE_RATE)
        await stage.close_idle()
        await _settle(stage)  # so many goodbyes are no part of what follows
        report.alone |= await _phases(stage, options, options.rates)
        await stage.stop_instances()
        if options.broker:
            await stage.start_broker()
            await stage.start_instances(2)
            await _warm_up(stage)
            report.across |= await _phases(stage, options, options.broker_rates)
            if options.outage:
                result, report.caught_up = await stage.broker_outage(rate=OUTAGE_RATE, away=options.outage)
                report.across[f"{OUTAGE_RATE}/s, broker away {options.outage:.0f} s"] = result
        return report


async def _warm_up(stage: Stage) -> None:
    """Connects, fills caches and the planner's statistics."""
    await stage.connect()
    await _settle(stage)


async def _settle(stage: Stage) -> None:
    """A phase that is not reported."""
    await stage.phase(seconds=3, window=8)


async def _phases(stage: Stage, options: argparse.Namespace, rates: Sequence[int]) -> dict[str, PhaseResult]:
    phases = {f"{rate:,}/s": await stage.phase(seconds=options.seconds, rate=rate) for rate in rates}
    return phases | {"saturation": await stage.phase(seconds=options.seconds, window=options.window)}


def main() -> int:
    """0, or 1 when a message is not accounted for."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--server", choices=["granian", "uvicorn"], default="granian")
    parser.add_argument("--seconds", type=arguments.seconds, default=10, help="length of each phase")
    parser.add_argument("--pairs", type=arguments.count, default=50, help="senders, each with a receiver of its own")
    parser.add_argument(
        "--window", type=arguments.count, default=20, help="messages of a sender on their way at saturation"
    )
    parser.add_argument(
        "--idle", type=arguments.count_or_none, default=2_000, help="idle connections beside the first phase"
    )
    parser.add_argument("--idle-seconds", type=arguments.seconds, default=20, help="its length: beats go every 10 s")
    parser.add_argument("--rates", type=arguments.rates, default=RATES, help="messages a second, comma-separated")
    parser.add_argument("--broker-rates", type=arguments.rates, default=BROKER_RATES, help="the same over RabbitMQ")
    parser.add_argument(
        "--outage", type=arguments.seconds_or_none, default=0, help="seconds for which the broker is killed as well"
    )
    parser.add_argument("--no-broker", dest="broker", action="store_false", help="leave RabbitMQ out")
    parser.add_argument("--no-floors", dest="floors", action="store_false", help="leave the floors out")
    parser.add_argument(
        "--json", type=arguments.file_to_write, metavar="FILE", help="write the figures to FILE as well"
    )
    options = parser.parse_args()
    if options.outage and not options.broker:
        parser.error("argument --outage: with --no-broker there is no broker to kill")
    if options.broker:
        provision_rabbitmq()
    with tempfile.TemporaryDirectory(prefix="chat-bench-") as scratch:
        if os.geteuid() == 0:
            os.chmod(scratch, 0o755)  # PostgreSQL runs as somebody else
        report = asyncio.run(bench(options, Path(scratch)))
    print_report(report)
    if options.json:
        options.json.write_text(json.dumps(report.figures(), indent=2) + "\n")
    return 0 if report.complete else 1


if __name__ == "__main__":
    sys.exit(main())
