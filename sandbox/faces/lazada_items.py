"""An order as it is shown: a row for each unit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.booth import Booth
    from sandbox.world import Line, Order, Unit

HANOI = timezone(timedelta(hours=7))
OUT_OF_STOCK = "seller_out_of_stock"
"""Who cancels with this word sets the SKU's stock to 0, as the marketplace does."""
INITIATOR = {"buyer": "cancellation-customer", "seller": "cancellation-seller", OUT_OF_STOCK: "cancellation-seller"}


def shown_order(order: Order) -> dict[str, Any]:
    return {
        "order_id": int(order.id),
        "order_number": int(order.id),
        "statuses": statuses_of(order),
        "items_count": len(order.units),
        "payment_method": "COD" if order.cod else "MIXEDCARD",
        "price": f"{sum(line.price * line.ordered for line in order.lines)}.00",
        "warehouse_code": "dropshipping",
        "created_at": _text(order.created_at),
        "updated_at": _text(order.updated_at),
    }


def rows(booth: Booth, order: Order) -> list[dict[str, Any]]:
    return [_row(booth, order, line, unit) for line in order.lines for unit in line.units]


def _row(booth: Booth, order: Order, line: Line, unit: Unit) -> dict[str, Any]:
    """One unit: there is no quantity."""
    listing = booth.shop.listings[unit.listing]
    return {
        "order_id": int(order.id),
        "order_item_id": int(unit.id),
        "product_id": listing.product_id,
        "sku_id": listing.variant_id,
        "sku": listing.merchant_sku,
        "shop_sku": f"{listing.product_id}_VNAMZ-{listing.variant_id}",
        "name": listing.title,
        "status": status_of(order, unit),
        "item_price": line.price,
        "paid_price": line.price,
        "currency": "VND",
        "is_fbl": 0,
        "warehouse_code": "dropshipping",
        "cancel_return_initiator": _initiator(order, unit),
        "need_cancel_confirm": False,
        "created_at": _text(order.created_at),
        "updated_at": _text(order.updated_at),
    }


def _initiator(order: Order, unit: Unit) -> str:
    if unit.cancelled:
        return INITIATOR.get(order.cancelled_by, "cancellation-internal")
    return "return-customer" if unit.returned else ""


def statuses_of(order: Order) -> list[str]:
    return list(dict.fromkeys(status_of(order, unit) for unit in order.units))


def status_of(order: Order, unit: Unit) -> str:
    if unit.cancelled:
        return "canceled"
    if unit.returned:
        return "returned"
    if unit.shipped:
        return "shipped"
    return "pending" if order.paid or order.cod else "unpaid"


def _text(at: datetime) -> str:
    return at.astimezone(HANOI).isoformat(timespec="seconds")


def whole_seconds(at: datetime) -> datetime:
    """As precise as the dates that are shown."""
    return at.astimezone(UTC).replace(microsecond=0)
