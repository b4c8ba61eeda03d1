"""What Shopify posts to a subscriber: the order as its older REST resource, refunds, levels; headers and signature.

Shapes after shopify.dev/docs/api/admin-rest/latest/resources/order and the fixtures of Shopify/shopify_python_api
(test/fixtures/order.json); times carry the offset of the shop's zone. Nothing of the buyer is in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.faces.records import Record, fulfilments, refunds
from sandbox.faces.shopify_graphql import SHOP_ZONE
from sandbox.faces.shopify_words import (
    financial_status,
    fulfillment_status,
    gid,
    item_number,
    restock_type,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sandbox.booth import Booth
    from sandbox.world import Line, Listing, Order

API_VERSION: Final = "2026-04"


def headers(topic: str, domain: str, *, delivery: str, event: str, at: datetime) -> dict[str, str]:
    """`delivery` stays the same when a push is repeated; `event` is one for all pushes of what happened."""
    return {
        "Content-Type": "application/json",
        "X-Shopify-Topic": topic,
        "X-Shopify-Shop-Domain": domain,
        "X-Shopify-API-Version": API_VERSION,
        "X-Shopify-Webhook-Id": delivery,
        "X-Shopify-Event-Id": event,
        "X-Shopify-Triggered-At": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }


def order_json(booth: Booth, order: Order) -> dict[str, Any]:
    lines = _lines(booth, order)
    total = sum(line.price * line.ordered for line in order.lines)
    status = fulfillment_status(order)
    return {
        "id": int(order.id),
        "admin_graphql_api_id": gid("Order", order.id),
        "name": f"#{1000 + order.number}",
        "number": order.number,
        "order_number": 1000 + order.number,
        "test": False,
        "confirmed": True,
        "source_name": "web",
        "currency": "VND",
        "total_price": str(total),
        "subtotal_price": str(total),
        "created_at": local(order.created_at),
        "updated_at": local(order.updated_at),
        "processed_at": local(order.created_at),
        "cancelled_at": local(order.cancelled_at),
        "cancel_reason": "customer" if order.cancelled_at else None,
        "closed_at": None,
        "financial_status": financial_status(order).lower(),
        "fulfillment_status": {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial"}.get(status),
        "location_id": None,
        "line_items": list(lines.values()),
        "refunds": [_refund(booth, order, refund, lines) for refund in refunds(booth, order)],
        "fulfillments": [
            {**_fulfilment(booth, order, each, lines), "name": f"#{1000 + order.number}.{number}"}
            for number, each in enumerate(fulfilments(booth, order), 1)
        ],
    }


def refund_json(booth: Booth, order: Order, refund: Record) -> dict[str, Any]:
    return _refund(booth, order, refund, _lines(booth, order))


def level_json(booth: Booth, listing: Listing) -> dict[str, Any]:
    location = booth.members["location_id"]
    return {
        "inventory_item_id": item_number(listing),
        "location_id": int(location),
        "available": listing.quantity,
        "updated_at": local(listing.updated_at),
        "admin_graphql_api_id": f"{gid('InventoryLevel', location)}?inventory_item_id={item_number(listing)}",
    }


def local(at: datetime | None) -> str | None:
    return at.astimezone(SHOP_ZONE).isoformat(timespec="seconds") if at else None


def _line(line: Line, listing: Listing) -> dict[str, Any]:
    status = "fulfilled" if line.shipped and not line.open else "partial" if line.shipped else None
    return {
        "id": int(line.id),
        "admin_graphql_api_id": gid("LineItem", line.id),
        "product_id": int(listing.product_id),
        "variant_id": int(listing.variant_id),
        "product_exists": True,
        "name": listing.title,
        "title": listing.title,
        "variant_title": None,
        "sku": listing.merchant_sku,
        "price": str(line.price),
        "quantity": line.ordered,
        "current_quantity": line.ordered - line.cancelled - line.returned,
        "fulfillable_quantity": line.open,
        "fulfillment_status": status,
        "fulfillment_service": "manual",
        "variant_inventory_management": "shopify",
        "requires_shipping": True,
    }


def _lines(booth: Booth, order: Order) -> dict[str, dict[str, Any]]:
    return {line.id: _line(line, booth.shop.listings[line.listing]) for line in order.lines}


def _refund(booth: Booth, order: Order, refund: Record, lines: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    location = int(booth.members["location_id"])
    items = [
        {
            "id": int(refund.id) * 100 + at,
            "line_item_id": int(line.id),
            "line_item": lines[line.id],
            "quantity": count,
            "restock_type": restock_type(refund),
            "location_id": location if refund.restocked else None,
            "subtotal": line.price * count,
        }
        for at, (line, count) in enumerate(refund.lines)
    ]
    return {
        "id": int(refund.id),
        "admin_graphql_api_id": gid("Refund", refund.id),
        "order_id": int(order.id),
        "created_at": local(refund.at),
        "processed_at": local(refund.at),
        "note": "",
        "restock": refund.restocked,
        "refund_line_items": items,
        "transactions": [],
    }


def _fulfilment(booth: Booth, order: Order, shipment: Record, lines: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": int(shipment.id),
        "order_id": int(order.id),
        "status": "success",
        "created_at": local(shipment.at),
        "updated_at": local(shipment.at),
        "location_id": int(booth.members["location_id"]),
        "line_items": [{**lines[line.id], "quantity": count} for line, count in shipment.lines],
    }
