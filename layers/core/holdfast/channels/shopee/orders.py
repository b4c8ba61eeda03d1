"""Shopee's orders in our words."""

from collections.abc import Mapping

from holdfast.channels.protocol import JOINER
from holdfast.channels.reading import Told
from holdfast.domain.market import MarketOrder, OrderLine, Stage

STAGES: Mapping[str, Stage] = {
    "UNPAID": Stage.UNPAID,
    "PENDING": Stage.PAID,
    "READY_TO_SHIP": Stage.PAID,
    "PROCESSED": Stage.PAID,
    "RETRY_SHIP": Stage.PAID,
    "IN_CANCEL": Stage.PAID,  # asked for, not granted
    "INVOICE_PENDING": Stage.PAID,
    "SHIPPED": Stage.SHIPPED,
    "TO_CONFIRM_RECEIVE": Stage.SHIPPED,
    "TO_RETURN": Stage.SHIPPED,
    "COMPLETED": Stage.SHIPPED,
    "CANCELLED": Stage.CANCELLED,
}
PARCEL_WAITS = frozenset(
    {"LOGISTICS_NOT_START", "LOGISTICS_PENDING_ARRANGE", "LOGISTICS_READY", "LOGISTICS_REQUEST_CREATED"}
)
PARCEL_LEFT = frozenset(
    {"LOGISTICS_PICKUP_DONE", "LOGISTICS_DELIVERY_DONE", "LOGISTICS_DELIVERY_FAILED", "LOGISTICS_LOST"}
)
ORDER_FIELDS = "item_list,package_list,pickup_done_time,cancel_by,cancel_reason,fulfillment_flag"


def read_order(told: Told) -> MarketOrder | None:
    """None: Shopee ships it from a warehouse of its own, and our count knows nothing of those units."""
    flag = told.get("fulfillment_flag")
    if flag is not None and flag.code() == "fulfilled_by_shopee":
        return None
    stage = _stage(told)
    lines = _lines(told, stage)
    if stage is Stage.PAID and not any(line.wanted for line in lines):
        stage = Stage.CANCELLED
    return MarketOrder(
        order_id=told["order_sn"].id(),
        stage=stage,
        created_at=told["create_time"].seconds(),
        updated_at=told["update_time"].seconds(),
        lines=lines,
    )


def _stage(told: Told) -> Stage:
    """A parcel that waits keeps a split order from being shipped; one that left keeps it from being cancelled."""
    status = told["order_status"].text()
    if status not in STAGES:
        raise told["order_status"].wrong("a status we know")
    stage = STAGES[status]
    parcels = {state.code() for row in told.rows_of("package_list") if (state := row.get("logistics_status"))}
    if status == "SHIPPED" and parcels & PARCEL_WAITS:
        return Stage.PAID
    picked_up = told.get("pickup_done_time")
    if stage is Stage.CANCELLED and (parcels & PARCEL_LEFT or (picked_up is not None and picked_up.whole() > 0)):
        return Stage.SHIPPED
    return stage


def _lines(told: Told, stage: Stage) -> tuple[OrderLine, ...]:
    """One line a listing, as a bundle names a model more than once."""
    lines: dict[str, OrderLine] = {}
    has_left = stage is Stage.SHIPPED and told["order_status"].text() == "CANCELLED"
    is_missing = _is_missing(told, is_whole=stage is Stage.CANCELLED)
    for row in told["item_list"].rows():
        listing = JOINER.join((row["item_id"].id(), row["model_id"].id()))
        ordered, cancelled = _units(row)
        if stage is Stage.CANCELLED:
            cancelled = ordered
        elif has_left:
            cancelled = 0  # cancelled on its way: none of it is here to be sold again
        before = lines.get(listing, OrderLine(listing=listing, ordered=0))
        lines[listing] = OrderLine(
            listing=listing,
            ordered=before.ordered + ordered,
            cancelled=before.cancelled + (0 if is_missing else cancelled),
            withheld=before.withheld + (cancelled if is_missing else 0),
        )
    return tuple(lines.values())


def _is_missing(told: Told, *, is_whole: bool) -> bool:
    """Whether what is cancelled is not there, and so withheld.

    Of a whole order the reason tells. A part can be cancelled by a seller only for want of stock: there it is so unless
    somebody else did it, or another reason is told.
    """
    by = found.code().lower() if (found := told.get("cancel_by")) else ""
    reason = found.code().lower().replace("_", " ") if (found := told.get("cancel_reason")) else ""
    if by not in {"", "seller"}:
        return False
    return reason == "out of stock" or (not is_whole and not reason)


def _units(row: Told) -> tuple[int, int]:
    """Units ordered from the start, and of those cancelled.

    Whether the purchased quantity falls when a part is cancelled is not said; the active and the cancelled units
    together are the start in either case.
    """
    purchased = row["model_quantity_purchased"].whole(least=0)
    cancelled = told.whole(least=0) if (told := row.get("cancelled_qty")) else 0
    active = told.whole(least=0) if (told := row.get("active_qty")) else 0
    ordered = max(purchased, active + cancelled)
    if cancelled > ordered:
        raise row["cancelled_qty"].wrong("no more than was ordered")
    return ordered, cancelled
