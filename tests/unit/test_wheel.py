"""The wheel: when holds end, and how small the map of their ends stays."""

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.domain.wheel import LADDER, LONGEST_HOLD_STEPS, boundary, boundary_after, due_minutes, granularity_seconds

NOON = 1_772_625_600
MINUTE, HOUR, DAY = 60, 3600, 86_400


@pytest.mark.parametrize(
    ("length", "every"),
    [
        (1, MINUTE),
        (20 * MINUTE, MINUTE),
        (20 * MINUTE + 1, 5 * MINUTE),
        (40 * MINUTE, 5 * MINUTE),
        (40 * MINUTE + 1, 20 * MINUTE),
        (2 * HOUR, 20 * MINUTE),
        (2 * HOUR + 1, 2 * HOUR),
        (12 * HOUR, 2 * HOUR),
        (12 * HOUR + 1, 12 * HOUR),
        (72 * HOUR, 12 * HOUR),
    ],
)
def test_the_longer_a_hold_the_coarser_its_end(length: int, every: int) -> None:
    assert granularity_seconds(length_seconds=length, step_seconds=60) == every


def test_nobody_holds_longer_than_72_hours() -> None:
    with pytest.raises(ValueError, match="259200"):
        boundary(now_s=NOON, length_seconds=72 * HOUR + 1, step_seconds=60)


def test_each_granularity_is_a_multiple_of_the_one_before() -> None:
    every = [steps for _, steps in LADDER]
    assert all(coarse % fine == 0 for fine, coarse in itertools.pairwise(every))


@given(
    now=st.floats(min_value=1.0e9, max_value=4.0e9),
    length=st.integers(min_value=1, max_value=LONGEST_HOLD_STEPS),
    step=st.sampled_from([1, 2, 60, 300]),
)
def test_a_hold_never_ends_before_its_time_and_less_than_one_boundary_after_it(
    now: float, length: int, step: int
) -> None:
    seconds = length * step
    every = granularity_seconds(length_seconds=seconds, step_seconds=step)
    end = boundary(now_s=now, length_seconds=seconds, step_seconds=step)
    assert now + seconds <= end < now + seconds + every
    assert end % every == 0


@given(minute=st.integers(min_value=NOON, max_value=NOON + DAY), length=st.integers(min_value=1, max_value=72 * HOUR))
def test_the_boundary_after_a_fold_mark_is_later_than_the_mark(minute: int, length: int) -> None:
    after = boundary_after(minute, length_seconds=length, step_seconds=60)
    assert minute < after
    assert after % granularity_seconds(length_seconds=length, step_seconds=60) == 0


def test_the_whole_ladder_scales_with_the_step() -> None:
    for length in (1, 20, 21, 40, 41, 120, 121, 720, 721, 4320):
        by_minute = granularity_seconds(length_seconds=length * 60, step_seconds=60)
        by_second = granularity_seconds(length_seconds=length, step_seconds=1)
        assert by_minute == 60 * by_second


@pytest.mark.parametrize("margin", [0.0, 30.0])
def test_a_minute_is_due_exactly_when_it_is_past_by_the_margin(margin: float) -> None:
    wheel = {NOON: 1, NOON + 60: 2, NOON + 120: 3}
    assert due_minutes(wheel, now_s=NOON + 60 + margin, margin_seconds=margin) == (NOON, NOON + 60)
    assert due_minutes(wheel, now_s=NOON + 59.999 + margin, margin_seconds=margin) == (NOON,)


@pytest.mark.parametrize(("margin", "second", "most"), [(0, 0.0, 43), (0, 7.5, 43), (30, 7.5, 44)])
def test_few_entries_live_through_eight_days_of_holds_of_all_lengths(margin: int, second: float, most: int) -> None:
    """A hold of every kind in each minute. 43 entries are alive at most; one more may wait for the margin to pass."""
    lengths = {bound for longest, _ in LADDER for bound in (longest, longest * 2 // 3, longest - 19)}
    wheel: Counter[int] = Counter()
    seen = 0
    for minute in range(8 * 24 * 60):
        now = NOON + minute * MINUTE + second
        for due in due_minutes(wheel, now_s=now, margin_seconds=margin):
            del wheel[due]
        for length in lengths:
            wheel[boundary(now_s=now, length_seconds=length * MINUTE, step_seconds=60)] += 1
        seen = max(seen, len(wheel))
    assert 40 <= seen <= most


def test_a_level_with_a_full_wheel_and_large_figures_costs_one_write_unit() -> None:
    """Item size as AWS counts it: UTF-8 of names, a byte for two digits and one more, three for a map, one an entry."""

    def number(value: int) -> int:
        return (len(str(value)) + 1) // 2 + 1

    counters = ("available", "committed", "leased", "unavailable", "on_hand", "incoming", "version")
    wheel = 3 + sum(1 + len(str(NOON)) + number(1_000) for _ in range(44))
    keys = len("pk") + len("SKU#WHITE HANGING HEART T-LIGHT HOLDER") + len("sk") + len("LEVEL#main#0")
    size = keys + sum(len(name) + number(1_000_000) for name in counters) + len("folded_to") + number(NOON)
    assert size + len("wheel") + wheel < 1024
