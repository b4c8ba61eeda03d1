"""Tiki's resources as its integration API writes them.

After open.tiki.vn (guides Order V2, Order Item V2, Order Status V2) and a real answer pasted in public code: an item
has `qty` and `invoice.quantity`, both the same; times are "2023-04-04 17:03:26", the time of Vietnam without an offset
(no page says so; a clock seven hours off would be noticed by every Vietnamese seller). Doubtful: what a partly
cancelled order looks like. Tiki splits orders (`relation_code`); here the item keeps its line with fewer units, and an
item of which nothing is left is gone.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.world import Line, Listing, Order

ZONE: Final = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
FORMAT: Final = "%Y-%m-%d %H:%M:%S"

STATUSES: Final = frozenset(
    {
        "canceled",
        "closed",
        "complete",
        "delivered",
        "finished_packing",
        "handover_to_partner",
        "holded",
        "packaging",
        "paid",
        "payment_review",
        "picking",
        "processing",
        "queueing",
        "ready_to_ship",
        "returned",
        "shipping",
        "successful_delivery",
        "waiting_payment",
    }
)
HISTORY: Final = {"placed": "processing", "paid": "queueing", "shipped": "shipping", "cancelled": "canceled"}


def moment(at: datetime | None) -> str | None:
    return at.astimezone(ZONE).strftime(FORMAT) if at else None


def read_moment(told: str) -> datetime:
    """Raises ValueError."""
    return datetime.strptime(told, FORMAT).replace(tzinfo=ZONE)


def status(order: Order) -> str:
    """`queueing` is the first a seller has to do with; before it an order is not accepted yet."""
    units = order.units
    if order.stage == "cancelled":
        return "canceled"
    if order.stage == "shipped":
        wanted = [unit for unit in units if not unit.cancelled]
        return "returned" if all(unit.returned for unit in wanted) else "shipping"
    return "queueing" if order.paid or order.cod else "waiting_payment"


def order_json(order: Order, listings: Mapping[str, Listing], *, include: set[str]) -> dict[str, Any]:
    gone = order.stage == "cancelled"
    lines = [line for line in order.lines if gone or line.cancelled < line.ordered]
    total = sum(line.price * _left(line, gone=gone) for line in lines)
    told: dict[str, Any] = {
        "id": int(order.id),
        "code": order.id,
        "relation_code": "",
        "fulfillment_type": "dropship",
        "status": status(order),
        "is_rma": False,
        "has_backorder_items": True,
        "created_at": moment(order.created_at),
        "updated_at": moment(order.updated_at),
        "items": [_item(line, listings[line.listing], gone=gone) for line in lines],
        "invoice": {
            "items_count": len(lines),
            "items_quantity": sum(_left(line, gone=gone) for line in lines),
            "subtotal": total,
            "grand_total": total,
        },
        "payment": {"method": "cod" if order.cod else "cc", "is_prepaid": not order.cod, "status": "success"},
        "status_histories": [],
    }
    if "status_histories" in include:
        told["status_histories"] = [
            {"id": int(order.id) * 100 + at, "status": HISTORY[what], "created_at": moment(when)}
            for at, (when, what) in enumerate(order.history)
            if what in HISTORY
        ]
    if gone:
        reason = {"reason_code": "201", "reason_text": "Không còn nhu cầu", "comment": "", "canceled_at": None}
        told["cancel_info"] = reason
    return told


def product_json(listing: Listing, *, warehouse: str) -> dict[str, Any]:
    return {
        "product_id": int(listing.product_id),
        "sku": f"{int(listing.product_id):013d}",
        "name": listing.title,
        "original_sku": listing.merchant_sku,
        "active": 1,
        "type": "simple",
        "entity_type": "seller_simple",
        "price": listing.price,
        "updated_at": moment(listing.updated_at),
        "inventory": {
            "inventory_type": "backorder",
            "fulfillment_type": "dropship",
            "quantity_available": listing.on_hand,
            "quantity_reserved": listing.committed,
            "quantity_sellable": listing.quantity,
            "warehouse_stocks": [
                {
                    "warehouse_id": int(warehouse),
                    "qty_available": listing.on_hand,
                    "qty_reserved": listing.committed,
                    "qty_sellable": listing.quantity,
                }
            ],
        },
    }


def _item(line: Line, listing: Listing, *, gone: bool) -> dict[str, Any]:
    left = _left(line, gone=gone)
    return {
        "id": int(line.id),
        "product": {
            "id": int(listing.product_id),
            "type": "simple",
            "super_id": 0,
            "master_id": int(listing.product_id) - 1,
            "sku": f"{int(listing.product_id):013d}",
            "name": listing.title,
            "inventory_type": "backorder",
            "seller_product_code": listing.merchant_sku,
        },
        "confirmation": {"status": "waiting", "confirmed_at": None},
        "price": line.price,
        "qty": left,
        "invoice": {
            "price": line.price,
            "quantity": left,
            "subtotal": line.price * left,
            "row_total": line.price * left,
            "discount_amount": 0,
        },
    }


def _left(line: Line, *, gone: bool) -> int:
    return line.ordered if gone else line.ordered - line.cancelled
