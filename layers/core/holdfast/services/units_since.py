"""How many units came into, or left, a location since a time: what a count taken then does not know of."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from holdfast.domain.level import Place
from holdfast.domain.reservation import Reservation
from holdfast.store import keys

from .context import Context

if TYPE_CHECKING:
    from holdfast.store.table import Item

READ_AT_ONCE = 100


def on_hand_moved_since(context: Context, place: Place, since: datetime) -> int:
    """Units in (positive) or out (negative), by movements and by shipped reservations."""
    moved = sum(
        recorded.on_hand.get(place.location, 0)
        for recorded in context.ledger.movements.of_sku(place.sku)
        if recorded.at > since and recorded.shipped_before is None
    )
    shipped = sum(
        line.quantity
        for record in reservations_of_sku(context, place.sku)
        if record.shipped_at is not None and record.shipped_at > since
        for line in record.lines
        if line.place == place
    )
    return moved - shipped


def reservations_of_sku(context: Context, sku: str) -> Iterator[Reservation]:
    """All reservations with a line of this SKU that the stream's consumer has listed."""
    start: Item | None = None
    while True:
        ids, start = context.ledger.register.reservation_ids(
            keys.sku_reservations_partition(sku), limit=READ_AT_ONCE, start=start
        )
        yield from context.ledger.reservations.get_many(ids)
        if start is None:
            return
