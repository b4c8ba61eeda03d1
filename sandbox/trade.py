"""What happens in one shop of a marketplace: buying, paying, shipping, cancelling, returning, and stock writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from sandbox.world import Line, Listing, NotPossible, Order, SoldOut, Unit, by_listing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

MOST_ORDERS = 50_000
MOST_LISTINGS = 10_000
MOST_UNITS = 1_000


class Commits(StrEnum):
    """When a sale lowers the quantity a marketplace shows."""

    AT_ORDER = "at_order"
    AT_PAYMENT = "at_payment"


@dataclass(slots=True, kw_only=True)
class Shop:
    """Listings by key and orders by id, both in the order they came. Times are aware and in UTC, quantities units."""

    commits: Commits
    listings: dict[str, Listing] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)

    def add(self, listing: Listing) -> None:
        if len(self.listings) >= MOST_LISTINGS:
            raise NotPossible(f"a shop has at most {MOST_LISTINGS} listings")
        self.listings[listing.key] = listing

    def buy(
        self,
        order_id: str,
        wanted: Sequence[tuple[str, int]],
        *,
        cod: bool,
        now: datetime,
        unit_id: Callable[[], str],
    ) -> Order:
        """Sell, all lines or none; not paid yet. Raises SoldOut for the first listing that shows too little."""
        if len(self.orders) >= MOST_ORDERS:
            raise NotPossible(f"a shop has at most {MOST_ORDERS} orders")
        if not 0 < sum(quantity for _, quantity in wanted) <= MOST_UNITS:
            raise NotPossible(f"an order has 1 to {MOST_UNITS} units")
        self._check_there(wanted)
        lines = tuple(
            Line(
                id=unit_id(),
                listing=key,
                price=self.listings[key].price,
                units=tuple(Unit(id=unit_id(), listing=key) for _ in range(quantity)),
            )
            for key, quantity in wanted
        )
        order = Order(id=order_id, number=len(self.orders) + 1, lines=lines, cod=cod, created_at=now, updated_at=now)
        self.orders[order_id] = order
        order.happened("placed", now)
        self._take(order, now)
        return order

    def pay(self, order: Order, now: datetime) -> None:
        if order.paid or order.stage == "cancelled":
            raise NotPossible(f"order {order.id} is {'paid' if order.paid else 'cancelled'}")
        if self._is_held(order):
            for key, units in by_listing(unit for unit in order.units if unit.open).items():
                self.listings[key].held -= units
                self.listings[key].committed += units
                self._touch(key, now)
        order.paid_at = now
        order.happened("paid", now)

    def ship(self, order: Order, wanted: Mapping[str, int] | None, now: datetime) -> tuple[Unit, ...]:
        """The units leave; all that are open without `wanted` (listing to units)."""
        if not (order.paid or order.cod):
            raise NotPossible(f"order {order.id} is not paid")
        units = _pick(order, wanted, lambda unit: unit.open)
        for unit in units:
            unit.shipped = True
        for key, count in by_listing(units).items():
            self.listings[key].on_hand -= count
            self.listings[key].committed -= count
            self._touch(key, now)
        order.shipped_at = now
        order.happened("shipped", now)
        return units

    def cancel(
        self, order: Order, wanted: Mapping[str, int] | None, *, restock: bool, by: str, now: datetime
    ) -> tuple[Unit, ...]:
        """Units that did not leave are no longer wanted. Not restocked, they are gone from the shown figure too."""
        held = self._is_held(order)
        units = _pick(order, wanted, lambda unit: unit.open)
        for unit in units:
            unit.cancelled = True
            unit.restocked = restock or held
        for key, count in by_listing(units).items():
            listing = self.listings[key]
            if held:
                listing.held -= count
                continue
            listing.committed -= count
            listing.on_hand -= 0 if restock else count
            self._touch(key, now)
        order.cancelled_by = by
        if order.stage == "cancelled":
            order.cancelled_at = now
        order.happened("cancelled", now)
        return units

    def take_back(
        self, order: Order, wanted: Mapping[str, int] | None, *, restock: bool, now: datetime
    ) -> tuple[Unit, ...]:
        """Units that left come back."""
        units = _pick(order, wanted, lambda unit: unit.out)
        for unit in units:
            unit.returned = True
            unit.restocked = restock
        if restock:
            for key, count in by_listing(units).items():
                self.listings[key].on_hand += count
                self._touch(key, now)
        order.happened("returned", now)
        return units

    def set_available(self, key: str, quantity: int, now: datetime) -> None:
        """What buyers may buy from now on; what is sold and waits to be shipped comes on top."""
        listing = self.listings[key]
        self.set_on_hand(key, quantity + listing.committed, now)

    def set_on_hand(self, key: str, quantity: int, now: datetime) -> None:
        self.listings[key].on_hand = quantity
        self._touch(key, now)

    def lock(self, key: str, units: int, now: datetime) -> None:
        """A promotion sets units of the shown quantity aside."""
        listing = self.listings[key]
        if units > listing.quantity - listing.locked:
            raise NotPossible(f"{key} shows {listing.quantity}, of which {listing.locked} are locked")
        listing.locked += units
        self._touch(key, now)

    def unlock(self, key: str, now: datetime) -> int:
        """The promotion ends; what it did not sell is ordinary stock again. Answers how much that is."""
        listing = self.listings[key]
        left, listing.locked = listing.locked, 0
        self._touch(key, now)
        return left

    def _check_there(self, wanted: Sequence[tuple[str, int]]) -> None:
        asked: dict[str, int] = {}
        for key, quantity in wanted:
            asked[key] = asked.get(key, 0) + quantity
        for key, quantity in asked.items():
            left = self.listings[key].buyable
            if quantity > left:
                raise SoldOut(key, wanted=quantity, left=left)

    def _take(self, order: Order, now: datetime) -> None:
        for key, count in by_listing(order.units).items():
            listing = self.listings[key]
            if self._is_held(order):
                listing.held += count
                continue
            listing.committed += count
            # Buyers of a promoted listing buy what the promotion keeps first.
            listing.locked = max(0, listing.locked - count)
            self._touch(key, now)

    def _is_held(self, order: Order) -> bool:
        # What is paid on delivery is taken as if it were paid.
        return self.commits is Commits.AT_PAYMENT and not (order.paid or order.cod)

    def _touch(self, key: str, now: datetime) -> None:
        self.listings[key].updated_at = max(now, self.listings[key].updated_at)


def _pick(order: Order, wanted: Mapping[str, int] | None, fits: Callable[[Unit], bool]) -> tuple[Unit, ...]:
    """The first units that fit, as many as wanted of each listing; all that fit without `wanted`."""
    fitting = [unit for unit in order.units if fits(unit)]
    if wanted is None:
        picked = fitting
    else:
        picked = []
        for key, count in wanted.items():
            of_listing = [unit for unit in fitting if unit.listing == key]
            if count > len(of_listing):
                raise NotPossible(f"order {order.id} has {len(of_listing)} such units of {key}, not {count}")
            picked += of_listing[:count]
    if not picked:
        raise NotPossible(f"order {order.id} has no such unit")
    return tuple(picked)
