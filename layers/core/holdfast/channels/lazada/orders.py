"""Lazada's orders in our words. An order has no state and a row no quantity: each unit is a row with its own state."""

import re
from collections.abc import Mapping, Sequence

from holdfast.channels.protocol import JOINER
from holdfast.channels.reading import Told
from holdfast.domain.market import MarketOrder, OrderLine, Stage

STAGES: Mapping[str, Stage] = {
    "unpaid": Stage.UNPAID,
    "pending": Stage.PAID,
    "topack": Stage.PAID,
    "packed": Stage.PAID,
    "repacked": Stage.PAID,
    "toship": Stage.PAID,
    "ready_to_ship_pending": Stage.PAID,
    "ready_to_ship": Stage.PAID,  # waits for its pickup, and can still be cancelled
    "shipping": Stage.SHIPPED,
    "shipped": Stage.SHIPPED,
    "delivered": Stage.SHIPPED,
    "confirmed": Stage.SHIPPED,
    "returned": Stage.SHIPPED,
    "failed": Stage.SHIPPED,
    "failed_delivery": Stage.SHIPPED,
    "lost": Stage.SHIPPED,
    "lost_by_3pl": Stage.SHIPPED,
    "damaged_by_3pl": Stage.SHIPPED,
    "shipped_back": Stage.SHIPPED,
    "shipped_back_success": Stage.SHIPPED,
    "shipped_back_failed": Stage.SHIPPED,
    "package_scrapped": Stage.SHIPPED,
    "canceled": Stage.CANCELLED,
}
# The order is as far as the unit that is least far, and cancelled if nothing else is left of it.
LEAST_FAR_FIRST = (Stage.UNPAID, Stage.PAID, Stage.SHIPPED, Stage.CANCELLED)
SHOP_SKU = re.compile(r"([0-9]{1,20})_[A-Z]{2}-[0-9]{1,20}\Z")


def read_order(told: Told) -> MarketOrder | None:
    """None: every unit is shipped from Lazada's own warehouse, and our count knows nothing of them."""
    rows = [row for row in told["order_items"].rows() if not _is_lazada_s(row)]
    if not rows:
        return None
    stages = {_stage(row) for row in rows}
    return MarketOrder(
        order_id=told["order_id"].id(),
        stage=next(stage for stage in LEAST_FAR_FIRST if stage in stages),
        created_at=min(row["created_at"].iso() for row in rows),
        updated_at=max(row["updated_at"].iso() for row in rows),
        lines=_lines(rows),
    )


def _is_lazada_s(row: Told) -> bool:
    flag = row.get("is_fbl")
    return flag is not None and flag.code() == "1"


def _stage(row: Told) -> Stage:
    status = row["status"].text().lower()
    if status not in STAGES:
        raise row["status"].wrong("a status we know")
    return STAGES[status]


def _lines(rows: Sequence[Told]) -> tuple[OrderLine, ...]:
    lines: dict[str, OrderLine] = {}
    for row in rows:
        listing = _listing(row)
        is_cancelled = _stage(row) is Stage.CANCELLED
        is_missing = is_cancelled and _is_out_of_stock(row)
        before = lines.get(listing, OrderLine(listing=listing, ordered=0))
        lines[listing] = OrderLine(
            listing=listing,
            ordered=before.ordered + 1,
            cancelled=before.cancelled + (is_cancelled and not is_missing),
            withheld=before.withheld + is_missing,
        )
    return tuple(lines.values())


def _listing(row: Told) -> str:
    """The product's id stands in a member that the list of many orders' items does not promise, and in the shop SKU."""
    product = row.get("product_id")
    if product is not None:
        return JOINER.join((product.id(), row["sku_id"].id()))
    shop_sku = row["shop_sku"]
    found = SHOP_SKU.match(shop_sku.text())
    if found is None:
        raise shop_sku.wrong("a shop SKU that begins with the product's id, as product_id is not told")
    return JOINER.join((found[1], row["sku_id"].id()))


def _is_out_of_stock(row: Told) -> bool:
    """The seller said so: the unit is not there, and Lazada has set the SKU to 0."""
    initiator = row.get("cancel_return_initiator")
    if initiator is not None and "customer" in initiator.code():
        return False
    said = (row.get("reason"), row.get("reason_detail"))
    return any("out of stock" in each.code().lower() for each in said if each is not None)
