"""What is left of an order: shipped, cancelled, withheld and returned units out of what a marketplace tells."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.channels.settled import LineFacts, settled_order
from holdfast.domain.market import MarketOrder, OrderLine, Stage

AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def order(*lines: LineFacts, paid: bool = True, over: bool = False) -> MarketOrder:
    return settled_order(lines, order_id="1", created_at=AT, updated_at=AT, paid=paid, over=over)


def shirt(ordered: int = 3, **facts: int) -> LineFacts:
    return LineFacts(listing="7~1", ordered=ordered, **facts)


CASES = {
    "nothing happened yet": (shirt(), False, OrderLine(listing="7~1", ordered=3)),
    "cancelled, nothing put back": (shirt(), True, OrderLine(listing="7~1", ordered=3, withheld=3)),
    "cancelled, all put back": (
        shirt(restocked_unsent=3),
        True,
        OrderLine(listing="7~1", ordered=3, cancelled=3),
    ),
    "cancelled, one of three put back": (
        shirt(restocked=1, not_restocked=2),
        True,
        OrderLine(listing="7~1", ordered=3, cancelled=1, withheld=2),
    ),
    "one taken out before it was sent": (
        shirt(restocked_unsent=1, to_ship=2),
        False,
        OrderLine(listing="7~1", ordered=3, cancelled=1),
    ),
    "one taken out, and the marketplace still counts it": (
        shirt(restocked=1, to_ship=3),
        False,
        OrderLine(listing="7~1", ordered=3, cancelled=1),
    ),
    "one taken out and not put back": (
        shirt(not_restocked=1, to_ship=2),
        False,
        OrderLine(listing="7~1", ordered=3, withheld=1),
    ),
    "two came back": (shirt(shipped=3, restocked_sent=2), False, OrderLine(listing="7~1", ordered=3, returned=2)),
    "two were paid back and stay away": (shirt(shipped=3, not_restocked=2), False, OrderLine(listing="7~1", ordered=3)),
    "two came back, one was never sent": (
        shirt(shipped=2, restocked_sent=2, not_restocked=1, to_ship=0),
        False,
        OrderLine(listing="7~1", ordered=3, withheld=1, returned=2),
    ),
    "put back, it does not say which: first what was never sent": (
        shirt(shipped=1, restocked=3),
        True,
        OrderLine(listing="7~1", ordered=3, cancelled=2, returned=1),
    ),
    "more put back than there was": (
        shirt(restocked_unsent=9),
        False,
        OrderLine(listing="7~1", ordered=3, cancelled=3),
    ),
}


@pytest.mark.parametrize(("facts", "over", "line"), CASES.values(), ids=CASES.keys())
def test_units_are_settled(facts: LineFacts, over: bool, line: OrderLine) -> None:
    assert order(facts, over=over).lines == (line,)


@pytest.mark.parametrize(
    ("facts", "paid", "over", "stage"),
    [
        (shirt(), False, False, Stage.UNPAID),
        (shirt(), True, False, Stage.PAID),
        (shirt(shipped=2, to_ship=1), True, False, Stage.PAID),
        (shirt(shipped=3), True, False, Stage.SHIPPED),
        (shirt(shipped=2, restocked_unsent=1, to_ship=0), True, False, Stage.SHIPPED),
        (shirt(shipped=3, restocked_sent=3), True, False, Stage.SHIPPED),
        (shirt(shipped=1), True, True, Stage.SHIPPED),
        (shirt(), True, True, Stage.CANCELLED),
        (shirt(restocked_unsent=3), True, False, Stage.CANCELLED),
    ],
)
def test_the_stage_follows_from_the_units(facts: LineFacts, paid: bool, over: bool, stage: Stage) -> None:
    assert order(facts, paid=paid, over=over).stage is stage


def test_lines_of_one_listing_are_summed() -> None:
    found = order(shirt(2, restocked_unsent=1), LineFacts(listing="8~0", ordered=1), shirt(4, not_restocked=1))
    assert found.lines == (
        OrderLine(listing="7~1", ordered=6, cancelled=1, withheld=1),
        OrderLine(listing="8~0", ordered=1),
    )


units = st.integers(min_value=0, max_value=6)


@settings(max_examples=300, deadline=None)
@given(
    facts=st.builds(
        LineFacts,
        listing=st.just("7~1"),
        ordered=st.integers(min_value=1, max_value=5),
        shipped=units,
        to_ship=st.none() | units,
        restocked_unsent=units,
        restocked_sent=units,
        restocked=units,
        not_restocked=units,
    ),
    over=st.booleans(),
)
def test_no_unit_is_given_back_twice_or_from_nowhere(facts: LineFacts, over: bool) -> None:
    [line] = order(facts, over=over).lines
    shipped = min(facts.shipped, facts.ordered)
    assert min(line.cancelled, line.withheld, line.returned) >= 0
    assert line.cancelled + line.withheld <= facts.ordered - shipped
    assert line.returned <= shipped
    assert line.cancelled + line.returned <= facts.restocked_unsent + facts.restocked_sent + facts.restocked
    if over:
        assert line.wanted == shipped
