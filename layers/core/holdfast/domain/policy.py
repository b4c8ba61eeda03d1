"""What the merchant has set, for the stack and for each SKU."""

from dataclasses import dataclass
from enum import StrEnum

from .wheel import LONGEST_HOLD_STEPS


class Mode(StrEnum):
    """When units are deducted. Listed from strictest to laxest: a reservation takes the strictest of its lines."""

    RESERVE = "reserve"
    ON_ORDER = "on_order"
    ON_PAYMENT = "on_payment"


def strictest(modes: set[Mode]) -> Mode:
    return next(mode for mode in Mode if mode in modes)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sku:
    """A back-end good and how it is sold. None: as the stack has it.

    `max_quantity` is the most units of the SKU that one reservation may hold; None: no limit.
    """

    sku: str
    name: str = ""
    mode: Mode | None = None
    hold_seconds: int | None = None
    max_quantity: int | None = None
