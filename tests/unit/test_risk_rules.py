"""Rules that weigh the buyer of scarce goods: what hits whom, what comes of it, and what is only counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from holdfast.domain.budget import Kept, Limits
from holdfast.domain.errors import PolicyRefused
from holdfast.domain.policy import BudgetPolicy, Mode, Policy, Sku
from holdfast.domain.reservation import State
from holdfast.domain.risk import (
    CHECKS,
    DEFAULT_RULES,
    Action,
    Actions,
    Facts,
    Force,
    Rule,
    Signals,
    Verdict,
    weigh,
)
from holdfast.services.reservations.look_at_buyer import allow_buyer, list_ruled, look_at_buyer
from holdfast.services.stock.look_up import put_sku
from tests.support.world import NOON, World

SCALPER = Facts(registered_at=NOON - timedelta(days=2), last_active_at=NOON - timedelta(days=40), paid_orders=0)
NEWCOMER = Facts(registered_at=NOON - timedelta(days=1), last_active_at=NOON, paid_orders=0)
REGULAR = Facts(registered_at=NOON - timedelta(days=900), last_active_at=NOON - timedelta(days=1), paid_orders=8)
ON = tuple(replace(rule, force=Force.ON) for rule in DEFAULT_RULES)


def judged(facts: Facts, rules: tuple[Rule, ...] = ON, actions: Actions = Actions(), **more: Any) -> Verdict:  # noqa: B008  # frozen
    return weigh(rules, actions, Signals(facts=facts, now=NOON, **more))


def shop(rules: tuple[Rule, ...], *, actions: Actions | None = None, mode: Mode | None = None) -> World:
    budget = BudgetPolicy(kept=Kept.SCARCE, of_buyer=Limits(), of_sku=Limits(open_holds=9), rules=rules)
    world = World(policy=Policy(budget=replace(budget, actions=actions or Actions())))
    world.sell("bottle", main=50)
    put_sku(world.context, Sku(sku="bottle", scarce=True, mode=mode))
    return world


def test_each_rule_has_its_check() -> None:
    assert {rule.code for rule in DEFAULT_RULES} == set(CHECKS)


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        (SCALPER, ("no_paid_order", "just_registered", "inactive")),
        (NEWCOMER, ("no_paid_order", "just_registered")),
        (REGULAR, ()),
        (Facts(), ()),
        (Facts(paid_orders=1, registered_at=NOON - timedelta(days=7)), ()),
        (Facts(registered_at=NOON + timedelta(minutes=5)), ("just_registered",)),
        (Facts(last_active_at=NOON - timedelta(days=30)), ("inactive",)),
    ],
)
def test_which_rules_apply_to_whom(facts: Facts, codes: tuple[str, ...]) -> None:
    assert judged(facts).reasons == codes


@pytest.mark.parametrize(
    ("points", "action"),
    [(0, Action.ALLOW), (59, Action.ALLOW), (60, Action.SHORTER_HOLD), (89, Action.SHORTER_HOLD), (90, Action.REFUSE)],
)
def test_points_lead_to_the_severest_action_they_reach(points: int, action: Action) -> None:
    assert Actions().at(points) is action


def test_the_floor_may_begin_before_a_shorter_hold() -> None:
    assert Actions(floor=30).at(30) is Action.FLOOR
    assert judged(Facts(paid_orders=0), actions=Actions(floor=30)).untrusted
    assert not judged(Facts(paid_orders=0)).untrusted


def test_an_action_of_zero_points_is_never_taken() -> None:
    assert Actions(floor=0, shorter_hold=0, on_payment=0, refuse=0).at(1_000) is Action.ALLOW


def test_a_rule_in_monitor_mode_tells_what_it_would_have_done_beside_those_that_act() -> None:
    rules = (
        Rule(code="no_paid_order", force=Force.ON, points=60),
        Rule(code="inactive", force=Force.MONITOR, points=30, threshold=30),
    )
    verdict = judged(SCALPER, rules)

    assert (verdict.action, verdict.points, verdict.reasons) == (Action.SHORTER_HOLD, 60, ("no_paid_order",))
    assert [(hit.code, hit.acted, hit.action) for hit in verdict.hits] == [
        ("no_paid_order", True, Action.SHORTER_HOLD),
        ("inactive", False, Action.REFUSE),
    ]


def test_who_rarely_pays_is_known_by_three_holds_that_ran_out() -> None:
    assert judged(REGULAR, expired=2, paid=0).reasons == ()
    assert judged(REGULAR, expired=3, paid=1).reasons == ("rarely_pays",)
    assert judged(REGULAR, expired=3, paid=2).reasons == ()


def test_a_crowd_of_newcomers_is_told_from_a_crowd_of_regulars() -> None:
    assert "newcomers_crowd" in judged(NEWCOMER, crowd=20).reasons
    assert "newcomers_crowd" not in judged(NEWCOMER, crowd=19).reasons
    assert "newcomers_crowd" not in judged(REGULAR, crowd=20).reasons


def test_a_refused_newcomer_is_told_when_time_alone_will_help() -> None:
    actions = Actions(refuse=60)
    assert judged(NEWCOMER, actions=actions).until == NOON + timedelta(days=6)
    assert judged(SCALPER, actions=actions).until is None, "two other reasons stay"


# ---- As the buyer meets them


def test_by_default_every_rule_only_watches() -> None:
    world = shop(DEFAULT_RULES)
    record = world.hold("order", "bottle", facts=SCALPER).record

    assert (record.state, record.hold_seconds, record.untrusted) == (State.HELD, 1_200, False)
    assert [hit.acted for hit in record.hits] == [False, False, False]
    assert world.counted["RuleWouldAct_inactive"] == 1


def test_whom_the_rules_refuse_nothing_is_written_but_a_note_a_minute() -> None:
    world = shop(ON)
    reasons: list[tuple[str, ...]] = []
    for each in range(5):
        with pytest.raises(PolicyRefused) as refused:
            world.hold(f"order {each}", "bottle", facts=SCALPER)
        reasons.append(refused.value.reasons)
    world.stream()

    assert reasons[0] == ("no_paid_order", "just_registered", "inactive")
    assert [key.sk for key in world.raw.items if key.pk == "BUYER#lan"] == [
        f"REFUSED#{int(NOON.timestamp()):010d}#refused_by_policy"
    ]
    assert world.level("bottle").available == 50
    [told], _ = list_ruled(world.context, NOON.date(), limit=10, start=None)
    assert (told.code, [hit.action for hit in told.hits]) == ("refused_by_policy", [Action.REFUSE] * 3)
    [why] = look_at_buyer(world.context, "lan").refusals
    assert [why.reasons] * 5 == reasons


def test_a_shorter_hold_is_shorter_and_never_longer() -> None:
    world = shop(ON)
    record = world.hold("order", "bottle", facts=NEWCOMER).record
    assert (record.hold_seconds, record.untrusted) == (600, True)

    brief = world.hold("brief", "bottle", facts=NEWCOMER, hold_seconds=60, buyer_id="minh").record
    assert brief.hold_seconds == 60


def test_on_payment_instead_of_a_hold_takes_nothing() -> None:
    world = shop(ON, actions=Actions(floor=0, shorter_hold=0, on_payment=60, refuse=0))
    record = world.hold("order", "bottle", facts=NEWCOMER).record

    assert (record.state, record.mode, record.budgeted) == (State.OPEN, Mode.ON_PAYMENT, False)
    assert world.level("bottle").available == 50
    assert world.pay("order").outcome == "committed"


def test_the_allow_list_lifts_the_rules_and_not_the_budget() -> None:
    world = shop(ON)
    allow_buyer(world.context, "lan", allowed=True, note="the bar next door")
    for each in range(9):
        assert world.hold(f"order {each}", "bottle", facts=SCALPER, by=world.another_process()).record.hits == ()
    with pytest.raises(Exception, match="open_holds"):
        world.hold("order 10", "bottle", facts=SCALPER)
    seen = allow_buyer(world.context, "lan", allowed=False, note=None)
    assert (seen.buyer.allowed, len(seen.buyer.entries)) == (False, 9)
    with pytest.raises(PolicyRefused):
        world.hold("order 11", "bottle", facts=SCALPER)


def test_the_facts_do_not_make_another_order() -> None:
    world = shop(DEFAULT_RULES)
    first = world.hold("order", "bottle", facts=NEWCOMER)

    assert world.hold("order", "bottle", facts=REGULAR).record == first.record
    assert "registered_at" not in str(world.raw.items), "nothing personal is stored"


def test_a_repeated_request_of_someone_the_rules_have_come_to_refuse_is_answered() -> None:
    world = shop(ON)
    world.hold("order", "bottle", facts=REGULAR)

    assert not world.hold("order", "bottle", facts=SCALPER).first


def test_the_twentieth_newcomer_in_five_minutes_makes_a_crowd() -> None:
    rule = Rule(code="newcomers_crowd", force=Force.ON, points=90, threshold=20)
    world = shop((rule,))
    for each in range(19):
        world.hold(f"order {each}", "bottle", facts=NEWCOMER, buyer_id=f"buyer {each}")
    with pytest.raises(PolicyRefused) as refused:
        world.hold("order 20", "bottle", facts=NEWCOMER)

    assert refused.value.retry_at == NOON + timedelta(minutes=5)
    assert world.hold("old friend", "bottle", facts=REGULAR).first
    world.clock.forward(minutes=5)
    assert world.hold("order 21", "bottle", facts=NEWCOMER).first


def test_an_order_of_ordinary_goods_is_not_weighed() -> None:
    world = shop(ON)
    world.sell("tea", main=5)

    assert world.hold("order", "tea", facts=SCALPER).record.hits == ()
