"""`make bench`: runs the service, PostgreSQL and load generators on this machine, and prints tables."""

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path

from bench.growth.suite import run_filled
from bench.options import parse
from bench.phases.crowd import run_crowd
from bench.results.plot import draw
from bench.results.tables import print_report
from bench.suite import run_suite
from lab.provision import provision_rabbitmq


def main() -> int:
    """Runs the benchmark. Returns the exit code: 1 when a message is not accounted for."""
    options = parse()
    run = run_filled if options.filled else run_crowd if options.crowd else run_suite
    if options.crowd or (not options.filled and "broker" in options.phases):
        provision_rabbitmq()
    with tempfile.TemporaryDirectory(prefix="chat-bench-") as scratch:
        if os.geteuid() == 0:
            os.chmod(scratch, 0o755)  # PostgreSQL runs as another user
        report = asyncio.run(run(options, Path(scratch)))
    print_report(report)
    if options.json:
        options.json.write_text(json.dumps(report.figures(), indent=2) + "\n")
    if options.plot:
        draw(report, options.plot)
    return 0 if report.is_complete else 1


if __name__ == "__main__":
    sys.exit(main())
