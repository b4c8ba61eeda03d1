"""Haravan's resources as its Omni API and its webhooks write them.

After docs.haravan.com/docs/omni-apis/{orders,refunds,inventory-locations,product-variants}: money is a number with
four decimals, times are UTC with milliseconds, `qty_commited` has one t, and `line_item.quantity` inside a refund is
what was ordered, beside the refund's own `quantity`. Doubtful: the words of `cancelled_status` after the event (the
pages show "uncancelled" only), and of an order's `fulfillment_status` ("notfulfilled" is shown for a line; null,
"partial", "fulfilled" and "restocked" are listed for an order).
"""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from sandbox.faces.records import Record, fulfilments, refunds

if TYPE_CHECKING:
    from datetime import datetime

    from sandbox.booth import Booth
    from sandbox.world import Line, Listing, Order

ZONE: Final = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")

BALANCE_OFFSET: Final = 1_000_000
"""A balance (stock of a variant at a location) has a number of its own."""


def moment(at: datetime | None) -> str | None:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z" if at else None


def order_json(booth: Booth, order: Order) -> dict[str, Any]:
    total = sum(line.price * line.ordered for line in order.lines)
    gone = order.cancelled_at is not None
    return {
        "id": int(order.id),
        "name": f"#{100000 + order.number}",
        "number": int(order.id),
        "order_number": f"#{100000 + order.number}",
        "currency": "VND",
        "source_name": "web",
        "gateway": "Thanh toán khi giao hàng (COD)" if order.cod else "Chuyển khoản qua ngân hàng",
        "gateway_code": "COD" if order.cod else "BANKTRANSFER",
        "created_at": moment(order.created_at),
        "updated_at": moment(order.updated_at),
        # The merchant of the sandbox confirms what is paid, or is paid on delivery, and nothing else.
        "confirmed_at": moment(order.created_at if order.cod else order.paid_at),
        "confirmed_status": "confirmed" if order.paid or order.cod else "unconfirmed",
        "cancelled_at": moment(order.cancelled_at),
        "cancelled_status": "cancelled" if gone else "uncancelled",
        "cancel_reason": "customer" if gone else None,
        "closed_at": None,
        "closed_status": "unclosed",
        "financial_status": financial_status(order),
        "fulfillment_status": fulfillment_status(order),
        "location_id": int(booth.members["location_id"]),
        "subtotal_price": money(total),
        "total_line_items_price": money(total),
        "total_discounts": 0.0,
        "total_price": money(total),
        "line_items": [_line(booth, line) for line in order.lines],
        "fulfillments": [_fulfilment(booth, order, each) for each in fulfilments(booth, order)],
        "refunds": [refund_json(booth, order, each) for each in refunds(booth, order)],
        "transactions": [],
    }


def refund_json(booth: Booth, order: Order, refund: Record) -> dict[str, Any]:
    return {
        "id": int(refund.id),
        "order_id": int(order.id),
        "created_at": moment(refund.at),
        "note": None,
        "restock": refund.restocked,
        "location_id": None,
        "refund_line_items": [
            {
                "id": int(refund.id) * 100 + at,
                "line_item": {**_line(booth, line), "id": 0},
                "line_item_id": int(line.id),
                "quantity": count,
            }
            for at, (line, count) in enumerate(refund.lines)
        ],
        "transactions": [],
    }


def balance_json(booth: Booth, listing: Listing) -> dict[str, Any]:
    """Also the body of `inventorylocationbalances/update`."""
    return {
        "id": int(listing.variant_id) + BALANCE_OFFSET,
        "loc_id": int(booth.members["location_id"]),
        "product_id": int(listing.product_id),
        "variant_id": int(listing.variant_id),
        "qty_onhand": listing.on_hand,
        "qty_commited": listing.committed,
        "qty_incoming": 0,
        "qty_available": listing.quantity,
        "updated_at": moment(listing.updated_at),
    }


def variant_json(listing: Listing) -> dict[str, Any]:
    return {
        "id": int(listing.variant_id),
        "product_id": int(listing.product_id),
        "title": "Default Title",
        "sku": listing.merchant_sku,
        "price": money(listing.price),
        "compare_at_price": 0.0,
        "inventory_management": "haravan",
        "inventory_policy": "deny",
        "inventory_quantity": listing.quantity,
        "inventory_advance": {
            "qty_available": listing.quantity,
            "qty_onhand": listing.on_hand,
            "qty_commited": listing.committed,
            "qty_incoming": 0,
        },
        "option1": "Default Title",
        "updated_at": moment(listing.updated_at),
    }


def money(amount: int) -> float:
    """JSON has one kind of number; Haravan prints 600000.0000, which reads as this."""
    return float(amount)


def financial_status(order: Order) -> str:
    ended = [unit.cancelled or unit.returned for unit in order.units]
    if not order.paid:
        return "voided" if all(ended) else "pending"
    if all(ended):
        return "refunded"
    return "partially_refunded" if any(ended) else "paid"


def fulfillment_status(order: Order) -> str:
    units = order.units
    if all(unit.cancelled and unit.restocked for unit in units):
        return "restocked"
    if not any(unit.shipped for unit in units):
        return "notfulfilled"
    return "partial" if any(unit.open for unit in units) else "fulfilled"


def _line(booth: Booth, line: Line) -> dict[str, Any]:
    listing = booth.shop.listings[line.listing]
    status = "fulfilled" if line.shipped and not line.open else "partial" if line.shipped else "notfulfilled"
    return {
        "id": int(line.id),
        "product_id": int(listing.product_id),
        "variant_id": int(listing.variant_id),
        "sku": listing.merchant_sku,
        "title": listing.title,
        "name": listing.title,
        "variant_title": "Default Title",
        "price": money(line.price),
        "quantity": line.ordered,
        "fulfillable_quantity": line.open,
        "fulfillment_status": status,
        "requires_shipping": True,
        "total_discount": 0.0,
    }


def _fulfilment(booth: Booth, order: Order, shipment: Record) -> dict[str, Any]:
    return {
        "id": int(shipment.id),
        "order_id": int(order.id),
        "status": "success",
        "created_at": moment(shipment.at),
        "updated_at": moment(shipment.at),
        "location_id": int(booth.members["location_id"]),
        "line_items": [{**_line(booth, line), "quantity": count} for line, count in shipment.lines],
    }
