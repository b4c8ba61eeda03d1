"""What a listing should show, and what a change of stock means for it. Pure, and in whole units.

offered = floor(sellable x ratio / 100), at most the maximum; offered <= threshold: the target is 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from enum import StrEnum

from .errors import FieldError

MOST_UNITS = 1_000_000


class SyncMode(StrEnum):
    """When the listings of a shop are pushed. From the safest for flash sales to the most eager."""

    DAILY = "daily"
    SESSION = "session"
    CONTINUOUS = "continuous"


class Rule(StrEnum):
    """What made a target what it is: the last step that lessened it."""

    NOTHING_FREE = "nothing_free"
    EVERYTHING = "everything"
    RATIO = "ratio"
    MAXIMUM = "maximum"
    CHANNEL_LIMIT = "channel_limit"
    THRESHOLD = "threshold"


class Act(StrEnum):
    """What a change means for a listing. HOLD: the shop is paused; the run after it resumes looks at it again."""

    PUSH_NOW = "push_now"
    WAIT_FOR_RUN = "wait_for_run"
    NOTHING = "nothing"
    HOLD = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How a listing's number is made and when it is pushed.

    `ratio` and `largest_price_fall` in percent. `maximum` None: no limit. `incoming_cap`: how many announced units of
    each SKU may be sold before they are in the building. `push_at_threshold`: a target of 0 does not wait for a run.
    """

    mode: SyncMode = SyncMode.SESSION
    ratio: int = 100
    threshold: int = 0
    maximum: int | None = None
    push_at_threshold: bool = True
    incoming_cap: int = 0
    largest_price_fall: int = 30
    paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What one listing has otherwise than its shop. None: as the shop has it.

    `incoming_cap` is in no shop's settings: stock on its way is sold only where a listing says so.
    """

    mode: SyncMode | None = None
    ratio: int | None = None
    threshold: int | None = None
    maximum: int | None = None
    push_at_threshold: bool | None = None
    incoming_cap: int | None = None
    largest_price_fall: int | None = None
    paused: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """One SKU over the locations that serve. `free` may be negative: so many units are promised and not there.

    Units that a location owes are taken off what the others have: the orders that wait for them come first.
    """

    free: int = 0
    incoming: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`quantity` to show. `sellable` and `offered`: the steps before. `scarce`: the SKU that limits it, if one does.

    `oversold`: units of one of its SKUs are promised and not there.
    """

    quantity: int
    sellable: int
    offered: int
    rule: Rule
    scarce: str | None
    oversold: bool = False


def rules_of(shop: Rules, own: Overrides) -> Rules:
    """The shop's rules, with what the listing has otherwise. A listing of a paused shop is paused, whatever it says."""
    told = {each.name: getattr(own, each.name) for each in fields(own)}
    told = {"incoming_cap": 0} | {name: value for name, value in told.items() if value is not None}
    return replace(shop, **told | {"paused": shop.paused or bool(own.paused)})


def wrong_rules(rules: Rules | Overrides) -> list[FieldError]:
    """Every field out of its bounds."""
    bounds = {
        "ratio": (1, 100),
        "threshold": (0, MOST_UNITS),
        "maximum": (1, MOST_UNITS),
        "incoming_cap": (0, MOST_UNITS),
        "largest_price_fall": (0, 100),
    }
    return [
        FieldError(name, f"a whole number from {lowest} to {highest}")
        for name, (lowest, highest) in bounds.items()
        if (value := getattr(rules, name)) is not None and not lowest <= value <= highest
    ]


def target(
    needs: Mapping[str, int], stock: Mapping[str, Stock], rules: Rules, *, channel_limit: int | None = None
) -> Target:
    """The target of a listing that takes `needs[sku]` units of each SKU. A SKU without stock has none.

    `channel_limit`: the largest number the marketplace takes. Raises ValueError if the listing sells nothing.
    """
    if not needs or any(units < 1 for units in needs.values()):
        raise ValueError(f"a listing takes at least one unit of at least one SKU: {dict(needs)}")
    nothing = Stock()
    free = {sku: _free(stock.get(sku, nothing), rules.incoming_cap) for sku in needs}
    whole = {sku: max(0, free[sku]) // units for sku, units in needs.items()}
    scarce = min(whole, key=lambda sku: (whole[sku], sku))
    sellable = whole[scarce]
    offered, rule = sellable * rules.ratio // 100, Rule.EVERYTHING
    if offered < sellable:
        rule = Rule.RATIO
    for limit, name in ((rules.maximum, Rule.MAXIMUM), (channel_limit, Rule.CHANNEL_LIMIT)):
        if limit is not None and offered > limit:
            offered, rule = limit, name
    quantity = 0 if offered <= rules.threshold else offered
    if sellable == 0:
        rule = Rule.NOTHING_FREE
    elif quantity == 0:
        rule = Rule.THRESHOLD
    return Target(
        quantity=quantity,
        sellable=sellable,
        offered=offered,
        rule=rule,
        scarce=scarce if len(needs) > 1 or sellable == 0 else None,
        oversold=any(units < 0 for units in free.values()),
    )


def _free(stock: Stock, incoming_cap: int) -> int:
    """What was sold of the units on their way has made `free` negative: the cap counts it by itself."""
    return stock.free + min(max(0, stock.incoming), incoming_cap)


def act_on(rules: Rules, wanted: Target, *, acknowledged: int | None) -> Act:
    """What a change means. `acknowledged` None: what is shown is not known for certain.

    A push of 0 is always allowed: it cannot sell what is not there. Where units are owed already it waits for nobody.
    """
    if wanted.quantity == acknowledged:
        return Act.NOTHING
    at_once = rules.mode is SyncMode.CONTINUOUS
    if wanted.quantity == 0:
        return Act.PUSH_NOW if at_once or rules.push_at_threshold or wanted.oversold else Act.WAIT_FOR_RUN
    if rules.paused:
        return Act.HOLD
    return Act.PUSH_NOW if at_once else Act.WAIT_FOR_RUN


def may_push(rules: Rules, quantity: int) -> bool:
    """Whether this number may go out at all, in a run or by hand."""
    return quantity == 0 or not rules.paused


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceStep:
    """`push`: the price to write, if any. `waits`: the price that waits for a person, if one does."""

    push: Decimal | None = None
    waits: Decimal | None = None


def price_step(
    *, wanted: Decimal | None, shown: Decimal | None, largest_fall: int, approved: Decimal | None = None
) -> PriceStep:
    """What to do about a price. `shown`: acknowledged last; `approved`: a price that a person has said yes to.

    One that falls by more than `largest_fall` percent waits for a person: a slipped digit sells out in minutes.
    """
    if wanted is None or wanted == shown:
        return PriceStep()
    if shown is not None and wanted != approved and wanted * 100 < shown * (100 - largest_fall):
        return PriceStep(waits=wanted)
    return PriceStep(push=wanted)
