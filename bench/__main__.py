"""`make bench`: the service, its own PostgreSQL and the load generator on this machine; tables at the end."""

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path

from bench.crowd import run_crowd
from bench.options import parse
from bench.plot import draw
from bench.suite import run_suite
from bench.tables import print_report
from lab.provision import provision_rabbitmq


def main() -> int:
    """0, or 1 when a message is not accounted for."""
    options = parse()
    run = run_crowd if options.crowd else run_suite
    if options.crowd or "broker" in options.phases:
        provision_rabbitmq()
    with tempfile.TemporaryDirectory(prefix="chat-bench-") as scratch:
        if os.geteuid() == 0:
            os.chmod(scratch, 0o755)  # PostgreSQL runs as somebody else
        report = asyncio.run(run(options, Path(scratch)))
    print_report(report)
    if options.json:
        options.json.write_text(json.dumps(report.figures(), indent=2) + "\n")
    if options.plot:
        draw(report, options.plot)
    return 0 if report.is_complete else 1


if __name__ == "__main__":
    sys.exit(main())
