"""How many units came into, or left, a location since a time: what a count taken then does not know of."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from holdfast.domain.errors import Unavailable
from holdfast.domain.level import Level
from holdfast.domain.reservation import Reservation
from holdfast.services.context import Context
from holdfast.store import keys

if TYPE_CHECKING:
    from holdfast.store.table import Item

READ_AT_ONCE = 100


def on_hand_moved_since(context: Context, level: Level, since: datetime) -> int:
    """Units in (positive) or out (negative), by movements and by shipped reservations.

    Raises Unavailable while the facts that can be found do not explain the level: shipments are found through rows
    that the stream's consumer writes, and one that is missing would be counted back into stock for good.
    """
    place = level.place
    movements = context.ledger.movements.of_sku(place.sku)
    checkpoint = max((each.shipped_before for each in movements if each.shipped_before), default=None)
    shipped = [
        (record.shipped_at, line.quantity)
        for record in reservations_of_sku(context, place.sku)
        if record.shipped_at is not None
        for line in record.lines
        if line.place == place
    ]
    told = sum(each.on_hand.get(place.location, 0) for each in movements)
    told -= sum(units for at, units in shipped if checkpoint is None or at >= checkpoint)
    if told != level.on_hand:
        raise Unavailable(
            f"as_of: {level.on_hand} units of {place.sku} are on hand at {place.location} and only {told} are "
            "explained yet; try again in a minute, or count without as_of"
        )
    moved = sum(
        each.on_hand.get(place.location, 0) for each in movements if each.at > since and each.shipped_before is None
    )
    return moved - sum(units for at, units in shipped if at > since)


def reservations_of_sku(context: Context, sku: str) -> Iterator[Reservation]:
    """All reservations with a line of this SKU that the stream's consumer has listed, each once.

    An id may be listed twice: used anew after TTL took its first record, while the row of that one is still there.
    """
    seen: set[str] = set()
    start: Item | None = None
    while True:
        ids, start = context.ledger.register.reservation_ids(
            keys.sku_reservations_partition(sku), limit=READ_AT_ONCE, start=start
        )
        yield from context.ledger.reservations.get_many([each for each in ids if each not in seen])
        seen.update(ids)
        if start is None:
            return
