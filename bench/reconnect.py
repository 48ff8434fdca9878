"""All connections are cut at once and come back, each with resume, while messages go on."""

from typing import Any

import msgspec

from bench.accounting import count_in_store, last_seqs
from bench.load_commands import ResumePhase, ResumePlan
from bench.outcome import Outcome
from bench.people import INTENT
from bench.phase_result import PhaseResult
from bench.sampling import Samples, sampling
from bench.testbed import Testbed, stop

BEFORE, AFTER = 5.0, 10.0
"""Seconds under load before the cut and after it."""


async def reconnect_phase(testbed: Testbed, *, rate: float) -> PhaseResult:
    """The connected load generator gives way to one whose clients resume."""
    if testbed.load is not None:
        await stop(testbed.load.process)
    pairs = await testbed.pairs()
    seqs = await last_seqs(testbed.database_url)
    for pair in pairs:
        pair.last_seq = seqs[pair.session_id]
    testbed.load = await testbed.start_load("bench.resuming_load", ResumePlan(testbed.urls, pairs, INTENT))
    phase = ResumePhase(BEFORE + AFTER, testbed.next_run(), rate, cut_after=BEFORE)
    before = testbed.cpu()
    async with sampling(testbed) as samples:
        answer = await testbed.load.ask(phase)
    cpu = {name: after - before[name] for name, after in testbed.cpu().items()}
    store = await count_in_store(testbed.database_url, phase.run)
    outcome = msgspec.convert(answer["outcome"], Outcome)
    result = PhaseResult(outcome, store, cpu, 2 * len(pairs) - answer["came_back"], answer["strays"])
    result.notes.extend(_notes(answer, samples, 2 * len(pairs)))
    return result


def _notes(answer: dict[str, Any], samples: Samples, connections: int) -> list[str]:
    cut = answer["cut_at"]
    whole = max(answer["resumed_max"] / 1000, answer["caught_up"])
    used = (
        f"{process} {samples.cores(process, cut, cut + whole):.2f} of a core"
        f" ({samples.cores(process, cut - BEFORE + 1, cut):.2f} before the cut)"
        for process in ("postgres", "service", "load")
    )
    return [
        f"{answer['came_back']:,} of {connections:,} connections came back and resumed, half of them within"
        f" {answer['resumed_p50'] / 1000:.2f} s, the last after {answer['resumed_max'] / 1000:.2f} s;"
        f" {answer['failed_tries']} tries failed",
        f"everything sent before the cut was delivered {answer['caught_up']:.2f} s after it: whole after {whole:.2f} s",
        f"meanwhile: {', '.join(used)}",
    ]
