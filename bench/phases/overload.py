"""Sends more messages than the service can store."""

from bench.generators.commands import Phase
from bench.results.phase_result import PhaseResult
from bench.testbed.testbed import Testbed

OVERLOADS = (1.5, 3.0)
"""Multiples of the saturation."""


async def overload_phase(testbed: Testbed, *, rate: float, saturation: float, seconds: float) -> PhaseResult:
    """Runs the phase, with refusals allowed. Its notes tell the goodput, and the codes and times of refusals."""
    result = await testbed.phase(Phase(seconds, 0, rate=rate), may_refuse=True)
    seen = result.outcome
    result.notes.append(
        f"goodput while offered {seen.goodput:,.0f}/s ({seen.goodput / saturation:.0%} of the saturation),"
        f" p99 of what was accepted {seen.p99:,.0f} ms; {seen.late_sends:,} sends of {seen.sent:,} went out late"
    )
    if seen.refused:
        codes = ", ".join(f"{code} {count:,}" for code, count in sorted(seen.refusals.items()))
        again = "no retry-after" if seen.retry_after is None else "retry-after {:g} to {:g} s".format(*seen.retry_after)
        result.notes.append(
            f"refused {seen.refused / seen.sent:.0%}: {codes}; told after {seen.refusal_p50:,.0f} ms"
            f" (p99 {seen.refusal_p99:,.0f}), {again}"
        )
    return result
