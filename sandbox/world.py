"""What a marketplace keeps: listings with their stock, orders with their units. Values only, no I/O, no clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

JOINER = "~"


class SoldOut(Exception):
    """The listing does not show that many units."""

    def __init__(self, listing: str, *, wanted: int, left: int) -> None:
        super().__init__(f"{listing}: wanted {wanted}, left {left}")
        self.listing = listing
        self.wanted = wanted
        self.left = left


class NotPossible(Exception):
    """A real marketplace would not let that happen: shipping what is unpaid, cancelling what was shipped."""


@dataclass(slots=True, kw_only=True)
class Listing:
    """Stock in units. `committed`: sold, not shipped. `held`: kept for unpaid orders beside the shown figure (Woo).

    `locked`: units of the shown quantity that a promotion keeps; nothing may be set below them. `price` in whole dong.
    Nobody can buy what is not `active`.
    """

    key: str
    title: str
    merchant_sku: str
    price: int
    on_hand: int
    committed: int = 0
    held: int = 0
    locked: int = 0
    active: bool = True
    updated_at: datetime

    @property
    def quantity(self) -> int:
        """What the marketplace shows as available; negative where the merchant took away what was sold."""
        return self.on_hand - self.committed

    @property
    def buyable(self) -> int:
        return max(0, self.quantity - self.held) if self.active else 0

    @property
    def product_id(self) -> str:
        return self.key.split(JOINER)[0]

    @property
    def variant_id(self) -> str:
        """The second id of the key; the first again where the marketplace has only one."""
        return self.key.split(JOINER)[-1]


@dataclass(slots=True, kw_only=True)
class Unit:
    """One unit that was bought. `restocked`: given back to the listing, after a cancellation or a return."""

    id: str
    listing: str
    shipped: bool = False
    cancelled: bool = False
    returned: bool = False
    restocked: bool = False

    @property
    def open(self) -> bool:
        """Still wanted and still in the building."""
        return not (self.shipped or self.cancelled)

    @property
    def out(self) -> bool:
        """With the carrier or the buyer."""
        return self.shipped and not self.returned


@dataclass(slots=True, kw_only=True)
class Line:
    """All units of one listing in an order."""

    id: str
    listing: str
    price: int
    units: tuple[Unit, ...]

    @property
    def ordered(self) -> int:
        return len(self.units)

    @property
    def cancelled(self) -> int:
        return sum(unit.cancelled for unit in self.units)

    @property
    def shipped(self) -> int:
        return sum(unit.shipped for unit in self.units)

    @property
    def returned(self) -> int:
        return sum(unit.returned for unit in self.units)

    @property
    def restocked(self) -> int:
        return sum(unit.restocked for unit in self.units)

    @property
    def open(self) -> int:
        return sum(unit.open for unit in self.units)


@dataclass(slots=True, kw_only=True)
class Order:
    """`history`: what happened when, oldest first. Cash on delivery (`cod`) may be shipped unpaid."""

    id: str
    number: int
    lines: tuple[Line, ...]
    cod: bool
    created_at: datetime
    updated_at: datetime
    paid_at: datetime | None = None
    shipped_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancelled_by: str = ""
    history: list[tuple[datetime, str]] = field(default_factory=list)

    @property
    def units(self) -> tuple[Unit, ...]:
        return tuple(unit for line in self.lines for unit in line.units)

    @property
    def paid(self) -> bool:
        return self.paid_at is not None

    @property
    def stage(self) -> str:
        """`unpaid`, `paid`, `partly_shipped`, `shipped` or `cancelled`."""
        units = self.units
        if all(unit.cancelled for unit in units):
            return "cancelled"
        if not any(unit.open for unit in units):
            return "shipped"
        if any(unit.shipped for unit in units):
            return "partly_shipped"
        return "paid" if self.paid or self.cod else "unpaid"

    def happened(self, what: str, at: datetime) -> None:
        """An order changes often in a test, never without bound: its units end."""
        self.updated_at = max(at, self.updated_at)
        self.history.append((at, what))


def by_listing(units: Iterable[Unit]) -> dict[str, int]:
    """Units of each listing."""
    counted: dict[str, int] = {}
    for unit in units:
        counted[unit.listing] = counted.get(unit.listing, 0) + 1
    return counted
