"""The options of `make bench`."""

import argparse
from collections.abc import Sequence

from bench.testbed.capacity import CROWD_INSTANCES, most_connections, most_pairs
from entrypoints.server.descriptors import allow_many_files, file_limit
from lab import arguments

RATES = (1_000, 3_000, 5_000)
BROKER_RATES = (100, 500, 1_500)
PHASES = (
    "floors",
    "idle",
    "rates",
    "saturation",
    "overload",
    "long",
    "cold",
    "reconnect",
    "workers",
    "broker",
    "bystanders",
)
WORKERS = (1, 2, 4)
USUAL_PHASES = tuple(phase for phase in PHASES if phase != "long")


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the options. Prints one line and exits with code 2 when an option is wrong."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measures the service on this machine.")
    _add_options(parser)
    options = parser.parse_args(words)
    _apply_switches(parser, options)
    allow_many_files()
    if options.crowd and options.crowd > most_connections():
        parser.error(
            f"argument --crowd: {CROWD_INSTANCES} instances have room for {most_connections():,} connections here,"
            f" as a process may have {file_limit():,} files open"
        )
    if options.pairs > most_pairs():
        parser.error(
            f"argument --pairs: {options.pairs:,} pairs need {2 * options.pairs:,} sockets, and a process may have"
            f" {file_limit():,} files open: at most {most_pairs():,} pairs"
        )
    return options


def _add_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--server", choices=["granian", "uvicorn"], default="uvicorn")
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
    add("--settle-seconds", type=arguments.seconds, default=3, help="length of unmeasured phases that fill caches (3)")
    add("--reconnect-seconds", type=arguments.seconds, default=15, help="length of the reconnect phase (15)")
    add("--cold-sessions", type=arguments.count, default=20_000, help="sessions of the cold phase (20000)")
    add("--workers", type=arguments.worker_counts, default=WORKERS, help="how many workers each time (1,2,4)")
    add("--long", action="store_true", help="the long phase as well, at 60 %% of the saturation")
    add("--long-seconds", type=arguments.seconds, default=600, help="its length (600)")
    add("--broker-rates", type=arguments.rates, default=BROKER_RATES, help="rates over RabbitMQ (100,500,1500)")
    add("--outage", type=arguments.seconds_or_none, default=0, help="seconds for which the broker is killed as well")
    add(
        "--crowd",
        type=arguments.crowd,
        metavar="N",
        help="instead of all phases: N connections on three instances over RabbitMQ, and a restart of one",
    )
    add("--crowd-seconds", type=arguments.seconds, default=60, help="length of its phases (60)")
    add(
        "--filled",
        type=arguments.filling,
        metavar="N",
        help="instead of all phases: the store alone, empty and with N messages that SQL has filled in",
    )
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
        chosen -= {"broker", "bystanders"}
    if options.crowd and not options.broker:
        parser.error("argument --crowd: its instances meet at RabbitMQ, which --no-broker leaves out")
    if options.crowd and options.filled:
        parser.error("argument --filled: not with --crowd, each is a run of its own")
    if options.outage and "broker" not in chosen:
        parser.error("argument --outage: with --no-broker or without the phase `broker` there is no broker to kill")
    if not chosen:
        parser.error("argument --phases: nothing is left to measure")
    options.phases = tuple(phase for phase in PHASES if phase in chosen)
