"""What the merchant has set, for the stack and for each SKU."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .budget import Clock, Kept, Limits, Terms
from .risk import DEFAULT_RULES, Actions, Rule
from .wheel import LONGEST_HOLD_STEPS

# `docs/hold-budget.md` says why.
LIMITS_OF_BUYER = Limits(open_holds=5, reholds=10, held_minutes=480)
LIMITS_OF_SKU = Limits(open_holds=2, reholds=3, held_minutes=180, pause_seconds=300)
LIMIT_NAMES = ("open_holds", "units", "reholds", "held_minutes", "pause_seconds")


class Mode(StrEnum):
    """When units are deducted. Listed from strictest to laxest: a reservation takes the strictest of its lines."""

    RESERVE = "reserve"
    ON_ORDER = "on_order"
    ON_PAYMENT = "on_payment"


def strictest(modes: set[Mode]) -> Mode:
    return next(mode for mode in Mode if mode in modes)


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetPolicy:
    """What one buyer may tie up: for which orders it is asked, over all SKUs, of each SKU, and over how long.

    `rules` weigh the buyer of such an order; a `short_hold` is what an untrusted one may get instead of a hold.
    """

    kept: Kept = Kept.SCARCE
    of_buyer: Limits = LIMITS_OF_BUYER
    of_sku: Limits = LIMITS_OF_SKU
    window_seconds: int = 86_400
    rules: tuple[Rule, ...] = DEFAULT_RULES
    actions: Actions = field(default_factory=Actions)
    short_hold_seconds: int = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The stack's settings. Times in seconds; `locations` in the order in which they serve.

    `margin_seconds` must exceed the largest difference between two clocks plus the time limit of a commit.
    """

    step_seconds: int = 60
    margin_seconds: float = 30.0
    hold_seconds: int = 1_200
    payment_window_seconds: int = 1_800
    unpaid_order_seconds: int = 86_400
    default_mode: Mode = Mode.RESERVE
    locations: tuple[str, ...] = ("main",)
    keep_ended_seconds: int = 90 * 86_400
    refund_seconds: int = 3 * 86_400
    budget: BudgetPolicy = field(default_factory=BudgetPolicy)

    @property
    def longest_hold_seconds(self) -> int:
        return LONGEST_HOLD_STEPS * self.step_seconds

    @property
    def recent_seconds(self) -> float:
        """Records younger than this may be ahead of the level they are compared with, or behind it."""
        return 2 * self.margin_seconds

    @property
    def clock_alarm_seconds(self) -> int:
        """How far ahead of one's own clock a fold mark may be before it is an alarm instead of something to follow."""
        return 15 * self.step_seconds

    @property
    def doubt_seconds(self) -> int:
        """How far two clocks may be apart without a buyer's gaining from it: 5 minutes at the usual step."""
        return 5 * self.step_seconds

    def budget_clock(self, now_s: float) -> Clock:
        return Clock(
            now_s=now_s,
            margin_s=self.margin_seconds,
            doubt_s=self.doubt_seconds,
            window_s=self.budget.window_seconds,
        )

    def terms_of(self, skus: Iterable["Sku"]) -> Terms | None:
        """The budget of an order of these SKUs; None: none is kept for it."""
        of_sku = {each.sku: limits for each in skus if (limits := self._limits_of(each)) is not None}
        return Terms(of_buyer=self.budget.of_buyer, of_sku=of_sku) if of_sku else None

    def _limits_of(self, sku: "Sku") -> Limits | None:
        if self.budget.kept is Kept.NONE or sku.scarce is False:
            return None
        if not (sku.scarce or any(sku.own_limits.values()) or self.budget.kept is Kept.ALL):
            return None
        stacks = self.budget.of_sku
        return Limits(**{name: sku.own_limits.get(name, getattr(stacks, name)) for name in LIMIT_NAMES})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sku:
    """A back-end good and how it is sold. None: as the stack has it.

    `max_quantity` is the most units of the SKU that one reservation may hold; None: no limit. `scarce`: buyers have a
    budget for it, with `own_limits` where they differ from the stack's (0: none); None: as the stack has it. `floor`:
    so many last units are for trusted buyers.
    """

    sku: str
    name: str = ""
    mode: Mode | None = None
    hold_seconds: int | None = None
    max_quantity: int | None = None
    scarce: bool | None = None
    own_limits: Mapping[str, int] = field(default_factory=dict)
    floor: int | None = None
