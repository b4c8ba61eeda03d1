"""How the stack is set for a drop: the rules on, and all times as much shorter as the sale is."""

from __future__ import annotations

import math

from holdfast.domain.budget import Limits
from holdfast.domain.policy import BudgetPolicy, Policy
from holdfast.domain.risk import Actions, Force, Rule

FLOOR = 5
HOLD_MINUTES, SHORT_HOLD_MINUTES, PAYMENT_WINDOW_MINUTES = 20, 10, 30
OF_SKU = Limits(open_holds=1, reholds=2, held_minutes=120, pause_seconds=600)
OF_BUYER = Limits(open_holds=5, reholds=10, held_minutes=480)
WINDOW_MINUTES = 1_440
RULES = (
    Rule(code="no_paid_order", force=Force.ON, points=30),
    Rule(code="just_registered", force=Force.ON, points=30, threshold=7),
    Rule(code="inactive", force=Force.ON, points=30, threshold=2),
    Rule(code="rarely_pays", force=Force.ON, points=30, threshold=75),
)
ACTIONS = Actions(floor=60, shorter_hold=60, on_payment=0, refuse=90)


def policy() -> Policy:
    """Of a shop whose minutes are minutes."""
    budget = BudgetPolicy(
        of_buyer=OF_BUYER,
        of_sku=OF_SKU,
        rules=RULES,
        actions=ACTIONS,
        short_hold_seconds=60 * SHORT_HOLD_MINUTES,
    )
    return Policy(budget=budget)


def stack_parameters(faster: int) -> dict[str, str]:
    """The template's parameters where a minute of the sale lasts 60 / `faster` seconds."""
    step = 60 // faster

    def seconds(minutes: float) -> str:
        return str(math.ceil(minutes * step))

    return {
        "StepSeconds": str(step),
        "MarginSeconds": str(step / 2),
        "HoldSeconds": seconds(HOLD_MINUTES),
        "PaymentWindowSeconds": seconds(PAYMENT_WINDOW_MINUTES),
        "UnpaidOrderSeconds": seconds(WINDOW_MINUTES),
        "BuyerLimits": _limits(OF_BUYER, faster),
        "SkuLimits": _limits(OF_SKU, faster),
        "BudgetWindowSeconds": seconds(WINDOW_MINUTES),
        "RiskRules": ",".join(f"{each.code}:{each.force.value}:{each.points}:{each.threshold}" for each in RULES),
        "RiskActions": f"floor={ACTIONS.floor},shorter_hold={ACTIONS.shorter_hold},refuse={ACTIONS.refuse}",
        "ShortHoldSeconds": seconds(SHORT_HOLD_MINUTES),
    }


def _limits(limits: Limits, faster: int) -> str:
    """Minutes and seconds are shorter; a minute of holding is at least one."""
    return ",".join(
        f"{name}={number}"
        for name, number in (
            ("open_holds", limits.open_holds),
            ("units", limits.units),
            ("reholds", limits.reholds),
            ("held_minutes", math.ceil(limits.held_minutes / faster)),
            ("pause_seconds", math.ceil(limits.pause_seconds / faster)),
        )
        if number
    )
