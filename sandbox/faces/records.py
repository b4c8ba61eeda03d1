"""What Haravan, Shopify and WooCommerce write down beside an order: a refund for each cancellation or return, a
fulfilment for each shipment. The world keeps the fate of each unit; these are the papers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.faces.face import Event, What
from sandbox.faces.serial import next_id

if TYPE_CHECKING:
    from datetime import datetime

    from sandbox.booth import Booth
    from sandbox.world import Line, Order

ID_DIGITS = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """`lines`: units of each line, none of them 0. `restocked` is about a refund: whether its units are shown again."""

    id: str
    what: What
    restocked: bool
    at: datetime
    lines: tuple[tuple[Line, int], ...]

    @property
    def returned(self) -> bool:
        return self.what is What.RETURNED

    @property
    def units(self) -> int:
        return sum(count for _, count in self.lines)

    @property
    def amount(self) -> int:
        return sum(line.price * count for line, count in self.lines)


def record(booth: Booth, event: Event) -> Record | None:
    """Write down what an event of an order did to its units, if it did anything. An order's units end, so do these."""
    if event.order is None or event.what not in (What.SHIPPED, What.CANCELLED, What.RETURNED):
        return None
    written = _of(booth, event.order)
    touched = {unit.id for unit in event.units}
    counted = ((line, sum(unit.id in touched for unit in line.units)) for line in event.order.lines)
    new = Record(
        id=next_id(booth, "record", ID_DIGITS),
        what=event.what,
        restocked=any(unit.restocked for unit in event.units),
        at=event.at,
        lines=tuple((line, count) for line, count in counted if count),
    )
    written.append(new)
    return new


def refunds(booth: Booth, order: Order) -> tuple[Record, ...]:
    """Oldest first."""
    return tuple(each for each in _of(booth, order) if each.what is not What.SHIPPED)


def fulfilments(booth: Booth, order: Order) -> tuple[Record, ...]:
    return tuple(each for each in _of(booth, order) if each.what is What.SHIPPED)


def _of(booth: Booth, order: Order) -> list[Record]:
    written: dict[str, list[Record]] = booth.kept.setdefault("records", {})
    return written.setdefault(order.id, [])
