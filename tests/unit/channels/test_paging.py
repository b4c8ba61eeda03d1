"""Reading a list by the time of the last change, while orders change."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from holdfast.channels.paging import Page, read_page

T0 = datetime(2026, 3, 1, tzinfo=UTC)


def at(minute: int) -> datetime:
    return T0 + timedelta(minutes=minute)


def test_a_page_that_is_not_full_is_the_last() -> None:
    assert Page(T0).after([at(1), at(2)], full=3) is None


def test_the_next_page_begins_at_the_last_time_seen() -> None:
    assert Page(T0, 2).after([at(1), at(2), at(3)], full=3) == Page(at(3))


def test_pages_of_one_time_are_read_by_number() -> None:
    assert Page(at(3)).after([at(3), at(3), at(3)], full=3) == Page(at(3), 2)


def test_pages_in_another_order_are_read_by_number() -> None:
    assert Page(T0).after([at(3), at(1), at(2)], full=3) == Page(T0, 2)


def test_a_cursor_is_read_as_it_was_written() -> None:
    page = Page(at(7), 4)
    assert read_page(page.text(), since=T0) == page
    assert read_page(None, since=T0) == Page(T0)


@pytest.mark.parametrize("cursor", ["", "3", "2026-03-01T00:00:00|1", "2026-03-01T00:00:00+00:00|0", "tomorrow|1"])
def test_what_is_no_cursor_of_ours_is_refused(cursor: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # which of the parts is wrong does not matter
        read_page(cursor, since=T0)


@pytest.mark.parametrize("seed", range(20))
def test_orders_that_change_while_they_are_read_hide_no_other(seed: int) -> None:
    random = Random(seed)  # noqa: S311  # a seeded shop, not a secret
    changed = {order: at(order // 3) for order in range(40)}
    page: Page | None = read_page(None, since=T0)
    met: set[int] = set()
    for step in range(200):
        if page is None:
            break
        rows = sorted((time, order) for order, time in changed.items() if time >= page.since)
        part = rows[(page.number - 1) * 5 : page.number * 5]
        met |= {order for _, order in part}
        page = page.after([time for time, _ in part], full=5)
        if step < 100:
            changed[random.randrange(40)] = at(100 + step)
    assert page is None
    assert met == set(range(40))
