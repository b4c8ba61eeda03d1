"""Orders, a line item for each unit, and returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.faces.tiktok_shop_pushes import return_id
from sandbox.faces.tiktok_shop_words import CURRENCY, STATUS, failure, page_asked, seconds, success, token_after
from sandbox.http import Refused, Reply, as_int

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sandbox.booth import Booth
    from sandbox.desk import Visit
    from sandbox.world import Line, Order, Unit

MOST_ORDERS = 50


def order_detail(visit: Visit) -> Reply:
    asked = [each for each in visit.call.asked("ids").split(",") if each]
    if not 0 < len(asked) <= MOST_ORDERS:
        raise Refused(failure(36009004, f"The number of ids must be 1 to {MOST_ORDERS}.", status=400))
    known = visit.booth.shop.orders
    return success({"orders": [_shown_order(visit.booth, known[each]) for each in asked if each in known]})


def search_orders(visit: Visit) -> Reply:
    start, size = page_asked(visit.call)
    asked = visit.call.document()
    by, ascending = visit.call.asked("sort_field", "create_time"), visit.call.asked("sort_order", "ASC") == "ASC"
    if by not in ("create_time", "update_time"):
        raise Refused(failure(36009004, "Invalid sort_field.", status=400))

    def fits(order: Order) -> bool:
        return (
            within("update_time", order.updated_at)
            and within("create_time", order.created_at)
            and asked.get("order_status", STATUS[order.stage]) == STATUS[order.stage]
        )

    within = _bounds(asked)
    found = [] if visit.page_is_empty() else [order for order in visit.booth.shop.orders.values() if fits(order)]
    found.sort(
        key=lambda order: (seconds(order.updated_at if by == "update_time" else order.created_at), order.number),
        reverse=not ascending,
    )
    orders = [_shown_order(visit.booth, order) for order in found[start : start + size]]
    return success({"orders": orders, "total_count": len(found), "next_page_token": token_after(start, size, found)})


def _bounds(asked: dict[str, Any]) -> Callable[[str, datetime], bool]:
    """Whether a time lies within what a search asks: `_ge` belongs to it, `_lt` does not. Whole seconds."""
    names = [f"{name}_{end}" for name in ("update_time", "create_time") for end in ("ge", "lt")]
    bounds = {name: as_int(asked[name]) for name in names if name in asked}
    if None in bounds.values():
        raise Refused(failure(36009004, "Times are whole seconds.", status=400))

    def within(name: str, at: datetime) -> bool:
        since, before = bounds.get(f"{name}_ge"), bounds.get(f"{name}_lt")
        return (since is None or since <= seconds(at)) and (before is None or seconds(at) < before)

    return within


def _shown_order(booth: Booth, order: Order) -> dict[str, Any]:
    return {
        "id": order.id,
        "status": STATUS[order.stage],
        "is_cod": order.cod,
        "is_on_hold_order": False,
        "fulfillment_type": "FULFILLMENT_BY_SELLER",
        "warehouse_id": booth.locations[0],
        "create_time": seconds(order.created_at),
        "update_time": seconds(order.updated_at),
        **({"paid_time": seconds(order.paid_at)} if order.paid_at else {}),
        **({"cancel_time": seconds(order.cancelled_at)} if order.cancelled_at else {}),
        "payment": {
            "currency": CURRENCY,
            "total_amount": str(sum(line.price * line.ordered for line in order.lines)),
        },
        "line_items": [_line_item(booth, order, line, unit) for line in order.lines for unit in line.units],
    }


def _line_item(booth: Booth, order: Order, line: Line, unit: Unit) -> dict[str, Any]:
    """One unit: there is no quantity. What came back is not told here, but by the list of returns."""
    listing = booth.shop.listings[unit.listing]
    item = {
        "id": unit.id,
        "product_id": listing.product_id,
        "product_name": listing.title,
        "sku_id": listing.variant_id,
        "seller_sku": listing.merchant_sku,
        "display_status": _unit_status(order, unit),
        "sale_price": str(line.price),
        "original_price": str(line.price),
        "currency": CURRENCY,
        "is_gift": False,
    }
    if unit.cancelled:
        item |= {"cancel_user": "BUYER" if order.cancelled_by == "buyer" else "SELLER", "cancel_reason": "sandbox"}
    return item


def _unit_status(order: Order, unit: Unit) -> str:
    if unit.cancelled:
        return "CANCELLED"
    if unit.shipped:
        return "IN_TRANSIT"
    return "AWAITING_SHIPMENT" if order.paid or order.cod else "UNPAID"


def search_returns(visit: Visit) -> Reply:
    start, size = page_asked(visit.call)
    asked = visit.call.document()
    order_ids, within = asked.get("order_ids") or [], _bounds(asked)
    found = [
        order
        for order in visit.booth.shop.orders.values()
        if any(unit.returned for unit in order.units)
        and (not order_ids or order.id in order_ids)
        and within("update_time", order.updated_at)
    ]
    returns = [_shown_return(order) for order in found[start : start + size]]
    return success(
        {"return_orders": returns, "total_count": len(found), "next_page_token": token_after(start, size, found)}
    )


def _shown_return(order: Order) -> dict[str, Any]:
    return {
        "return_id": return_id(order),
        "order_id": order.id,
        "return_type": "RETURN_AND_REFUND",
        "return_status": "RETURN_OR_REFUND_REQUEST_COMPLETE",
        "create_time": seconds(order.updated_at),
        "update_time": seconds(order.updated_at),
        "return_line_items": [
            {"return_line_item_id": f"4{unit.id}", "order_line_item_id": unit.id, "sku_id": unit.listing.split("~")[1]}
            for unit in order.units
            if unit.returned
        ],
    }
