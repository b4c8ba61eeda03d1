"""Orders and returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.faces.shopee_words import failure, listed, seconds, status_of, success
from sandbox.http import Refused, Reply, as_int

if TYPE_CHECKING:
    from sandbox.booth import Booth
    from sandbox.desk import Visit
    from sandbox.world import Line, Order

MOST_ORDERS = 50
MOST_PAGE = 100
MOST_WINDOW_S = 15 * 86_400


def order_list(visit: Visit) -> Reply:
    call = visit.call
    since, until = as_int(call.asked("time_from")), as_int(call.asked("time_to"))
    size = as_int(call.asked("page_size"))
    by = call.asked("time_range_field")
    if since is None or until is None or size is None or by not in ("update_time", "create_time"):
        raise Refused(failure("error_param", "time_range_field, time_from, time_to and page_size are required."))
    if not 0 <= until - since <= MOST_WINDOW_S:
        raise Refused(failure("error_param", "The time range must be within 15 days."))
    if not 0 < size <= MOST_PAGE:
        raise Refused(failure("error_param", "page_size should be between 1 to 100."))
    start = as_int(call.asked("cursor", "0") or "0", 0) or 0
    found = [] if visit.page_is_empty() else _changed(visit.booth, since, until, by)
    more = start + size < len(found)
    page = [{"order_sn": order.id, "order_status": status_of(order)} for order in found[start : start + size]]
    return success(response={"more": more, "next_cursor": str(start + size) if more else "", "order_list": page})


def _changed(booth: Booth, since: int, until: int, by: str) -> list[Order]:
    """Newest first, as the marketplace lists them."""

    def time_of(order: Order) -> int:
        return seconds(order.updated_at if by == "update_time" else order.created_at)

    found = [order for order in booth.shop.orders.values() if since <= time_of(order) <= until]
    return sorted(found, key=lambda order: (time_of(order), order.number), reverse=True)


def order_detail(visit: Visit) -> Reply:
    asked = listed(visit.call, "order_sn_list")
    if not 0 < len(asked) <= MOST_ORDERS:
        raise Refused(failure("error_param", f"order_sn_list length should be between 1 to {MOST_ORDERS}."))
    wanted = set(listed(visit.call, "response_optional_fields"))
    orders = visit.booth.shop.orders
    return success(response={"order_list": [_detail(visit.booth, orders[sn], wanted) for sn in asked if sn in orders]})


def _detail(booth: Booth, order: Order, wanted: set[str]) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "order_sn": order.id,
        "region": "VN",
        "currency": "VND",
        "cod": order.cod,
        "order_status": status_of(order),
        "create_time": seconds(order.created_at),
        "update_time": seconds(order.updated_at),
    }
    optional: dict[str, Any] = {
        "item_list": [_item(booth, line) for line in order.lines],
        "pay_time": seconds(order.paid_at) if order.paid_at else None,
        "total_amount": sum(line.price * line.ordered for line in order.lines),
        "cancel_by": order.cancelled_by,
    }
    return detail | {name: value for name, value in optional.items() if name in wanted}


def _item(booth: Booth, line: Line) -> dict[str, Any]:
    listing = booth.shop.listings[line.listing]
    return {
        "item_id": int(listing.product_id),
        "item_name": listing.title,
        "item_sku": listing.merchant_sku,
        "model_id": int(listing.variant_id),
        "model_sku": listing.merchant_sku,
        "model_quantity_purchased": line.ordered,
        "model_original_price": line.price,
        "order_item_id": int(listing.product_id),
        "active_qty": line.ordered - line.cancelled,
        "cancelled_qty": line.cancelled,
        "cancel_requested_qty": 0,
        "returned_qty": line.returned,
        "return_requested_qty": 0,
    }


def return_list(visit: Visit) -> Reply:
    call = visit.call
    page, size = as_int(call.asked("page_no"), 0) or 0, as_int(call.asked("page_size"))
    if size is None or not 0 < size <= MOST_PAGE:
        raise Refused(failure("error_param", "page_size should be between 1 to 100."))
    since, until = as_int(call.asked("update_time_from")), as_int(call.asked("update_time_to"))
    if since is not None and until is not None and not 0 <= until - since <= MOST_WINDOW_S:
        raise Refused(failure("error_param", "The time range must be within 15 days."))
    found = [
        _return(visit.booth, order)
        for order in visit.booth.shop.orders.values()
        if any(line.returned for line in order.lines)
        and (since is None or since <= seconds(order.updated_at))
        and (until is None or seconds(order.updated_at) <= until)
    ]
    shown = found[page * size : (page + 1) * size]
    return success(response={"more": (page + 1) * size < len(found), "return": shown})


def _return(booth: Booth, order: Order) -> dict[str, Any]:
    return {
        "return_sn": f"{order.id}R",
        "order_sn": order.id,
        "status": "REFUND_PAID",
        "update_time": seconds(order.updated_at),
        "item": [
            {
                "item_id": int(booth.shop.listings[line.listing].product_id),
                "model_id": int(booth.shop.listings[line.listing].variant_id),
                "amount": line.returned,
            }
            for line in order.lines
            if line.returned
        ],
    }
