"""A shop where the merchant keeps its stock: what it has on hand is a count."""

import pytest

from holdfast.channels.protocol import Shown, StockChanged
from holdfast.domain.market import Stage
from holdfast.services.orders.apply_order import apply_delivery, apply_order
from holdfast.services.orders.stock_home import count_home
from tests.support.market import Fair


@pytest.fixture
def fair() -> Fair:
    fair = Fair()
    fair.connect(stock_home=True)
    fair.world.sell("kettle", main=10)
    fair.map("1~0", kettle=1)
    return fair


def shows(fair: Fair, quantity: int, *, on_hand: int | None) -> None:
    fair.market.shown["1~0"] = Shown(listing="1~0", quantity=quantity, on_hand=on_hand)


def test_a_change_of_stock_there_is_read_anew_and_counted(fair: Fair) -> None:
    shows(fair, 4, on_hand=7)
    changed = StockChanged(item="1~0", location=None, quantity=999, at=fair.world.clock())
    fair.market.deliveries.append((changed,))
    apply_delivery(fair.intake, fair.delivered())

    assert fair.world.level().on_hand == 7
    assert fair.world.faults() == []


def test_the_same_figure_again_writes_nothing(fair: Fair) -> None:
    shows(fair, 10, on_hand=10)

    assert count_home(fair.intake, fair.shop, ["1~0"]) == 0


def test_a_count_twice_is_one_count(fair: Fair) -> None:
    shows(fair, 7, on_hand=7)
    assert count_home(fair.intake, fair.shop, ["1~0"]) == 1
    assert count_home(fair.intake, fair.shop, ["1~0"]) == 0

    assert fair.world.level().on_hand == 7


def test_a_shop_that_is_no_home_tells_nothing_of_our_stock(fair: Fair) -> None:
    fair.connect(stock_home=False)
    shows(fair, 1, on_hand=1)
    fair.market.deliveries.append((StockChanged(item="1~0", location=None, quantity=1, at=fair.world.clock()),))
    apply_delivery(fair.intake, fair.delivered())

    assert fair.world.level().on_hand == 10


def test_a_bundle_tells_nothing_of_a_sku(fair: Fair) -> None:
    fair.map("1~0", kettle=2)
    shows(fair, 3, on_hand=3)

    assert count_home(fair.intake, fair.shop, ["1~0"]) == 0


def test_where_only_what_is_for_sale_is_told_its_own_paid_orders_are_in_the_building_besides(fair: Fair) -> None:
    apply_order(fair.intake, fair.shop, fair.order("A1", lines={"1~0": 2}), heard_by="webhook")
    apply_order(fair.intake, fair.shop, fair.order("A2", Stage.UNPAID, lines={"1~0": 3}), heard_by="webhook")
    fair.world.stream()
    shows(fair, 8, on_hand=None)

    assert count_home(fair.intake, fair.shop, ["1~0"]) == 0
    assert fair.world.level().on_hand == 10


def test_after_an_order_of_the_home_ships_its_figure_is_read_again(fair: Fair) -> None:
    apply_order(fair.intake, fair.shop, fair.order("A1", lines={"1~0": 2}), heard_by="webhook")
    shows(fair, 8, on_hand=8)
    count_home(fair.intake, fair.shop, ["1~0"])  # the home shipped, and said so before it told of the order
    fair.world.clock.forward(seconds=5)
    apply_order(fair.intake, fair.shop, fair.order("A1", Stage.SHIPPED, lines={"1~0": 2}), heard_by="webhook")
    assert fair.world.level().on_hand == 6

    for message in fair.queue.take():
        apply_delivery(fair.intake, message)
    assert (fair.world.level().on_hand, fair.world.level().available) == (8, 8)
