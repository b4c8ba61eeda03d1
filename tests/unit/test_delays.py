"""The histogram of delays."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.domain.delays import EDGES, bucket_of, quantile, week_of, weighed

NOW = datetime(2026, 3, 4, tzinfo=UTC)


def test_without_orders_there_is_no_delay() -> None:
    assert quantile({}, 0.5) is None


@pytest.mark.parametrize(("seconds", "bucket"), [(-5, 0), (0, 0), (0.25, 0), (0.3, 1), (1e9, len(EDGES) - 1)])
def test_a_delay_has_its_bucket(seconds: float, bucket: int) -> None:
    assert bucket_of(seconds) == bucket


def test_a_week_weighs_half_the_week_after_it() -> None:
    this = week_of(NOW)
    assert weighed({this: {3: 4}, this - 1: {3: 4}, this - 3: {1: 8}}, now=NOW) == {3: 6.0, 1: 1.0}


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_quantile_lies_in_the_bucket_of_the_order_it_speaks_of(delays: list[float], share: float) -> None:
    counts: dict[int, int] = {}
    for each in delays:
        counts[bucket_of(each)] = counts.get(bucket_of(each), 0) + 1
    found = quantile(weighed({week_of(NOW): counts}, now=NOW + timedelta(seconds=1)), share)
    rank = next(each for number, each in enumerate(sorted(delays), 1) if number >= share * len(delays) - 1e-9)

    assert found is not None
    low = EDGES[bucket_of(rank) - 1] if bucket_of(rank) else 0.0
    assert low <= found <= EDGES[bucket_of(rank)] + 1e-9
