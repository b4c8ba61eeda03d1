"""How late orders arrive: a histogram per shop that forgets. Buckets double; each week weighs half the next."""

import bisect
from collections.abc import Mapping
from datetime import datetime

# Upper edges in seconds: 0.25 s to 12 days.
EDGES = tuple(0.25 * 2**step for step in range(23))
WEEK_SECONDS = 7 * 86_400
WEEKS_KEPT = 8


def bucket_of(delay_seconds: float) -> int:
    """The bucket of a delay; a negative one (clocks differ) counts as none at all."""
    return min(bisect.bisect_left(EDGES, max(0.0, delay_seconds)), len(EDGES) - 1)


def week_of(at: datetime) -> int:
    return int(at.timestamp()) // WEEK_SECONDS


def weighed(weeks: Mapping[int, Mapping[int, int]], *, now: datetime) -> dict[int, float]:
    """Counts by bucket over all weeks, each week half as heavy as the one after it."""
    this_week = week_of(now)
    total: dict[int, float] = {}
    for week, counts in weeks.items():
        age = max(0, this_week - week)
        for bucket, count in counts.items():
            total[bucket] = total.get(bucket, 0.0) + count * 0.5**age
    return total


def quantile(weights: Mapping[int, float], share: float) -> float | None:
    """The delay in seconds that `share` (0 to 1) of the orders do not exceed; None without any order."""
    whole = sum(weights.values())
    if whole <= 0:
        return None
    wanted = share * whole
    passed = 0.0
    for bucket in sorted(weights):
        if weights[bucket] and passed + weights[bucket] >= wanted:
            low = EDGES[bucket - 1] if bucket else 0.0
            return float(low + (EDGES[bucket] - low) * (wanted - passed) / weights[bucket])
        passed += weights[bucket]
    return float(EDGES[max(weights)])
