"""The options of `make bench`; a wrong one is told in one line before anything is started."""

import argparse
from collections.abc import Sequence

from entrypoints.server.descriptors import allow_many_files, file_limit
from lab import arguments

RATES = (1_000, 3_000, 5_000)
BROKER_RATES = (100, 500, 1_500)
PHASES = ("floors", "idle", "rates", "saturation", "overload", "cold", "reconnect", "long", "broker")
USUAL_PHASES = tuple(phase for phase in PHASES if phase != "long")
FILES_FOR_OTHERS = 100
"""Of a load generator: its pipes, its event loop, and some to spare."""


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Exits with 2 and says why on a wrong option."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measures the service on this machine.")
    _add_options(parser)
    options = parser.parse_args(words)
    _apply_switches(parser, options)
    allow_many_files()
    most = max(1, (file_limit() - FILES_FOR_OTHERS) // 2)
    if options.pairs > most:
        parser.error(
            f"argument --pairs: {options.pairs} pairs need {2 * options.pairs} sockets,"
            f" and a process may have {file_limit()} files open: at most {most} pairs"
        )
    return options


def _add_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--server", choices=["granian", "uvicorn"], default="granian")
    add(
        "--phases",
        type=arguments.names(PHASES),
        default=USUAL_PHASES,
        help=f"which, comma-separated: {', '.join(PHASES)} (all but long)",
    )
    add("--seconds", type=arguments.seconds, default=10, help="length of a phase at a rate or at saturation (10)")
    add("--repeats", type=arguments.repeats, default=3, help="how often each of these is measured (3)")
    add("--pairs", type=arguments.count, default=1_000, help="senders, each with a receiver of its own (1000)")
    add("--window", type=arguments.window, default=1_000, help="messages on their way at saturation (1000)")
    add("--rates", type=arguments.rates, default=RATES, help="messages a second, comma-separated (1000,3000,5000)")
    add("--idle", type=arguments.count_or_none, default=10_000, help="idle connections beside the first phase (10000)")
    add("--idle-seconds", type=arguments.seconds, default=20, help="its length: beats go every 10 s (20)")
    add("--overload-seconds", type=arguments.seconds, default=20, help="length of each overload (20)")
    add("--cold-sessions", type=arguments.count, default=20_000, help="sessions of the cold phase (20000)")
    add("--long", action="store_true", help="the long phase as well, at 60 %% of the saturation")
    add("--long-seconds", type=arguments.seconds, default=600, help="its length (600)")
    add("--broker-rates", type=arguments.rates, default=BROKER_RATES, help="rates over RabbitMQ (100,500,1500)")
    add("--outage", type=arguments.seconds_or_none, default=0, help="seconds for which the broker is killed as well")
    add("--no-broker", dest="broker", action="store_false", help="leave RabbitMQ out")
    add("--no-floors", dest="floors", action="store_false", help="leave the floors out")
    add("--json", type=arguments.file_to_write, metavar="FILE", help="write the figures to FILE as well")
    add("--plot", type=arguments.folder_to_write, metavar="DIR", help="draw latency and throughput into DIR as SVG")


def _apply_switches(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    chosen = set(options.phases)
    if options.long:
        chosen.add("long")
    if not options.floors:
        chosen.discard("floors")
    if not options.broker:
        chosen.discard("broker")
    if options.outage and "broker" not in chosen:
        parser.error("argument --outage: with --no-broker or without the phase `broker` there is no broker to kill")
    if not chosen:
        parser.error("argument --phases: nothing is left to measure")
    options.phases = tuple(phase for phase in PHASES if phase in chosen)
