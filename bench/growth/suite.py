"""Measures an empty and a full store, one after the other, each in a PostgreSQL of its own."""

import argparse
import asyncio
from pathlib import Path
from time import perf_counter

from adapters.postgres.schema.migrations import upgrade
from bench.growth.filling import fill
from bench.growth.measuring import measure
from bench.results.report import Report
from entrypoints.development.embedded_postgres import EmbeddedPostgres


async def run_filled(options: argparse.Namespace, home: Path) -> Report:
    """Measures a store without messages, and one with `options.filled`, both filled by SQL."""
    report = Report(options.server, pairs=0)
    for messages in (0, options.filled):
        report.noise.measure()
        postgres = EmbeddedPostgres(home / f"with-{messages}")
        url = await asyncio.to_thread(postgres.start)
        try:
            await upgrade(url)
            began = perf_counter()
            filled = await fill(url, messages)
            if messages:
                report.notes.append(
                    f"{filled.messages:,} messages in {filled.sessions:,} sessions were filled in"
                    f" {perf_counter() - began:.0f} s"
                )
            report.growth.append(await measure(url, filled, options.seconds))
        finally:
            await asyncio.to_thread(postgres.stop)
    report.noise.measure()
    return report
