"""The calls of Tiki's integration API that an inventory app makes.

From open.tiki.vn. `qty_available` is what lies in the warehouse, sold units that wait to be shipped included:
"quantity_available = quantity_sellable + quantity_reserved" (guide Inventory type). Errors are texts under `errors`.

Assumed, since undocumented: the answer of a batch tells each item's state or errors in a 200; a batch has at most 100
items, a page at most 50; the scope of a token is not checked; times have no offset and are Vietnam's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.faces import tiki_json
from sandbox.faces.face import Endpoint
from sandbox.faces.tiki_queue import EVENT_TYPES, MOST_QUEUES, Queue, UnknownAck, queues
from sandbox.http import Call, Refused, Reply, as_int, told

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sandbox.desk import Visit
    from sandbox.faults import Kind
    from sandbox.world import Listing, Order

MOST_IN_BATCH = 100
MOST_ON_PAGE = 50
USUAL_ON_PAGE = 20


def wrong(message: str, status: int = 422) -> Refused:
    return Refused(told({"errors": [message]}, status=status))


# -- stock and price --------------------------------------------------------------------------------------------------


def _update_sku(visit: Visit) -> Reply:
    asked = visit.call.document()
    if problem := _problem(visit, asked) or ("" if not visit.fails() else "Can not update product, try again"):
        raise wrong(problem)
    _apply(visit, asked)
    return told({"state": "approved"})


def _update_skus(visit: Visit) -> Reply:
    items = visit.call.document().get("data")
    if not isinstance(items, list) or not all(isinstance(each, dict) for each in items):
        raise wrong("data is required", 400)
    if not 0 < len(items) <= MOST_IN_BATCH:
        raise wrong(f"data must have 1 to {MOST_IN_BATCH} items")
    answers = []
    for asked in items:
        name = {key: asked[key] for key in ("product_id", "original_sku") if key in asked}
        problem = _problem(visit, asked) or ("Can not update product, try again" if visit.fails() else "")
        if not problem:
            _apply(visit, asked)
        answers.append(name | ({"errors": [problem]} if problem else {"state": "approved"}))
    return told({"data": answers})


def _problem(visit: Visit, asked: dict[str, Any]) -> str:
    if _asked_listing(visit, asked) is None:
        return "Product not found"
    price, quantities = asked.get("price"), asked.get("warehouse_quantities")
    if price is not None and (isinstance(price, bool) or not isinstance(price, int) or price <= 0):
        return "price must be an integer above 0"
    if quantities is None:
        return "" if price is not None or "active" in asked or "status" in asked else "nothing to update"
    if not isinstance(quantities, list) or not all(isinstance(each, dict) for each in quantities):
        return "warehouse_quantities is invalid"
    warehouse = visit.booth.members["warehouse_id"]
    named = {part.strip() for part in str(asked.get("seller_warehouse", warehouse)).split(",")}
    for each in quantities:
        if str(each.get("warehouse_id")) != warehouse or warehouse not in named:
            return "warehouse_id is invalid"
        quantity = each.get("qty_available")
        if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 0:
            return "qty_available must be an integer not below 0"
    return ""


def _apply(visit: Visit, asked: dict[str, Any]) -> None:
    listing = _asked_listing(visit, asked)
    if listing is None:
        raise LookupError(asked)
    for each in asked.get("warehouse_quantities") or ():
        visit.write_on_hand(listing, each["qty_available"])
    if asked.get("price") is not None:
        visit.write_price(listing, asked["price"])


def _asked_listing(visit: Visit, asked: dict[str, Any]) -> Listing | None:
    listings = visit.booth.shop.listings
    if asked.get("product_id") is not None:
        return listings.get(str(asked["product_id"]))
    sku = asked.get("original_sku")
    return next((each for each in listings.values() if sku and each.merchant_sku == sku), None)


# -- products ---------------------------------------------------------------------------------------------------------


def _products(visit: Visit) -> Reply:
    return _paged(visit.call, list(visit.booth.shop.listings.values()), lambda each: _told(visit, each))


def _product(visit: Visit) -> Reply:
    listing = visit.booth.shop.listings.get(visit.call.inside["id"])
    if listing is None:
        raise wrong("Product not found", 404)
    return told(_told(visit, listing))


def _find_product(visit: Visit) -> Reply:
    listing = _asked_listing(visit, {"original_sku": visit.call.asked("original_sku")})
    if listing is None:
        raise wrong("Product not found", 404)
    return told(_told(visit, listing))


def _told(visit: Visit, listing: Listing) -> dict[str, Any]:
    """Stock only where it is asked for, by `include=inventory`."""
    document = tiki_json.product_json(listing, warehouse=visit.booth.members["warehouse_id"])
    if "inventory" not in visit.call.asked("include").split(","):
        del document["inventory"]
    return document


def _warehouses(visit: Visit) -> Reply:
    warehouse = {"id": int(visit.booth.members["warehouse_id"]), "name": "Kho chính", "status": 1, "is_primary": True}
    return told({"data": [warehouse]})


# -- orders -----------------------------------------------------------------------------------------------------------


def _orders(visit: Visit) -> Reply:
    found = [] if visit.page_is_empty() else _found(visit.call, list(visit.booth.shop.orders.values()))
    return _paged(visit.call, found, lambda each: _order_json(visit, each))


def _order_json(visit: Visit, order: Order) -> dict[str, Any]:
    include = set(visit.call.asked("include").split(","))
    return tiki_json.order_json(order, visit.booth.shop.listings, include=include)


def _found(call: Call, orders: list[Order]) -> list[Order]:
    """`status` is a list, or `nin|` and what to leave out; times have whole seconds and both ends count."""
    negated, _, statuses = call.asked("status").rpartition("|")
    wanted = {part for part in statuses.split(",") if part}
    if negated not in ("", "in", "nin") or not wanted <= tiki_json.STATUSES:
        raise wrong("status is invalid", 400)
    bounds = {
        name: _moment(call, name)
        for name in ("created_from_date", "created_to_date", "updated_from_date", "updated_to_date")
    }

    def fits(order: Order) -> bool:
        right = not wanted or (tiki_json.status(order) in wanted) is (negated != "nin")
        return right and all(_inside(order, name, bound) for name, bound in bounds.items())

    by, _, direction = (call.asked("order_by") or "created_at|desc").partition("|")
    if by not in ("created_at", "updated_at") or direction not in ("asc", "desc"):
        raise wrong("order_by is invalid", 400)
    found = [order for order in orders if fits(order)]
    return sorted(found, key=lambda it: (getattr(it, by), it.number), reverse=direction == "desc")


def _inside(order: Order, name: str, bound: datetime | None) -> bool:
    if bound is None:
        return True
    at = (order.created_at if name.startswith("created") else order.updated_at).replace(microsecond=0)
    return at >= bound if "_from_" in name else at <= bound


def _moment(call: Call, name: str) -> datetime | None:
    text = call.asked(name)
    try:
        return tiki_json.read_moment(text) if text else None
    except ValueError:
        raise wrong(f"{name} must be yyyy-MM-dd HH:mm:ss", 400) from None


def _order(visit: Visit) -> Reply:
    order = visit.booth.shop.orders.get(visit.call.inside["code"])
    if order is None:
        raise wrong("Order not found", 404)
    return told(_order_json(visit, order))


# -- queues -----------------------------------------------------------------------------------------------------------


def _list_queues(visit: Visit) -> Reply:
    return told([queue.told() for queue in queues(visit.booth).values()])


def _make_queue(visit: Visit) -> Reply:
    name, kept = visit.call.document().get("name"), queues(visit.booth)
    if not isinstance(name, str) or not name:
        raise wrong("name is required", 400)
    if len(kept) >= MOST_QUEUES:
        raise wrong("The number of queues is at its limit")
    queue = Queue(code=visit.booth.hexadecimal("queue"), name=name)
    kept[queue.code] = queue
    return told(queue.told())


def _subscriptions(visit: Visit) -> Reply:
    return told(list(_queue(visit).subscriptions.values()))


def _subscribe(visit: Visit) -> Reply:
    queue, event_type = _queue(visit), visit.call.document().get("event_type")
    if event_type not in EVENT_TYPES:
        raise wrong("event_type is invalid", 400)
    return told(queue.subscribe(visit.booth, event_type))


def _pull(visit: Visit) -> Reply:
    queue, asked = _queue(visit), visit.call.document()
    if "ack_id" not in asked:
        raise wrong("ack_id is required; null for a first pull", 400)
    try:
        return told(queue.pull(visit.booth, asked["ack_id"], visit.call.now))
    except UnknownAck:
        raise wrong("ack_id is invalid") from None


def _acknowledge(visit: Visit) -> Reply:
    try:
        _queue(visit).acknowledge(str(visit.call.document().get("ack_id")))
    except UnknownAck:
        raise wrong("ack_id is invalid") from None
    return told({})


def _queue(visit: Visit) -> Queue:
    queue = queues(visit.booth).get(visit.call.inside["code"])
    if queue is None:
        raise wrong("Queue not found", 404)
    return queue


# -- pages ------------------------------------------------------------------------------------------------------------


def _paged(call: Call, found: list[Any], tell: Callable[[Any], dict[str, Any]]) -> Reply:
    size = min(MOST_ON_PAGE, max(1, as_int(call.asked("limit"), USUAL_ON_PAGE) or USUAL_ON_PAGE))
    page = max(1, as_int(call.asked("page"), 1) or 1)
    shown = found[(page - 1) * size : page * size]
    paging = {
        "total": len(found),
        "current_page": page,
        "from": (page - 1) * size + 1 if shown else 0,
        "to": (page - 1) * size + len(shown),
        "per_page": size,
        "last_page": max(1, -(-len(found) // size)),
    }
    return told({"data": [tell(each) for each in shown], "paging": paging})


def _endpoint(method: str, path: str, kind: Kind, answer: Callable[[Visit], Reply]) -> Endpoint:
    return Endpoint(method=method, path=f"/integration/{path}", kind=kind, answer=answer)


ENDPOINTS = (
    _endpoint("PUT", "v2/products/updateSku", "stock", _update_sku),
    _endpoint("PUT", "v2.1/products/updateSku", "stock", _update_sku),
    _endpoint("PUT", "v2.1/products/updateSkus", "stock", _update_skus),
    _endpoint("GET", "v2/products", "listings", _products),
    _endpoint("GET", "v2.1/products", "listings", _products),
    _endpoint("GET", "v2/products/findBy", "listings", _find_product),
    _endpoint("GET", "v2/products/{id}", "listings", _product),
    _endpoint("GET", "v2.1/products/{id}", "listings", _product),
    _endpoint("GET", "v2/sellers/me/warehouses", "other", _warehouses),
    _endpoint("GET", "v2/orders", "orders", _orders),
    _endpoint("GET", "v2/orders/{code}", "orders", _order),
    _endpoint("GET", "v1/queues", "queue", _list_queues),
    _endpoint("POST", "v1/queues", "queue", _make_queue),
    _endpoint("GET", "v1/queues/{code}/subscriptions", "queue", _subscriptions),
    _endpoint("POST", "v1/queues/{code}/subscriptions", "queue", _subscribe),
    _endpoint("POST", "v1/queues/{code}/events/pull", "queue", _pull),
    _endpoint("POST", "v1/queues/{code}/events/ack", "queue", _acknowledge),
)
