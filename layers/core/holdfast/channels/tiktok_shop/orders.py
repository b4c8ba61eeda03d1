"""TikTok Shop's orders in our words. A line is one unit, with a state of its own."""

from collections.abc import Mapping, Sequence

from holdfast.channels.protocol import JOINER
from holdfast.channels.reading import Told
from holdfast.domain.market import MarketOrder, OrderLine, Stage

STAGES: Mapping[str, Stage] = {
    "UNPAID": Stage.UNPAID,
    "ON_HOLD": Stage.PAID,  # the buyer may still think better of it; the unit is promised
    "AWAITING_SHIPMENT": Stage.PAID,
    "TO_SHIP": Stage.PAID,
    "PARTIALLY_SHIPPING": Stage.PAID,
    "AWAITING_COLLECTION": Stage.PAID,
    "IN_TRANSIT": Stage.SHIPPED,
    "DELIVERED": Stage.SHIPPED,
    "COMPLETED": Stage.SHIPPED,
    "CANCELLED": Stage.CANCELLED,
    "CANCEL": Stage.CANCELLED,  # so spelled in a push
}
# The order is as far as the unit that is least far, and cancelled if nothing else is left of it.
LEAST_FAR_FIRST = (Stage.UNPAID, Stage.PAID, Stage.SHIPPED, Stage.CANCELLED)
NOT_OURS = frozenset({"FULFILLMENT_BY_TIKTOK", "FULFILLMENT_BY_DILAYANI_TOKOPEDIA"})


def read_order(told: Told) -> MarketOrder | None:
    """None: TikTok ships it from a warehouse of its own, and our count knows nothing of those units."""
    fulfilment = told.get("fulfillment_type")
    if fulfilment is not None and fulfilment.code() in NOT_OURS:
        return None
    rows = told["line_items"].rows()
    if not rows:
        raise told["line_items"].wrong("at least one line")
    stages = [_unit_stage(row, told) for row in rows]
    return MarketOrder(
        order_id=told["id"].id(),
        stage=next(stage for stage in LEAST_FAR_FIRST if stage in stages),
        created_at=told["create_time"].seconds(),
        updated_at=told["update_time"].seconds(),
        lines=_lines(rows, stages, told),
    )


def _unit_stage(row: Told, order: Told) -> Stage:
    """The line's own state; the order's where it is cancelled, or the line tells none."""
    of_order = _stage(order["status"])
    own = row.get("display_status")
    stage = of_order if of_order is Stage.CANCELLED or own is None else _stage(own)
    if stage is Stage.CANCELLED and _had_left(row, order):
        return Stage.SHIPPED
    return stage


def _stage(status: Told) -> Stage:
    found = STAGES.get(status.text())
    if found is None:
        raise status.wrong("a status we know")
    return found


def _had_left(row: Told, order: Told) -> bool:
    """Cancelled on its way: a carrier collected the order, and this unit was in a parcel."""
    collected = order.get("collection_time")
    parcel = row.get("package_id")
    return collected is not None and collected.whole() > 0 and parcel is not None and parcel.code() != ""


def _lines(rows: Sequence[Told], stages: Sequence[Stage], order: Told) -> tuple[OrderLine, ...]:
    lines: dict[str, OrderLine] = {}
    for row, stage in zip(rows, stages, strict=True):
        listing = JOINER.join((row["product_id"].id(), row["sku_id"].id()))
        is_cancelled = stage is Stage.CANCELLED
        is_missing = is_cancelled and _is_out_of_stock(row, order)
        before = lines.get(listing, OrderLine(listing=listing, ordered=0))
        lines[listing] = OrderLine(
            listing=listing,
            ordered=before.ordered + 1,
            cancelled=before.cancelled + (is_cancelled and not is_missing),
            withheld=before.withheld + is_missing,
        )
    return tuple(lines.values())


def _is_out_of_stock(row: Told, order: Told) -> bool:
    """The seller said so, of the line or of the order: the unit is not there."""
    who = row.get("cancel_user") or order.get("cancellation_initiator")
    if who is not None and who.code() == "BUYER":
        return False
    reason = row.get("cancel_reason") or order.get("cancel_reason")
    return reason is not None and "out of stock" in reason.code().lower().replace("_", " ")
