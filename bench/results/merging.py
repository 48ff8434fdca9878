"""Merges the outcomes of several load generators in one phase."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from heapq import merge
from typing import Any

import msgspec

from bench.results.outcome import Outcome
from bench.results.percentiles import percentile

_ADDED = (
    *("goodput", "sent", "acked", "delivered", "refused", "missing", "twice", "disputed"),
    *("copies", "copies_expected", "late_sends"),
)
_WORST = ("seconds", "ack_p50", "ack_p99")
_SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}


def merged_outcome(answers: Sequence[Mapping[str, Any]]) -> Outcome:
    """Merges answers that have `latencies`. The percentiles of acks are those of the worst generator."""
    outcomes = [msgspec.convert(answer["outcome"], Outcome) for answer in answers]
    latencies = list(merge(*(answer["latencies"] for answer in answers)))
    changes: dict[str, Any] = {name: sum(getattr(outcome, name) for outcome in outcomes) for name in _ADDED}
    changes |= {name: max(getattr(outcome, name) for outcome in outcomes) for name in _WORST}
    changes |= {name: percentile(latencies, share) for name, share in _SHARES.items()}
    return replace(outcomes[0], **changes, timeline=[], minutes=[])
