"""The short form of the month: every fault at once, and each order is applied exactly once all the same."""

import pytest

from demo.market.__main__ import market_of
from demo.market.month import Month
from local.stack import Stack

ORDERS, SEED = 60, 11


@pytest.mark.timeout(1_500)
def test_a_month_with_every_fault_ends_with_every_order_applied_once(stack: Stack) -> None:
    seen: list[str] = []
    market = market_of(stack, "month")
    with market.api, market.door.client:
        figures = Month(market, ORDERS, SEED, lambda _done, what: seen.append(what)).run()

    assert figures["failures"] == []
    assert figures["placed"] == figures["applied"] >= ORDERS
    lost = sum(pushes["lost"] for pushes in figures["pushes"].values())
    doubled = sum(pushes["doubled"] for pushes in figures["pushes"].values())
    assert min(lost, doubled) > 0, "the faults were there"
