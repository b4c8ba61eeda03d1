from __future__ import annotations

import pytest

from holdfast.domain.policy import Mode
from holdfast.runtime.settings import BadSettings, read_settings

GOOD = {
    "TABLE_NAME": "holdfast",
    "STAGE": "prod",
    "STEP_SECONDS": "60",
    "MARGIN_SECONDS": "30",
    "HOLD_SECONDS": "1200",
    "PAYMENT_WINDOW_SECONDS": "1800",
    "UNPAID_ORDER_SECONDS": "86400",
    "DEFAULT_MODE": "on_order",
    "LOCATIONS": "main, hue",
    "KEEP_ENDED_DAYS": "90",
    "REFUND_SECONDS": "259200",
    "HOLD_BUDGET": "scarce",
    "BUYER_LIMITS": "open_holds=5,reholds=10,held_minutes=480",
    "SKU_LIMITS": "open_holds=2,reholds=3,held_minutes=180,pause_seconds=300",
    "BUDGET_WINDOW_SECONDS": "86400",
    "RISK_RULES": "no_paid_order:monitor:30,just_registered:monitor:30:7,inactive:off:30:30,rarely_pays:on:30:75",
    "RISK_ACTIONS": "floor=60,shorter_hold=60,refuse=90",
    "SHORT_HOLD_SECONDS": "600",
}


def test_the_environment_becomes_one_value() -> None:
    settings = read_settings(GOOD)

    assert (settings.table_name, settings.stage) == ("holdfast", "prod")
    assert settings.policy.default_mode is Mode.ON_ORDER
    assert settings.policy.locations == ("main", "hue")
    assert settings.policy.keep_ended_seconds == 90 * 86_400


def test_a_margin_may_be_a_part_of_a_second() -> None:
    assert read_settings(GOOD | {"MARGIN_SECONDS": "0.5"}).policy.margin_seconds == 0.5


def test_all_missing_names_are_told_at_once() -> None:
    with pytest.raises(BadSettings) as refused:
        read_settings({})

    assert {each.split(" ")[0] for each in refused.value.wrong} == set(GOOD)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STEP_SECONDS", "0"),
        ("STEP_SECONDS", "1.5"),
        ("MARGIN_SECONDS", "-1"),
        ("MARGIN_SECONDS", "nan"),
        ("MARGIN_SECONDS", "inf"),
        ("HOLD_SECONDS", "soon"),
        ("DEFAULT_MODE", "first_come"),
        ("LOCATIONS", "main,main"),
        ("LOCATIONS", "main,"),
        ("LOCATIONS", "a warehouse"),
        ("KEEP_ENDED_DAYS", "30"),
        ("HOLD_SECONDS", "259201"),
        ("PAYMENT_WINDOW_SECONDS", "259201"),
        ("TABLE_NAME", "   "),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSettings, match=name) as refused:
        read_settings(GOOD | {name: value})

    assert len(refused.value.wrong) == 1


def test_limits_and_rules_become_values() -> None:
    budget = read_settings(GOOD).policy.budget

    assert (budget.of_buyer.open_holds, budget.of_sku.pause_seconds, budget.of_sku.units) == (5, 300, 0)
    assert [(rule.code, rule.force.value, rule.threshold) for rule in budget.rules][1] == (
        "just_registered",
        "monitor",
        7,
    )
    assert (budget.actions.refuse, budget.actions.on_payment) == (90, 0)


def test_none_is_no_limit_no_rule_and_no_action() -> None:
    nothing = {"BUYER_LIMITS": "none", "SKU_LIMITS": "none", "RISK_RULES": "none", "RISK_ACTIONS": "none"}
    budget = read_settings(GOOD | nothing).policy.budget

    assert not budget.of_buyer.any
    assert budget.rules == ()
    assert budget.actions.at(10_000).value == "allow"


def test_the_template_defaults_are_those_of_the_code() -> None:
    from bench.startup import budget_environment
    from holdfast.domain.policy import BudgetPolicy
    from holdfast.domain.risk import Force

    told = read_settings(GOOD | budget_environment()).policy.budget
    usual = BudgetPolicy()

    assert told.rules == tuple(rule for rule in usual.rules if rule.force is not Force.OFF)
    assert (told.kept, told.of_buyer, told.of_sku, told.actions) == (
        usual.kept,
        usual.of_buyer,
        usual.of_sku,
        usual.actions,
    )
    assert (told.window_seconds, told.short_hold_seconds) == (usual.window_seconds, usual.short_hold_seconds)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOLD_BUDGET", "some"),
        ("BUYER_LIMITS", "open_holds"),
        ("BUYER_LIMITS", "open_holds=1,open_holds=2"),
        ("SKU_LIMITS", "bottles=3"),
        ("SKU_LIMITS", "units=-1"),
        ("SKU_LIMITS", "open_holds=31"),
        ("BUYER_LIMITS", "reholds=31"),
        ("RISK_RULES", "no_paid_order:on"),
        ("RISK_RULES", "no_paid_order:sometimes:30"),
        ("RISK_RULES", "bad_hair:on:30"),
        ("RISK_RULES", "inactive:on:30:2,inactive:off:30:2"),
        ("RISK_ACTIONS", "ban=90"),
        ("SHORT_HOLD_SECONDS", "0"),
    ],
)
def test_a_wrong_limit_or_rule_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSettings, match=name):
        read_settings(GOOD | {name: value})
