"""Runs the phases in their order."""

import argparse
from collections.abc import Callable
from pathlib import Path

from bench.generators.commands import Phase
from bench.phases.bystanders import bystanders_phase
from bench.phases.cold import cold_phase
from bench.phases.floors import echo_floor, insert_floor
from bench.phases.idle import idle_phase
from bench.phases.long_phase import long_phase
from bench.phases.outage import broker_outage
from bench.phases.overload import OVERLOADS, overload_phase
from bench.phases.reconnect import reconnect_phase
from bench.phases.workers import workers_phase
from bench.results.phase_result import PhaseResult
from bench.results.report import Report
from bench.testbed.testbed import Testbed

COLD_RATE = BYSTANDERS_RATE = 1_000
OUTAGE_RATE = 500
LONG_SHARE = 0.6

Add = Callable[[str, PhaseResult], None]


async def run_suite(options: argparse.Namespace, home: Path) -> Report:
    """Runs the phases that `options` name, on servers of its own with their files in `home`."""
    async with Testbed(home, options.server, options.pairs) as testbed:
        report = Report(options.server, options.pairs)
        report.noise.measure()
        if "floors" in options.phases:
            report.echo_floor = await echo_floor(testbed, options.seconds)
            report.insert_floor = await insert_floor(testbed, options.seconds)
        if set(options.phases) - {"floors", "broker", "bystanders"}:
            await testbed.start_instances(1)
            await _alone(testbed, options, report)
            await testbed.stop_instances()
        if {"broker", "bystanders"} & set(options.phases):
            await testbed.start_broker()
        if "broker" in options.phases:
            await _across(testbed, options, report)
        if "bystanders" in options.phases:
            result = await bystanders_phase(testbed, rate=BYSTANDERS_RATE, seconds=options.seconds)
            report.add_across(f"all clients on one of four, {BYSTANDERS_RATE:,}/s", result)
        return report


async def _alone(testbed: Testbed, options: argparse.Namespace, report: Report) -> None:
    phases, add = options.phases, report.add_alone
    await testbed.connect()
    if "idle" in phases and options.idle:
        await idle_phase(testbed, report, wanted=options.idle, seconds=options.idle_seconds)
    await _settle(testbed, options)
    await _measure(testbed, options, add, options.rates if "rates" in phases else (), phases)
    if {"overload", "long"} & set(phases) and not report.saturation:
        add("saturation", await testbed.phase(Phase(options.seconds, 0, window=options.window)))
    if "overload" in phases:
        for times in OVERLOADS:
            rate, seconds = times * report.saturation, options.overload_seconds
            result = await overload_phase(testbed, rate=rate, saturation=report.saturation, seconds=seconds)
            add(f"overload {times:g}x, {rate:,.0f}/s", result)
            await _settle(testbed, options)
    if "long" in phases:
        rate = LONG_SHARE * report.saturation
        add(f"long, {rate:,.0f}/s", await long_phase(testbed, rate=rate, seconds=options.long_seconds))
    if "cold" in phases:
        name = f"cold, {COLD_RATE:,}/s"
        add(name, await cold_phase(testbed, sessions=options.cold_sessions, rate=COLD_RATE))
    if "reconnect" in phases:
        add("reconnect, 1,000/s", await reconnect_phase(testbed, rate=1_000, seconds=options.reconnect_seconds))
    if "workers" in phases:
        for workers in options.workers:
            result = await workers_phase(
                testbed,
                workers=workers,
                window=options.window,
                seconds=options.seconds,
                settle_seconds=options.settle_seconds,
            )
            add(f"saturation of {workers} worker{'s' if workers > 1 else ''}", result)


async def _across(testbed: Testbed, options: argparse.Namespace, report: Report) -> None:
    await testbed.start_instances(2)
    await testbed.connect()
    await _settle(testbed, options)
    await _measure(testbed, options, report.add_across, options.broker_rates, ("saturation",))
    if options.outage:
        name = f"{OUTAGE_RATE}/s, broker away {options.outage:.0f} s"
        report.add_across(name, await broker_outage(testbed, rate=OUTAGE_RATE, away=options.outage))


async def _settle(testbed: Testbed, options: argparse.Namespace) -> None:
    """Runs a phase that is not reported, to fill caches and the planner's statistics."""
    await testbed.phase(Phase(options.settle_seconds, 0, window=max(1, options.window // 4)))


async def _measure(
    testbed: Testbed, options: argparse.Namespace, add: Add, rates: tuple[int, ...], phases: tuple[str, ...]
) -> None:
    """Measures each rate and the saturation, all of them in turn, `options.repeats` times."""
    for _ in range(options.repeats):
        for rate in rates:
            add(f"{rate:,}/s", await testbed.phase(Phase(options.seconds, 0, rate=rate)))
        if "saturation" in phases:
            add("saturation", await testbed.phase(Phase(options.seconds, 0, window=options.window)))
