"""Many at once, straight on the table of a real engine: nothing is sold twice, and the account is exact at the end."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

import pytest

from holdfast.domain.policy import Mode
from holdfast.services.reservations.command_reservation import begin_payment, commit, release, ship
from holdfast.services.stock.fold_level import fold_level
from tests.support.engines import on_every_engine
from tests.support.shop_floor import ShopFloor, all_at_once

pytestmark = [on_every_engine, pytest.mark.timeout(180)]


@pytest.fixture
def shop(engine_client: Any) -> ShopFloor:
    return ShopFloor(engine_client)


def test_two_hundred_buyers_for_the_last_unit(shop: ShopFloor) -> None:
    kettle = shop.sell("kettle", 1)
    answers = all_at_once(partial(shop.hold, each, {kettle: 1}) for each in range(200))
    assert (answers.count("held"), answers.count("insufficient_stock")) == (1, 199)
    assert (shop.level(kettle).available, shop.level(kettle).reserved) == (0, 1)
    assert shop.faults() == []


def test_buyers_of_one_process_for_the_last_ten_units(shop: ShopFloor) -> None:
    """They share the memory of shortages: it may cost a look, never a unit."""
    kettle, process = shop.sell("kettle", 10), shop.context()
    answers = all_at_once(partial(shop.hold, each, {kettle: 1}, by=process) for each in range(60))
    assert (answers.count("held"), answers.count("insufficient_stock")) == (10, 50)
    assert shop.faults() == []


def test_the_same_client_id_from_fifty_threads_holds_once(shop: ShopFloor) -> None:
    kettle = shop.sell("kettle", 50)
    answers = all_at_once(partial(shop.hold, "same", {kettle: 2}) for _ in range(50))
    assert set(answers) == {"held"}
    assert (shop.level(kettle).available, shop.level(kettle).reserved) == (48, 2)
    assert shop.faults() == []


def test_the_same_client_id_with_the_last_unit_is_never_told_sold_out(shop: ShopFloor) -> None:
    kettle = shop.sell("kettle", 1)
    answers = all_at_once(partial(shop.hold, "same", {kettle: 1}) for _ in range(50))
    assert set(answers) == {"held"}
    assert shop.faults() == []


def test_two_lines_in_opposite_order_neither_lock_nor_split(shop: ShopFloor) -> None:
    kettle, cup = shop.sell("kettle", 12), shop.sell("cup", 8)
    baskets = [{kettle: 1, cup: 1}, {cup: 1, kettle: 1}]
    answers = all_at_once(partial(shop.hold, each, baskets[each % 2]) for each in range(40))
    assert (answers.count("held"), answers.count("insufficient_stock")) == (8, 32)
    assert (shop.level(kettle).reserved, shop.level(cup).reserved) == (8, 8)
    assert shop.faults() == []


def test_a_hundred_pay_for_one_unit_and_exactly_one_is_served(shop: ShopFloor) -> None:
    kettle = shop.sell("kettle", 1, mode=Mode.ON_PAYMENT)
    assert set(all_at_once(partial(shop.hold, each, {kettle: 1}) for each in range(100))) == {"open"}
    orders = [shop.order_id(each) for each in range(100)]
    outcomes = all_at_once(partial(commit, shop.context(), each, payment_id=f"of {each}") for each in orders)
    assert (outcomes.count("committed"), outcomes.count("refund_due")) == (1, 99)
    assert (shop.level(kettle).available, shop.level(kettle).committed) == (0, 1)
    assert shop.faults() == []


def test_one_payment_told_fifty_times_is_written_down_once(shop: ShopFloor) -> None:
    kettle = shop.sell("kettle", 5)
    shop.hold("order", {kettle: 1})
    order = shop.order_id("order")
    outcomes = all_at_once(partial(commit, shop.context(), order, payment_id="pay") for _ in range(50))
    assert set(outcomes) == {"committed"}
    assert (shop.level(kettle).available, shop.level(kettle).committed) == (4, 1)
    assert shop.faults() == []


def test_the_fold_of_a_minute_against_its_payers(shop: ShopFloor) -> None:
    """Twenty holds end in one minute; all pay late while others fold the minute and want the units."""
    kettle = shop.sell("kettle", 20)
    for each in range(20):
        shop.hold(each, {kettle: 1})
    shop.clock.forward(minutes=25)
    orders = [shop.order_id(each) for each in range(20)]

    def fold() -> int:
        context = shop.context()
        fold_level(context, shop.level(kettle), now=shop.clock.now)
        return 0

    calls = [partial(commit, shop.context(), each, payment_id="pay") for each in orders]
    wants = [partial(shop.hold, f"wants {each}", {kettle: 1}) for each in range(20)]
    mixed = [call for trio in zip(calls, wants, [fold] * 20, strict=True) for call in trio]
    answers = all_at_once(mixed)
    paid, wanted = answers[0::3], answers[1::3]
    assert set(paid) <= {"committed", "refund_due"}
    assert set(wanted) <= {"held", "insufficient_stock"}
    assert paid.count("committed") + wanted.count("held") == 20, "every unit went to exactly one of them"
    assert shop.level(kettle).available == 0
    assert shop.faults() == []


@pytest.mark.parametrize("seed", [1, 2])
def test_a_storm_of_everything_leaves_an_exact_account(shop: ShopFloor, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # a seeded storm, not a secret
    skus = [shop.sell("kettle", 15), shop.sell("cup", 10), shop.sell("tea", 10, mode=Mode.ON_ORDER)]
    for each in range(20):
        shop.hold(f"early {each}", {skus[each % 3]: 1})
    shop.clock.forward(minutes=25)

    def fold(sku: str) -> int:
        fold_level(shop.context(), shop.level(sku), now=shop.clock.now)
        return 0

    def any_act(number: int) -> Any:
        order = shop.order_id(chance.choice([f"early {chance.randrange(20)}", f"late {chance.randrange(30)}"]))
        basket = {sku: chance.randint(1, 2) for sku in chance.sample(skus, chance.randint(1, 2))}
        return chance.choice(
            [
                partial(shop.hold, f"late {number % 30}", basket),
                partial(commit, shop.context(), order, payment_id="pay"),
                partial(release, shop.context(), order),
                partial(begin_payment, shop.context(), order),
                partial(ship, shop.context(), order),
                partial(fold, chance.choice(skus)),
            ]
        )

    answers = all_at_once([any_act(number) for number in range(240)])
    assert {"held", "committed", "released"} <= set(answers), "the storm did something"
    assert shop.faults() == []
    for sku in skus:
        assert shop.level(sku).available >= 0, "no buyer made it negative"
