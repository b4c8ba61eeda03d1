"""What buyers, merchants and carriers do to a listing's figures."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.trade import Commits, Shop
from sandbox.world import Listing, NotPossible, Order, SoldOut

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)


def a_shop(quantity: int = 5, *, commits: Commits = Commits.AT_ORDER) -> tuple[Shop, Listing]:
    shop = Shop(commits=commits)
    bowl = Listing(key="bowl", title="Bowl", merchant_sku="B", price=1, on_hand=quantity, updated_at=NOON)
    shop.add(bowl)
    return shop, bowl


def buy(shop: Shop, quantity: int, *, paid: bool = True, cod: bool = False) -> Order:
    ids = itertools.count(1000 * len(shop.orders))
    number = str(len(shop.orders))
    order = shop.buy(number, [("bowl", quantity)], cod=cod, now=NOON, unit_id=lambda: str(next(ids)))
    if paid:
        shop.pay(order, NOON)
    return order


def figures(listing: Listing) -> tuple[int, int, int]:
    return listing.on_hand, listing.committed, listing.quantity


def test_an_order_lowers_what_is_shown_and_not_what_lies_there() -> None:
    shop, bowl = a_shop()
    buy(shop, 2, paid=False)
    assert figures(bowl) == (5, 2, 3)


def test_nobody_buys_more_than_is_shown_and_nothing_is_taken_then() -> None:
    shop, bowl = a_shop()
    with pytest.raises(SoldOut) as no:
        buy(shop, 6)
    assert (no.value.wanted, no.value.left) == (6, 5)
    assert figures(bowl) == (5, 0, 5)
    assert shop.orders == {}


def test_lines_of_one_listing_are_judged_together() -> None:
    shop, _ = a_shop()
    with pytest.raises(SoldOut):
        shop.buy("1", [("bowl", 3), ("bowl", 3)], cod=False, now=NOON, unit_id=lambda: "1")


def test_an_unpaid_order_lowers_nothing_where_payment_does_but_keeps_others_away() -> None:
    shop, bowl = a_shop(commits=Commits.AT_PAYMENT)
    order = buy(shop, 3, paid=False)
    assert (bowl.quantity, bowl.buyable) == (5, 2)
    with pytest.raises(SoldOut):
        buy(shop, 3)
    shop.pay(order, LATER)
    assert (bowl.quantity, bowl.buyable) == (2, 2)


def test_what_is_paid_on_delivery_is_taken_at_once_everywhere() -> None:
    shop, bowl = a_shop(commits=Commits.AT_PAYMENT)
    order = buy(shop, 3, paid=False, cod=True)
    assert figures(bowl) == (5, 3, 2)
    shop.ship(order, None, LATER)
    shop.pay(order, LATER)
    assert figures(bowl) == (2, 0, 2)


def test_an_unpaid_order_that_is_cancelled_keeps_nobody_away() -> None:
    shop, bowl = a_shop(commits=Commits.AT_PAYMENT)
    order = buy(shop, 3, paid=False)
    units = shop.cancel(order, None, restock=False, by="buyer", now=LATER)
    assert (bowl.quantity, bowl.buyable) == (5, 5)
    # They never left the figure, so nobody has to put them back.
    assert all(unit.restocked for unit in units)


def test_shipped_units_leave_the_building() -> None:
    shop, bowl = a_shop()
    order = buy(shop, 2)
    shop.ship(order, {"bowl": 1}, LATER)
    assert (figures(bowl), order.stage) == ((4, 1, 3), "partly_shipped")
    shop.ship(order, None, LATER)
    assert (figures(bowl), order.stage) == ((3, 0, 3), "shipped")


def test_what_is_not_paid_is_not_shipped_unless_paid_on_delivery() -> None:
    shop, _ = a_shop()
    with pytest.raises(NotPossible):
        shop.ship(buy(shop, 1, paid=False), None, LATER)
    shop.ship(buy(shop, 1, paid=False, cod=True), None, LATER)


@pytest.mark.parametrize(("restock", "shown"), [(True, 5), (False, 3)])
def test_cancelled_units_are_shown_again_only_if_restocked(restock: bool, shown: int) -> None:
    shop, bowl = a_shop()
    order = buy(shop, 2)
    shop.cancel(order, None, restock=restock, by="buyer", now=LATER)
    assert (figures(bowl), order.stage) == ((shown, 0, shown), "cancelled")


def test_what_was_shipped_cannot_be_cancelled_and_what_was_not_cannot_come_back() -> None:
    shop, _ = a_shop()
    order = buy(shop, 2)
    with pytest.raises(NotPossible):
        shop.take_back(order, None, restock=True, now=LATER)
    shop.ship(order, None, LATER)
    with pytest.raises(NotPossible):
        shop.cancel(order, None, restock=True, by="buyer", now=LATER)
    shop.take_back(order, {"bowl": 1}, restock=True, now=LATER)
    with pytest.raises(NotPossible):
        shop.take_back(order, {"bowl": 2}, restock=True, now=LATER)


def test_a_merchant_who_counts_less_than_was_sold_shows_a_negative_figure() -> None:
    shop, bowl = a_shop()
    buy(shop, 3)
    shop.set_on_hand("bowl", 1, LATER)
    assert (bowl.quantity, bowl.buyable) == (-2, 0)


def test_buyers_buy_what_a_promotion_keeps_first_and_it_gives_back_the_rest() -> None:
    shop, bowl = a_shop()
    shop.lock("bowl", 3, NOON)
    with pytest.raises(NotPossible):
        shop.lock("bowl", 3, NOON)
    buy(shop, 2)
    assert (bowl.locked, bowl.quantity) == (1, 3)
    assert shop.unlock("bowl", LATER) == 1
    assert (bowl.locked, bowl.quantity) == (0, 3)


def test_a_change_is_never_older_than_the_one_before() -> None:
    shop, _ = a_shop()
    order = buy(shop, 1)
    shop.ship(order, None, NOON - timedelta(hours=1))
    assert order.updated_at == NOON


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["buy", "pay", "ship", "cancel", "return", "write"]),
        st.integers(0, 3),
        st.integers(1, 3),
        st.booleans(),
    ),
    max_size=25,
)


@settings(max_examples=150, deadline=None)
@given(steps=STEPS, commits=st.sampled_from(Commits))
def test_figures_always_add_up_to_the_units_of_the_orders(
    steps: list[tuple[str, int, int, bool]], commits: Commits
) -> None:
    shop, bowl = a_shop(9, commits=commits)
    taken_away = 0
    for step, which, quantity, restock in steps:
        order = shop.orders.get(str(which))
        try:
            if step == "buy":
                buy(shop, quantity, paid=restock, cod=quantity == 1)
            elif step == "write":
                before = bowl.on_hand
                shop.set_available("bowl", quantity, LATER)
                taken_away += before - bowl.on_hand
            elif order is not None:
                if step == "pay":
                    shop.pay(order, LATER)
                elif step == "ship":
                    shop.ship(order, {"bowl": quantity}, LATER)
                elif step == "cancel":
                    shop.cancel(order, {"bowl": quantity}, restock=restock, by="buyer", now=LATER)
                else:
                    shop.take_back(order, {"bowl": quantity}, restock=restock, now=LATER)
        except (SoldOut, NotPossible):
            pass
        told = [(order, unit) for order in shop.orders.values() for unit in order.units]
        takes = [unit for order, unit in told if order.paid or order.cod or commits is Commits.AT_ORDER]
        assert bowl.committed == sum(unit.open for unit in takes)
        assert bowl.held == sum(unit.open for _, unit in told) - bowl.committed
        gone = sum((unit.shipped or unit.cancelled) and not unit.restocked for _, unit in told)
        assert bowl.on_hand == 9 - taken_away - gone
