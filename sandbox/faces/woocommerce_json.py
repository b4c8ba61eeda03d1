"""WooCommerce's resources as its REST API v3 and its webhooks write them.

After woocommerce/woocommerce-rest-api-docs (source/includes/wp-api-v3): money is text, `date_*` is the site's own time
and `date_*_gmt` UTC, both without an offset. An order keeps the ordered quantity in its lines for good; what was taken
off is in its refunds, whose lines have negative quantities and name the line in the meta `_refunded_item_id`. The list
in an order tells only a refund's id and total. `_reduced_stock` of a line says how many units it still keeps from
stock.
"""

from __future__ import annotations

import json
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from sandbox.faces.records import Record, refunds

if TYPE_CHECKING:
    from datetime import datetime

    from sandbox.booth import Booth
    from sandbox.world import Line, Listing, Order

SITE_ZONE: Final = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
NO_VARIATION: Final = "0"


def encoded(resource: Any) -> bytes:
    """The bytes of a push: as PHP's json_encode writes them, letters beyond ASCII and slashes escaped."""
    return json.dumps(resource, separators=(",", ":")).replace("/", "\\/").encode()


def status(order: Order) -> str:
    """Shipping is no fact here: the shopkeeper completes the order. Cash on delivery is `processing` at once."""
    units = order.units
    if all(unit.cancelled or unit.returned for unit in units):
        return "refunded" if order.paid else "cancelled"
    if not any(unit.open for unit in units):
        return "completed"
    return "processing" if order.paid or order.cod else "pending"


def order_json(booth: Booth, order: Order) -> dict[str, Any]:
    total = sum(line.price * line.ordered for line in order.lines)
    return {
        "id": int(order.id),
        "parent_id": 0,
        "number": order.id,
        "status": status(order),
        "currency": "VND",
        "version": "10.3.0",
        "prices_include_tax": False,
        **_dates("date_created", order.created_at),
        **_dates("date_modified", order.updated_at),
        **_dates("date_paid", order.paid_at),
        **_dates("date_completed", order.shipped_at if order.stage == "shipped" else None),
        "discount_total": "0",
        "total": str(total),
        "total_tax": "0",
        "payment_method": "cod" if order.cod else "bacs",
        "set_paid": False,
        "line_items": [_line(booth, order, line) for line in order.lines],
        "refunds": [
            {"id": int(refund.id), "reason": "", "total": f"-{refund.amount}"} for refund in _refunds(booth, order)
        ],
        "meta_data": [],
    }


def refunds_json(booth: Booth, order: Order) -> list[dict[str, Any]]:
    """Newest first."""
    return [_refund(booth, refund) for refund in reversed(_refunds(booth, order))]


def product_json(listing: Listing, *, managed: bool) -> dict[str, Any]:
    """A simple product, or a variation of one."""
    return {
        "id": int(listing.product_id if listing.variant_id == NO_VARIATION else listing.variant_id),
        "name": listing.title,
        "type": "simple" if listing.variant_id == NO_VARIATION else "variation",
        "parent_id": 0 if listing.variant_id == NO_VARIATION else int(listing.product_id),
        "status": "publish",
        "sku": listing.merchant_sku,
        "price": str(listing.price),
        "regular_price": str(listing.price),
        "sale_price": "",
        "manage_stock": managed,
        "stock_quantity": listing.quantity if managed else None,
        "stock_status": "instock" if listing.quantity > 0 else "outofstock",
        "backorders": "no",
        **_dates("date_modified", listing.updated_at),
    }


def _refunds(booth: Booth, order: Order) -> tuple[Record, ...]:
    """An order nobody paid is cancelled, not refunded."""
    return refunds(booth, order) if order.paid or order.cod else ()


def _refund(booth: Booth, refund: Record) -> dict[str, Any]:
    listings = booth.shop.listings
    return {
        "id": int(refund.id),
        **_dates("date_created", refund.at),
        "amount": str(refund.amount),
        "reason": "",
        "refunded_by": 1,
        "refunded_payment": False,
        "meta_data": [],
        "line_items": [
            {
                "id": int(refund.id) * 100 + at,
                "name": listings[line.listing].title,
                **_product(listings[line.listing]),
                "quantity": -count,
                "subtotal": f"-{line.price * count}",
                "total": f"-{line.price * count}",
                "sku": listings[line.listing].merchant_sku,
                "price": line.price,
                "meta_data": [_meta(int(refund.id) * 1000 + at, "_refunded_item_id", line.id)],
            }
            for at, (line, count) in enumerate(refund.lines)
        ],
    }


def _line(booth: Booth, order: Order, line: Line) -> dict[str, Any]:
    listing = booth.shop.listings[line.listing]
    number = int(line.id) * 10
    noted = [_meta(number, "_reduced_stock", str(line.ordered - line.restocked))] if order.paid or order.cod else []
    if line.restocked:
        noted.append(_meta(number + 1, "_restock_refunded_items", str(line.restocked)))
    return {
        "id": int(line.id),
        "name": listing.title,
        **_product(listing),
        "quantity": line.ordered,
        "subtotal": str(line.price * line.ordered),
        "total": str(line.price * line.ordered),
        "sku": listing.merchant_sku,
        "price": line.price,
        "meta_data": noted,
    }


def _product(listing: Listing) -> dict[str, int]:
    return {"product_id": int(listing.product_id), "variation_id": int(listing.variant_id)}


def _meta(number: int, key: str, value: str) -> dict[str, Any]:
    return {"id": number, "key": key, "value": value, "display_key": key, "display_value": value}


def _dates(name: str, at: datetime | None) -> dict[str, str | None]:
    return {
        name: f"{at.astimezone(SITE_ZONE):%Y-%m-%dT%H:%M:%S}" if at else None,
        f"{name}_gmt": f"{at:%Y-%m-%dT%H:%M:%S}" if at else None,
    }
