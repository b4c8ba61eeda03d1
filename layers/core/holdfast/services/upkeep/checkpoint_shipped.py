"""Once a month, write down how many units of a SKU were shipped, before TTL takes the records that say so."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from holdfast.domain.conditions import id_not_used
from holdfast.domain.movement import Movement, Type
from holdfast.domain.reservation import Reservation
from holdfast.services.context import Context
from holdfast.store import keys
from holdfast.store.movements import Recorded, item_of
from holdfast.store.table import ConditionFailed, Put


def checkpoint_shipped(
    context: Context, sku: str, records: Sequence[Reservation], *, last: datetime | None, now: datetime
) -> None:
    """Only for a SKU that was just found to add up: then the records at hand are all there are.

    Records shipped before the month began count by the checkpoint from then on, and no longer by themselves.
    """
    cutoff = month_start(now)
    if last is not None and last >= cutoff:
        return
    shipped: dict[str, int] = defaultdict(int)
    for record in records:
        if record.shipped_at is None or record.shipped_at >= cutoff or (last is not None and record.shipped_at < last):
            continue
        for line in record.lines:
            if line.sku == sku:
                shipped[line.location] += line.quantity
    if not shipped:
        return
    # The space keeps the id apart from every id that may come in by the API.
    movement = Movement(
        id=f"checkpoint {cutoff:%Y-%m}", type=Type.CHECKPOINT, sku=sku, location="", quantity=sum(shipped.values())
    )
    recorded = Recorded(
        movement=movement,
        body_hash="",
        at=cutoff,
        on_hand={location: -units for location, units in shipped.items()},
        unavailable={},
        incoming={},
        shipped_before=cutoff,
    )
    try:
        context.ledger.table.write(
            Put(key=keys.movement(sku, movement.id), item=item_of(recorded), conditions=(id_not_used(),))
        )
    except ConditionFailed:
        return  # another audit wrote it at the same time, from the same facts


def month_start(now: datetime) -> datetime:
    """The start of the month, two days later than it began: nothing shipped before it is still on its way here."""
    settled = now - timedelta(days=2)
    return settled.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
