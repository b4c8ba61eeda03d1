"""The scripted drop in simulated time: the whole crowd, the real services, the same every time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from demo.delays import read_delays
from demo.drop import simulated
from demo.drop.crowd import FULL, SHORT, Size, crowd
from demo.drop.figures import failures
from demo.drop.parameters import ACTIONS, FLOOR, OF_BUYER, OF_SKU, RULES, policy, stack_parameters
from holdfast.domain.policy import Sku
from holdfast.runtime.risk_settings import actions_from, limits_from, rules_from
from holdfast.services.stock.look_up import put_sku
from tests.support.world import World, make_context

SEEDS = (1, 2)


def sold(size: Size, *, ruled: bool, seed: int) -> tuple[dict[str, Any], World]:
    world = World()
    world.sell("bottle", main=size.bottles)
    if ruled:
        put_sku(world.context, Sku(sku="bottle", scarce=True, floor=min(FLOOR, size.bottles // 10)))
    found = simulated.run(
        size,
        read_delays(),
        sku="bottle",
        context_of=lambda clock: make_context(world.raw, clock=clock, policy=policy()),  # type: ignore[arg-type]  # any clock
        seed=seed,
    )
    return found, world


@pytest.mark.parametrize("seed", SEEDS)
def test_with_rules_the_regular_buyers_get_the_bottles_and_newcomers_some(seed: int) -> None:
    found, world = sold(FULL, ruled=True, seed=seed)

    assert found["regular_share"] >= 0.95
    assert found["newcomer_share"] >= 0.05
    assert found["unsold_units"] <= 2
    assert found["oversold_units"] == 0
    assert world.faults() == []


@pytest.mark.parametrize("seed", SEEDS)
def test_without_rules_the_scalpers_get_most(seed: int) -> None:
    found, world = sold(FULL, ruled=False, seed=seed)

    assert found["scalper_share"] > 0.5
    assert found["oversold_units"] == 0
    assert found["expired"] > sold(FULL, ruled=True, seed=seed)[0]["expired"]
    assert world.faults() == []


def test_the_short_form_is_a_drop_too() -> None:
    found = {name: sold(SHORT, ruled=name == "with_rules", seed=1)[0] for name in ("without_rules", "with_rules")}

    assert failures(found) == []


def test_the_crowd_is_the_same_every_time_and_as_large_as_was_said() -> None:
    now = datetime(2026, 3, 4, 12, tzinfo=UTC)
    people = crowd(FULL, read_delays(), now=now, seed=1)

    assert people == crowd(FULL, read_delays(), now=now, seed=1)
    kinds = [each.kind for each in people]
    assert (kinds.count("scalper"), kinds.count("regular"), kinds.count("newcomer")) == (700, 240, 60)
    assert all(each.facts["paid_orders"] == 0 for each in people if each.kind != "regular")


def test_the_stack_is_set_as_the_simulation_is() -> None:
    told = stack_parameters(30)

    assert rules_from(told["RiskRules"]) == RULES
    assert actions_from(told["RiskActions"]) == ACTIONS
    assert limits_from(told["SkuLimits"]).open_holds == OF_SKU.open_holds
    assert limits_from(told["BuyerLimits"]).reholds == OF_BUYER.reholds
    assert (told["StepSeconds"], told["HoldSeconds"], told["ShortHoldSeconds"]) == ("2", "40", "20")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"oversold_units": 1}, "oversold"),
        ({"unsold_units": 3, "paid": 47}, "unsold"),
        ({"regular_share": 0.94}, "regular"),
        ({"newcomer_share": 0.0}, "newcomer"),
        ({"paid": 49}, "level says otherwise"),
    ],
)
def test_a_drop_that_went_wrong_says_so(wrong: dict[str, Any], says: str) -> None:
    good = {"bottles": 50, "paid": 50, "regular_share": 1.0, "newcomer_share": 0.1, "unsold_units": 0}
    good |= {"oversold_units": 0}
    assert failures({"without_rules": good, "with_rules": good}) == []
    assert any(says in each for each in failures({"without_rules": good, "with_rules": good | wrong}))
