"""Times as items have them."""

from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from holdfast.store.times import from_ms, to_ms


@given(st.integers(0, 10**13))
@example(8_843_947_731_769)  # more digits than a float of its seconds has
def test_a_time_that_was_written_is_the_time_that_is_read(ms: int) -> None:
    assert to_ms(from_ms(ms)) == ms


@given(st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  # with zone
def test_nothing_is_written_down_as_later_than_it_was(at: datetime) -> None:
    assert timedelta(0) <= at - from_ms(to_ms(at)) < timedelta(milliseconds=1)
