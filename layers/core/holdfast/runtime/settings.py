"""One validated value per function, read from the environment. Every name that is missing or wrong is told at once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from holdfast.domain.budget import Kept, Limits
from holdfast.domain.policy import BudgetPolicy, Mode, Policy
from holdfast.domain.risk import Actions

from .risk_settings import ACTIONS_EXPECTED, LIMITS_EXPECTED, RULES_EXPECTED, actions_from, limits_from, rules_from

T = TypeVar("T")

LOCATION = re.compile(r"[A-Za-z0-9._-]{1,64}")
DAY_SECONDS = 86_400
# A shipped reservation counts by its own record until the next month's checkpoint counts it.
KEPT_DAYS = 62


class BadSettings(Exception):
    """The function cannot work with what the environment says. Names every variable that is missing or wrong."""

    def __init__(self, wrong: list[str]) -> None:
        super().__init__("the environment is not as it must be: " + "; ".join(wrong))
        self.wrong = tuple(wrong)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a function is told: its table, its stage, the rules of the stack."""

    table_name: str
    stage: str
    policy: Policy


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Raises BadSettings."""
    wrong: list[str] = []

    def read(name: str, parse: Callable[[str], T], expected: str, otherwise: T) -> T:
        text = environment.get(name, "").strip()
        if not text:
            wrong.append(f"{name} is missing ({expected})")
            return otherwise
        try:
            return parse(text)
        except ValueError:
            wrong.append(f"{name} is {text!r}, not {expected}")
            return otherwise

    settings = Settings(
        table_name=read("TABLE_NAME", str, "the name of the table", ""),
        stage=read("STAGE", str, "the name of the deployment", ""),
        policy=Policy(
            step_seconds=read("STEP_SECONDS", _positive, "whole seconds, at least 1", 1),
            margin_seconds=read("MARGIN_SECONDS", _not_negative, "seconds, at least 0", 0.0),
            hold_seconds=read("HOLD_SECONDS", _positive, "whole seconds, at least 1", 1),
            payment_window_seconds=read("PAYMENT_WINDOW_SECONDS", _positive, "whole seconds, at least 1", 1),
            unpaid_order_seconds=read("UNPAID_ORDER_SECONDS", _positive, "whole seconds, at least 1", 1),
            default_mode=read("DEFAULT_MODE", Mode, f"one of {', '.join(Mode)}", Mode.RESERVE),
            locations=read("LOCATIONS", _locations, "different locations, separated by commas", ()),
            refund_seconds=read("REFUND_SECONDS", _positive, "whole seconds, at least 1", 1),
            budget=BudgetPolicy(
                kept=read("HOLD_BUDGET", Kept, f"one of {', '.join(Kept)}", Kept.NONE),
                of_buyer=read("BUYER_LIMITS", limits_from, LIMITS_EXPECTED, Limits()),
                of_sku=read("SKU_LIMITS", limits_from, LIMITS_EXPECTED, Limits()),
                window_seconds=read("BUDGET_WINDOW_SECONDS", _positive, "whole seconds, at least 1", 1),
                rules=read("RISK_RULES", rules_from, RULES_EXPECTED, ()),
                actions=read("RISK_ACTIONS", actions_from, ACTIONS_EXPECTED, Actions()),
                short_hold_seconds=read("SHORT_HOLD_SECONDS", _positive, "whole seconds, at least 1", 1),
            ),
            keep_ended_seconds=read("KEEP_ENDED_DAYS", _two_months, f"whole days, at least {KEPT_DAYS}", 1)
            * DAY_SECONDS,
        ),
    )
    wrong.extend([] if wrong else _do_not_go_together(settings.policy))
    if wrong:
        raise BadSettings(wrong)
    return settings


def read_texts(environment: Mapping[str, str], *names: str) -> tuple[str, ...]:
    """Values that are names or addresses, in the order of `names`. Raises BadSettings."""
    told = [environment.get(name, "").strip() for name in names]
    wrong = [f"{name} is missing" for name, value in zip(names, told, strict=True) if not value]
    if wrong:
        raise BadSettings(wrong)
    return tuple(told)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _two_months(text: str) -> int:
    days = int(text)
    if days < KEPT_DAYS:
        raise ValueError(text)
    return days


def _not_negative(text: str) -> float:
    number = float(text)
    if not 0 <= number < DAY_SECONDS:  # refuses "nan" and "inf", too
        raise ValueError(text)
    return number


def _locations(text: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in text.split(","))
    if len(set(found)) != len(found) or not all(LOCATION.fullmatch(each) for each in found):
        raise ValueError(text)
    return found


def _do_not_go_together(policy: Policy) -> list[str]:
    longest = policy.longest_hold_seconds
    return [
        f"{name} is {seconds}, more than the longest hold that STEP_SECONDS={policy.step_seconds} allows ({longest})"
        for name, seconds in (
            ("HOLD_SECONDS", policy.hold_seconds),
            ("PAYMENT_WINDOW_SECONDS", policy.payment_window_seconds),
        )
        if seconds > longest
    ]
