"""Who is untrusted: rules as data. Each that applies gives points and a reason code; points lead to an action.

A rule in monitor mode changes nothing and counts what it would have done. A fact that the shop does not send hits no
rule. Nothing here refuses a person: it weighs one order for goods of which there are too few.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

FEWEST_EXPIRED = 3
CROWD_MINUTES = 5


class Force(StrEnum):
    """Whether a rule acts."""

    OFF = "off"
    MONITOR = "monitor"
    ON = "on"


class Action(StrEnum):
    """What is done about an order. `floor`: he may hold, but not the last units."""

    ALLOW = "allow"
    FLOOR = "floor"
    SHORTER_HOLD = "shorter_hold"
    ON_PAYMENT = "on_payment"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`code` names the check, and is the reason a caller is told; `threshold` in the check's own unit."""

    code: str
    force: Force
    points: int
    threshold: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the shop says of the buyer. None: it did not say."""

    registered_at: datetime | None = None
    last_active_at: datetime | None = None
    paid_orders: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """All that rules look at. `expired` and `paid`: the buyer's own holds in the budget's window.

    `crowd`: orders of buyers new to the shop for the same SKU within the last minutes.
    """

    facts: Facts
    now: datetime
    expired: int = 0
    paid: int = 0
    crowd: int = 0


def _no_paid_order(rule: Rule, signals: Signals) -> bool:  # noqa: ARG001  # it has no threshold
    return signals.facts.paid_orders == 0


def _just_registered(rule: Rule, signals: Signals) -> bool:
    at = signals.facts.registered_at
    return at is not None and signals.now - at < timedelta(days=rule.threshold)


def _inactive(rule: Rule, signals: Signals) -> bool:
    at = signals.facts.last_active_at
    return at is not None and signals.now - at >= timedelta(days=rule.threshold)


def _rarely_pays(rule: Rule, signals: Signals) -> bool:
    """Of the holds that ended, at least so many per cent ran out; never judged by fewer than three that did."""
    ended = signals.expired + signals.paid
    return signals.expired >= FEWEST_EXPIRED and 100 * signals.expired >= rule.threshold * ended


def _newcomers_crowd(rule: Rule, signals: Signals) -> bool:
    return signals.crowd >= rule.threshold and is_new(signals.facts)


def is_new(facts: Facts) -> bool:
    """New to the shop, as far as it says: without a paid order."""
    return facts.paid_orders == 0


# Code → the check, and the unit of its threshold. `docs/hold-budget.md` tells of them.
CHECKS: Mapping[str, Callable[[Rule, Signals], bool]] = {
    "no_paid_order": _no_paid_order,
    "just_registered": _just_registered,
    "inactive": _inactive,
    "rarely_pays": _rarely_pays,
    "newcomers_crowd": _newcomers_crowd,
}

DEFAULT_RULES = (
    Rule(code="no_paid_order", force=Force.MONITOR, points=30),
    Rule(code="just_registered", force=Force.MONITOR, points=30, threshold=7),
    Rule(code="inactive", force=Force.MONITOR, points=30, threshold=30),
    Rule(code="rarely_pays", force=Force.MONITOR, points=30, threshold=75),
    # It has to count the orders of newcomers, which costs each of them a write: only where it is asked for.
    Rule(code="newcomers_crowd", force=Force.OFF, points=30, threshold=20),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """The points from which each action is taken; 0: never."""

    floor: int = 60
    shorter_hold: int = 60
    on_payment: int = 0
    refuse: int = 90

    def at(self, points: int) -> Action:
        """The severest action that so many points lead to."""
        ladder = (
            (self.refuse, Action.REFUSE),
            (self.on_payment, Action.ON_PAYMENT),
            (self.shorter_hold, Action.SHORTER_HOLD),
            (self.floor, Action.FLOOR),
        )
        return next((action for needed, action in ladder if needed and points >= needed), Action.ALLOW)


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that applied: what came of it, or would have come of it."""

    code: str
    acted: bool
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`points` of the rules that act, `reasons` their codes; `hits` those in monitor mode as well.

    `until`: when time alone will lead to a milder action than refusal; None: it will not.
    """

    action: Action = Action.ALLOW
    points: int = 0
    reasons: tuple[str, ...] = ()
    hits: tuple[Hit, ...] = ()
    untrusted: bool = False
    until: datetime | None = None


TRUSTED = Verdict()


def weigh(rules: tuple[Rule, ...], actions: Actions, signals: Signals) -> Verdict:
    applied = [rule for rule in rules if rule.force is not Force.OFF and CHECKS[rule.code](rule, signals)]
    acting = [rule for rule in applied if rule.force is Force.ON]
    points = sum(rule.points for rule in acting)
    action = actions.at(points)
    hits = tuple(
        Hit(rule.code, acted=True, action=action)
        if rule.force is Force.ON
        else Hit(rule.code, acted=False, action=actions.at(points + rule.points))
        for rule in applied
    )
    return Verdict(
        action=action,
        points=points,
        reasons=tuple(rule.code for rule in acting),
        hits=hits,
        untrusted=bool(actions.floor) and points >= actions.floor,
        until=_milder_at(acting, actions, signals) if action is Action.REFUSE else None,
    )


def _milder_at(acting: list[Rule], actions: Actions, signals: Signals) -> datetime | None:
    """When so many of the rules have ceased to apply by time alone that the order is no longer refused."""
    points = sum(rule.points for rule in acting)
    ends = sorted((end, rule.points) for rule in acting if (end := _ends_by_itself(rule, signals)) is not None)
    for end, less in ends:
        points -= less
        if actions.at(points) is not Action.REFUSE:
            return end
    return None


def _ends_by_itself(rule: Rule, signals: Signals) -> datetime | None:
    if rule.code == "just_registered" and signals.facts.registered_at is not None:
        return signals.facts.registered_at + timedelta(days=rule.threshold)
    if rule.code == "newcomers_crowd":
        return signals.now + timedelta(minutes=CROWD_MINUTES)
    return None
