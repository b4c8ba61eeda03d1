"""What a marketplace says of an order, in our words. A snapshot tells the whole order as it is at `updated_at`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Stage(StrEnum):
    """How far an order has come, in order. A later stage is never older news than an earlier one of the same time."""

    UNPAID = "unpaid"
    PAID = "paid"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """All units of one listing in one order: rows of single units are summed. All figures are units, from the start.

    `cancelled`: of the `ordered`, no longer wanted, to be sold again. `withheld`: cancelled, and by the marketplace's
    word not to be sold again until a person has looked. `returned`: shipped, back in the building and sellable.
    """

    listing: str
    ordered: int
    cancelled: int = 0
    withheld: int = 0
    returned: int = 0

    @property
    def wanted(self) -> int:
        """Units the buyer still wants."""
        return self.ordered - self.cancelled - self.withheld


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketOrder:
    """An order of a shop as the marketplace tells it. Nothing of the buyer but what it bought.

    `stage` is SHIPPED once no wanted unit waits to be shipped, CANCELLED once no unit is wanted and none was shipped.
    `updated_at` is the marketplace's own time of the last change; times are aware and in UTC.
    """

    order_id: str
    stage: Stage
    created_at: datetime
    updated_at: datetime
    lines: tuple[OrderLine, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """`quantity` units of a SKU go into one unit of a listing."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldLine:
    """A line as it was last applied. `parts` None: nobody has said yet which SKUs the listing sells.

    `left`: units of the listing that left the building with this order.
    """

    listing: str
    ordered: int
    cancelled: int = 0
    withheld: int = 0
    returned: int = 0
    left: int = 0
    parts: tuple[Part, ...] | None = None

    @property
    def wanted(self) -> int:
        return self.ordered - self.cancelled - self.withheld


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a marketplace last said of an order, and how we first heard of it: by `webhook` or by `poll`."""

    shop: str
    heard_by: str
    stage: Stage
    updated_at: datetime
    lines: tuple[ToldLine, ...]

    @property
    def unknown(self) -> tuple[str, ...]:
        """Listings of the order that wait for their mapping."""
        return tuple(line.listing for line in self.lines if line.parts is None)
