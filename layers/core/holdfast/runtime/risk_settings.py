"""Limits and rules as the template's parameters write them: short words, so that a command line can carry them.

    open_holds=5,reholds=10,held_minutes=480
    no_paid_order:on:30,just_registered:monitor:30:7
    floor=30,shorter_hold=60,refuse=90

What is not named is 0: no limit, no rule, no action. `none` names nothing at all.
"""

from dataclasses import fields

from holdfast.domain.budget import MOST_COUNTED, Limits
from holdfast.domain.risk import CHECKS, Actions, Force, Rule

NOTHING = "none"
LIMITS_EXPECTED = (
    f"name=number with commas between, of {', '.join(each.name for each in fields(Limits))}; or none; "
    f"open_holds and reholds up to {MOST_COUNTED}"
)
ACTIONS_EXPECTED = f"name=points with commas between, of {', '.join(each.name for each in fields(Actions))}; or none"
RULES_EXPECTED = f"rule:off|monitor|on:points[:threshold] with commas between, of {', '.join(CHECKS)}; or none"


def limits_from(text: str) -> Limits:
    """Raises ValueError."""
    limits = Limits(**_numbers(text, {each.name for each in fields(Limits)}))
    if max(limits.open_holds, limits.reholds) > MOST_COUNTED:
        raise ValueError(text)
    return limits


def actions_from(text: str) -> Actions:
    """Raises ValueError."""
    names = {each.name for each in fields(Actions)}
    return Actions(**(dict.fromkeys(names, 0) | _numbers(text, names)))


def rules_from(text: str) -> tuple[Rule, ...]:
    """Raises ValueError."""
    rules = tuple(_rule(part.strip().split(":")) for part in text.split(",")) if text != NOTHING else ()
    if len({rule.code for rule in rules}) != len(rules):
        raise ValueError(text)
    return rules


def _rule(parts: list[str]) -> Rule:
    code, force, points, *threshold = parts
    if code not in CHECKS or len(threshold) > 1:
        raise ValueError(parts)
    return Rule(
        code=code,
        force=Force(force),
        points=_number(points),
        threshold=_number(threshold[0]) if threshold else 0,
    )


def _numbers(text: str, names: set[str]) -> dict[str, int]:
    if text == NOTHING:
        return {}
    pairs = [part.strip().partition("=") for part in text.split(",")]
    found = {name: _number(number) for name, _, number in pairs}
    if len(found) != len(pairs) or not set(found) <= names:
        raise ValueError(text)
    return found


def _number(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number
