"""Cuts all connections at once under load. They reconnect and resume."""

from typing import Any

import msgspec

from bench.generators.commands import ResumePhase, ResumePlan
from bench.results.outcome import Outcome
from bench.results.phase_result import PhaseResult
from bench.testbed.accounting import count_in_store, last_seqs
from bench.testbed.sampling import Samples, sampling
from bench.testbed.testbed import Testbed, stop
from bench.testbed.users import INTENT

BEFORE = 1 / 3
"""The share of the phase before the cut."""


async def reconnect_phase(testbed: Testbed, *, rate: float, seconds: float) -> PhaseResult:
    """Replaces the load generator by one with resuming clients, and runs the phase."""
    if testbed.load is not None:
        await stop(testbed.load.process)
    pairs = await testbed.pairs()
    seqs = await last_seqs(testbed.database_url)
    for pair in pairs:
        pair.last_seq = seqs[pair.session_id]
    testbed.load = await testbed.start_load("bench.generators.resuming_load", ResumePlan(testbed.urls, pairs, INTENT))
    phase = ResumePhase(seconds, testbed.next_run(), rate, cut_after=BEFORE * seconds)
    before = testbed.cpu()
    async with sampling(testbed) as samples:
        answer = await testbed.load.ask(phase)
    cpu = {name: after - before[name] for name, after in testbed.cpu().items()}
    store = await count_in_store(testbed.database_url, phase.run)
    outcome = msgspec.convert(answer["outcome"], Outcome)
    result = PhaseResult(outcome, store, cpu, 2 * len(pairs) - answer["came_back"], answer["strays"])
    result.notes.extend(_notes(answer, samples, 2 * len(pairs), calm=0.8 * BEFORE * seconds))
    return result


def _notes(answer: dict[str, Any], samples: Samples, connections: int, *, calm: float) -> list[str]:
    """What to say of the cut. `calm` are the seconds before it in which the load was steady."""
    cut = answer["cut_at"]
    whole = max(answer["resumed_max"] / 1000, answer["caught_up"])
    used = (
        f"{process} {samples.cores(process, cut, cut + whole):.2f} of a core"
        f" ({samples.cores(process, cut - calm, cut):.2f} before the cut)"
        for process in ("postgres", "service", "load")
    )
    return [
        f"{answer['came_back']:,} of {connections:,} connections came back and resumed, half of them within"
        f" {answer['resumed_p50'] / 1000:.2f} s, the last after {answer['resumed_max'] / 1000:.2f} s;"
        f" {answer['failed_tries']} tries failed",
        f"everything sent before the cut was delivered {answer['caught_up']:.2f} s after it: whole after {whole:.2f} s",
        f"meanwhile: {', '.join(used)}",
    ]
