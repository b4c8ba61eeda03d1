"""One buyer with many hands, straight on the table of a real engine: nobody passes a limit, whatever the race."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from holdfast.domain.budget import Kept, Limits
from holdfast.domain.policy import BudgetPolicy, Policy
from holdfast.domain.reservation import Wanted
from holdfast.services.reservations.command_reservation import begin_payment, change, commit, release
from tests.support.engines import on_every_engine
from tests.support.lost_reply import LosesReplies
from tests.support.shop_floor import ShopFloor, all_at_once, told

pytestmark = [on_every_engine, pytest.mark.timeout(180)]


def budget(**limits: int) -> Policy:
    return Policy(budget=BudgetPolicy(kept=Kept.ALL, of_buyer=Limits(), of_sku=Limits(**limits), rules=()))


@pytest.fixture
def shop(engine_client: Any) -> ShopFloor:
    return ShopFloor(engine_client, policy=budget(open_holds=2))


@pytest.mark.parametrize("in_one_process", [True, False])
def test_fifty_requests_of_one_buyer_hold_exactly_as_many_as_he_may(shop: ShopFloor, in_one_process: bool) -> None:
    bottle = shop.sell("bottle", 100)
    by = shop.context() if in_one_process else None
    answers = all_at_once(partial(shop.hold, each, {bottle: 1}, by=by) for each in range(50))

    assert (answers.count("held"), answers.count("hold_budget")) == (2, 48)
    assert shop.level(bottle).reserved == 2
    assert shop.faults() == []


def test_fifty_requests_of_a_buyer_never_seen_hold_exactly_as_many_as_he_may(engine_client: Any) -> None:
    shop = ShopFloor(engine_client, policy=budget(units=3))
    bottle = shop.sell("bottle", 100)
    answers = all_at_once(partial(shop.hold, each, {bottle: 1}) for each in range(50))

    assert (answers.count("held"), answers.count("hold_budget")) == (3, 47)
    assert shop.level(bottle).reserved == 3
    assert shop.faults() == []


def test_one_request_from_fifty_threads_counts_once(shop: ShopFloor) -> None:
    bottle = shop.sell("bottle", 100)
    answers = all_at_once(partial(shop.hold, "same", {bottle: 1}) for _ in range(50))

    assert set(answers) == {"held"}
    assert told(partial(shop.hold, "second", {bottle: 1})) == "held"
    assert told(partial(shop.hold, "third", {bottle: 1})) == "hold_budget"


def test_late_payments_at_once_are_held_to_the_budget_too(shop: ShopFloor) -> None:
    """Six of his holds have ended, two at a time; he begins to pay for all of them at once."""
    bottle = shop.sell("bottle", 100)
    for each in range(6):
        assert told(partial(shop.hold, each, {bottle: 1})) == "held"
        shop.clock.forward(minutes=13)
    shop.clock.forward(minutes=30)
    orders = [shop.order_id(each) for each in range(6)]
    answers = all_at_once(partial(begin_payment, shop.context(), each) for each in orders)

    assert (answers.count("held"), answers.count("hold_budget")) == (2, 4)
    wheel = shop.level(bottle).wheel
    assert wheel[max(wheel)] == 2
    assert shop.faults() == []


def test_changes_of_two_orders_at_once_pass_no_limit_of_units(engine_client: Any) -> None:
    shop = ShopFloor(engine_client, policy=budget(units=6))
    bottle = shop.sell("bottle", 100)
    for each in ("left", "right"):
        shop.hold(each, {bottle: 1})
    changes = [
        partial(change, shop.context(), shop.order_id(each), lines=[Wanted(bottle, units)])
        for units in range(2, 7)
        for each in ("left", "right")
    ]
    answers = all_at_once(changes)

    assert set(answers) <= {"held", "hold_budget", "refused_by_policy"}
    assert "held" in answers
    assert shop.level(bottle).reserved <= 6
    assert shop.faults() == []


def test_a_storm_of_one_buyer_leaves_him_within_his_budget(shop: ShopFloor) -> None:
    bottle = shop.sell("bottle", 100)
    context = shop.context()
    calls = []
    for each in range(40):
        order = shop.order_id(each // 2)
        calls += [
            partial(shop.hold, each // 2, {bottle: 1}),
            partial(release, context, order) if each % 3 else partial(commit, context, order, payment_id="pay"),
        ]
    answers = all_at_once(calls)

    assert {"held", "hold_budget", "committed"} <= set(answers)
    assert shop.level(bottle).reserved <= 2
    assert shop.faults() == []


def test_lost_replies_count_nothing_twice(engine_client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    shop = ShopFloor(engine_client, policy=budget(units=4))
    bottle = shop.sell("bottle", 100)
    lost = LosesReplies(engine_client, lambda number: number % 2 == 0)
    answers = [told(partial(shop.hold, each, {bottle: 1})) for each in range(4)]
    lost.stop()

    assert answers == ["held"] * 4
    assert lost.lost > 0
    assert told(partial(shop.hold, "fifth", {bottle: 1})) == "hold_budget"
    assert shop.faults() == []
