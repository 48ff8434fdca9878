"""The phases of a run, in their order."""

import argparse
from collections.abc import Callable
from pathlib import Path

from bench.cold import cold_phase
from bench.floors import echo_floor, insert_floor
from bench.idle import idle_phase
from bench.load_commands import Phase
from bench.long_phase import long_phase
from bench.outage import broker_outage
from bench.overload import OVERLOADS, overload_phase
from bench.phase_result import PhaseResult
from bench.reconnect import reconnect_phase
from bench.report import Report
from bench.testbed import Testbed
from bench.workers import workers_phase

COLD_RATE = 1_000
OUTAGE_RATE = 500
LONG_SHARE = 0.6
SETTLE_SECONDS = 3.0

Add = Callable[[str, PhaseResult], None]


async def run_suite(options: argparse.Namespace, home: Path) -> Report:
    """All that `options` name, on processes of its own with their files in `home`."""
    async with Testbed(home, options.server, options.pairs) as testbed:
        report = Report(options.server, options.pairs)
        report.noise.measure()
        if "floors" in options.phases:
            report.echo_floor = await echo_floor(testbed, options.seconds)
            report.insert_floor = await insert_floor(testbed, options.seconds)
        if set(options.phases) - {"floors", "broker"}:
            await testbed.start_instances(1)
            await _alone(testbed, options, report)
            await testbed.stop_instances()
        if "broker" in options.phases:
            await _across(testbed, options, report)
        return report


async def _alone(testbed: Testbed, options: argparse.Namespace, report: Report) -> None:
    phases, add = options.phases, report.add_alone
    await testbed.connect()
    if "idle" in phases and options.idle:
        await idle_phase(testbed, report, wanted=options.idle, seconds=options.idle_seconds)
    await _settle(testbed, options)
    await _measured(testbed, options, add, options.rates if "rates" in phases else (), phases)
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
        add("reconnect, 1,000/s", await reconnect_phase(testbed, rate=1_000))
    if "workers" in phases:
        for workers in options.workers:
            result = await workers_phase(testbed, workers=workers, window=options.window, seconds=options.seconds)
            add(f"saturation of {workers} worker{'s' if workers > 1 else ''}", result)


async def _across(testbed: Testbed, options: argparse.Namespace, report: Report) -> None:
    await testbed.start_broker()
    await testbed.start_instances(2)
    await testbed.connect()
    await _settle(testbed, options)
    await _measured(testbed, options, report.add_across, options.broker_rates, ("saturation",))
    if options.outage:
        name = f"{OUTAGE_RATE}/s, broker away {options.outage:.0f} s"
        report.add_across(name, await broker_outage(testbed, rate=OUTAGE_RATE, away=options.outage))


async def _settle(testbed: Testbed, options: argparse.Namespace) -> None:
    """A phase that is not reported: it fills caches and the planner's statistics."""
    await testbed.phase(Phase(SETTLE_SECONDS, 0, window=max(1, options.window // 4)))


async def _measured(
    testbed: Testbed, options: argparse.Namespace, add: Add, rates: tuple[int, ...], phases: tuple[str, ...]
) -> None:
    """Each rate and the saturation, all of them in turn as often as they are repeated."""
    for _ in range(options.repeats):
        for rate in rates:
            add(f"{rate:,}/s", await testbed.phase(Phase(options.seconds, 0, rate=rate)))
        if "saturation" in phases:
            add("saturation", await testbed.phase(Phase(options.seconds, 0, window=options.window)))
