"""Lists of orders and of their items."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from sandbox.faces.lazada_items import rows, shown_order, statuses_of, whole_seconds
from sandbox.faces.lazada_words import failure, sent_with, success
from sandbox.http import Refused, Reply, as_int

if TYPE_CHECKING:
    from sandbox.booth import Booth
    from sandbox.desk import Visit
    from sandbox.world import Order

MOST_ORDERS = 50
MOST_PAGE = 100
MOST_OFFSET = 5_000
UPDATED_AT, CREATED_AT = "updated_at", "created_at"


def list_orders(visit: Visit) -> Reply:
    asked = sent_with(visit.call)
    limit, offset = as_int(asked.get("limit"), MOST_PAGE), as_int(asked.get("offset"), 0)
    if limit is None or not 0 < limit <= MOST_PAGE:
        raise Refused(failure("19", "E019: Invalid Limit", kind="ISP"))
    if offset is None or not 0 <= offset <= MOST_OFFSET:
        raise Refused(failure("14", "E014: Invalid Offset", kind="ISP"))
    if asked.get("sort_by", UPDATED_AT) not in (UPDATED_AT, CREATED_AT):
        raise Refused(failure("75", "E075: Invalid sort filter.", kind="ISP"))
    if asked.get("sort_direction", "ASC") not in ("ASC", "DESC"):
        raise Refused(failure("74", "E074: Invalid sort direction.", kind="ISP"))
    if "update_after" not in asked and "created_after" not in asked:
        raise Refused(failure("38", "E038: update_after or created_after is mandatory", kind="ISP"))
    found = [] if visit.page_is_empty() else _found(visit.booth, asked)
    page = found[offset : offset + limit]
    orders = [shown_order(order) for order in page]
    return success({"count": len(page), "countTotal": len(found), "orders": orders})


def _found(booth: Booth, asked: dict[str, str]) -> list[Order]:
    bounds = {
        name: _date(asked[name])
        for name in ("update_after", "update_before", "created_after", "created_before")
        if name in asked
    }

    def fits(order: Order) -> bool:
        updated, created = whole_seconds(order.updated_at), whole_seconds(order.created_at)
        return (
            bounds.get("update_after", updated) <= updated <= bounds.get("update_before", updated)
            and bounds.get("created_after", created) <= created <= bounds.get("created_before", created)
            and asked.get("status", "all") in ("all", *statuses_of(order))
        )

    by = asked.get("sort_by", UPDATED_AT)
    return sorted(
        filter(fits, booth.shop.orders.values()),
        key=lambda order: (order.updated_at if by == UPDATED_AT else order.created_at, order.number),
        reverse=asked.get("sort_direction", "ASC") == "DESC",
    )


def _date(text: str) -> datetime:
    """ISO 8601 with its offset. A `+` that came as a space is a date in the wrong form, as it is there."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = datetime.min  # noqa: DTZ901 - stands for: no date
    if at.tzinfo is None:
        raise Refused(failure("17", "E017: Invalid Date Format", kind="ISP"))
    return at


def get_order(visit: Visit) -> Reply:
    return success(shown_order(_known(visit, sent_with(visit.call).get("order_id", ""))))


def get_items(visit: Visit) -> Reply:
    order = _known(visit, sent_with(visit.call).get("order_id", ""))
    return success(rows(visit.booth, order))


def get_items_of_orders(visit: Visit) -> Reply:
    try:
        asked = json.loads(sent_with(visit.call).get("order_ids", ""))
    except ValueError:
        asked = None
    if not isinstance(asked, list) or not 0 < len(asked) <= MOST_ORDERS:
        raise Refused(failure("37", f"E037: order_ids are a list of 1 to {MOST_ORDERS}", kind="ISP"))
    orders = [_known(visit, str(each)) for each in asked]
    return success(
        [
            {"order_id": int(order.id), "order_number": int(order.id), "order_items": rows(visit.booth, order)}
            for order in orders
        ]
    )


def _known(visit: Visit, order_id: str) -> Order:
    """One order of this shop. A single unknown one spoils the whole call."""
    order = visit.booth.shop.orders.get(order_id)
    if order is None:
        raise Refused(failure("16", f'E016: "{order_id}" Invalid Order ID', kind="ISP"))
    return order
