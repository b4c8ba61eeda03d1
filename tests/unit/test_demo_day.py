"""The plan of the demo's day: real orders, real delays, the same every time."""

import itertools

from demo import day
from demo.delays import Delays, read_delays
from demo.orders import read_goods, read_sales

ORDERS, GOODS, DELAYS = read_sales(), read_goods(), read_delays()
BUYERS = day.plan(ORDERS, DELAYS)
ORDERED: dict[str, int] = {}
for _order in ORDERS:
    for _line in _order.lines:
        ORDERED[_line.sku] = ORDERED.get(_line.sku, 0) + _line.quantity


def test_the_day_has_62_sales_of_589_goods_and_no_cancellations() -> None:
    assert (len(ORDERS), len(GOODS)) == (62, 589)
    assert not [order.number for order in ORDERS if order.number.startswith("C")]
    assert all(line.quantity > 0 for order in ORDERS for line in order.lines)


def test_the_invoice_without_a_customer_gets_one() -> None:
    [order] = [order for order in ORDERS if order.number == "536414"]
    assert order.customer
    assert all(each.customer for each in ORDERS)


def test_lines_of_one_sku_are_summed() -> None:
    for order in ORDERS:
        skus = [line.sku for line in order.lines]
        assert len(set(skus)) == len(skus)
    assert sum(len(order.lines) for order in ORDERS) == 934


def test_orders_come_in_the_order_of_their_time_and_never_at_once() -> None:
    arrivals = [buyer.submits_at for buyer in BUYERS]
    assert [buyer.order.at for buyer in BUYERS] == sorted(order.at for order in ORDERS)
    assert all(later - earlier >= 0.09 for earlier, later in itertools.pairwise(arrivals))


def test_three_minutes_of_the_day_take_a_second() -> None:
    assert day.seconds(3) == 1
    assert BUYERS[-1].submits_at == (ORDERS[-1].at - ORDERS[0].at).total_seconds() / 180


def test_the_stack_is_scaled_as_the_day_is() -> None:
    assert day.stack_parameters() == {
        "StepSeconds": "1",
        "MarginSeconds": "0.5",
        "HoldSeconds": "7",
        "PaymentWindowSeconds": "10",
        "UnpaidOrderSeconds": "480",
    }


def test_delays_lie_on_straight_lines_between_the_quantiles() -> None:
    delays = Delays(((0.5, 20.0), (1.0, 120.0)))
    assert [delays.minutes(share) for share in (0.25, 0.5, 0.75, 1.0)] == [10.0, 20.0, 70.0, 120.0]
    assert DELAYS.minutes(0.5) == 21.0


def test_payments_follow_the_quantiles_of_real_delays() -> None:
    paid = [buyer.pays_after for buyer in BUYERS if buyer.pays_after is not None]
    within_a_hold = sum(after <= day.seconds(day.HOLD_MINUTES) for after in paid)
    assert abs(within_a_hold / len(BUYERS) - 0.49) < 0.02
    assert max(paid) <= day.seconds(day.PATIENCE_MINUTES)


def test_a_tenth_of_those_who_never_pay_release_while_they_hold() -> None:
    unpaid = [buyer for buyer in BUYERS if buyer.pays_after is None]
    released = [buyer.releases_after for buyer in unpaid if buyer.releases_after is not None]
    assert len(released) == round(len(unpaid) / 10)
    assert all(0 < after < day.seconds(day.HOLD_MINUTES) for after in released)
    assert all(buyer.begins_after is None for buyer in unpaid)


def test_only_payments_within_the_payment_window_begin_on_the_payment_page() -> None:
    for buyer in BUYERS:
        if buyer.pays_after is not None:
            quick = buyer.pays_after <= day.seconds(day.PAYMENT_WINDOW_MINUTES)
            assert (buyer.begins_after is not None) is quick
            assert buyer.begins_after is None or 0 <= buyer.begins_after <= buyer.pays_after


def test_the_plan_is_the_same_every_time_and_another_with_another_seed() -> None:
    assert day.plan(ORDERS, DELAYS) == BUYERS
    assert day.plan(ORDERS, DELAYS, seed=1) != BUYERS
    assert day.stock(ORDERS, GOODS) == day.stock(ORDERS, GOODS)


def test_a_tenth_of_the_goods_is_stocked_with_less_than_was_ordered() -> None:
    stock = day.stock(ORDERS, GOODS)
    scarce = [sku for sku, units in ORDERED.items() if stock[sku] < units]
    assert len(scarce) == 58
    assert set(stock) == set(GOODS)
    assert all(units > 0 for units in stock.values())
    assert all(stock[sku] == units for sku, units in ORDERED.items() if sku not in scarce)
