"""The calls of WooCommerce's REST API v3 that an inventory app makes.

From woocommerce/woocommerce-rest-api-docs and the controllers of woocommerce/woocommerce. A batch answers 200 with an
`error` in the place of each object that failed. A variation or product whose stock is not managed forgets a
`stock_quantity` unless `manage_stock` comes with it (inferred; all listings begin managed).

A time with an offset is turned into the site's own time before it is compared, also with `dates_are_gmt`
(WP_Date_Query::build_mysql_datetime of WordPress): a UTC time with a Z misses the last seven hours of a Vietnamese
site. Newer order tables may treat it better; a time without an offset is right for both. Bounds are exclusive.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sandbox.faces import woocommerce_json
from sandbox.faces.face import Endpoint
from sandbox.http import Call, Refused, Reply, as_int, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.booth import Booth
    from sandbox.desk import Visit
    from sandbox.faults import Kind
    from sandbox.world import Listing, Order

BASE = "/wp-json/wc/v3"
MOST_IN_BATCH = 100
MOST_ON_PAGE = 100
USUAL_ON_PAGE = 10
STATUSES = frozenset(
    {"any", "trash", "pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed"}
)
INVALID_VARIATION = ("woocommerce_rest_product_variation_invalid_id", "Invalid ID.", 404)
INVALID_PRODUCT = ("woocommerce_rest_product_invalid_id", "Invalid ID.", 400)


def wrong(code: str, message: str, status: int) -> Refused:
    return Refused(told(_error(code, message, status), status=status))


def _error(code: str, message: str, status: int) -> dict[str, Any]:
    return {"code": code, "message": message, "data": {"status": status}}


# -- batches ----------------------------------------------------------------------------------------------------------


def _products_batch(visit: Visit) -> Reply:
    def find(number: str) -> Listing | None:
        return visit.booth.shop.listings.get(f"{number}~{woocommerce_json.NO_VARIATION}")

    return _batch(visit, find, INVALID_PRODUCT)


def _variations_batch(visit: Visit) -> Reply:
    product = visit.call.inside["product"]
    if product not in _by_product(visit.booth):
        raise wrong("woocommerce_rest_product_invalid_id", "Invalid product ID.", 404)

    def find(number: str) -> Listing | None:
        listing = visit.booth.shop.listings.get(f"{product}~{number}")
        return listing if listing and listing.variant_id != woocommerce_json.NO_VARIATION else None

    return _batch(visit, find, INVALID_VARIATION)


def _batch(visit: Visit, find: Callable[[str], Listing | None], unknown: tuple[str, str, int]) -> Reply:
    asked = visit.call.document()
    parts = [asked.get(name, []) for name in ("create", "update", "delete")]
    if not all(isinstance(part, list) for part in parts):
        raise wrong("rest_invalid_param", "Invalid parameter(s): update", 400)
    if sum(len(part) for part in parts) > MOST_IN_BATCH:
        message = f"Unable to accept more than {MOST_IN_BATCH} items for this request."
        raise wrong("woocommerce_rest_request_entity_too_large", message, 413)
    if parts[0] or parts[2]:
        raise wrong("sandbox_not_offered", "The sandbox updates only; create listings at its door.", 400)
    return told({"update": [_updated(visit, told_item, find, unknown) for told_item in parts[1]]})


def _updated(
    visit: Visit, asked: Any, find: Callable[[str], Listing | None], unknown: tuple[str, str, int]
) -> dict[str, Any]:
    number = asked.get("id", 0) if isinstance(asked, dict) else 0
    listing = find(str(number))
    if listing is None:
        return {"id": number, "error": _error(*unknown)}
    if invalid := _invalid(asked):
        return {"id": number, "error": _error("rest_invalid_param", f"Invalid parameter(s): {invalid}", 400)}
    if visit.fails():
        error = _error("woocommerce_rest_product_not_saved", "The product could not be saved.", 500)
        return {"id": number, "error": error}
    return _apply(visit, listing, asked)


def _invalid(asked: dict[str, Any]) -> str:
    """The names of members of the wrong type, as the schema has them: quantities are numbers, prices are text."""
    wrong_ones = []
    quantity, price = asked.get("stock_quantity"), asked.get("regular_price")
    if quantity is not None and as_int(quantity) is None:
        wrong_ones.append("stock_quantity")
    if price is not None and (not isinstance(price, str) or _price(price) is None):
        wrong_ones.append("regular_price")
    if asked.get("manage_stock") not in (None, True, False, "parent"):
        wrong_ones.append("manage_stock")
    return ", ".join(wrong_ones)


def _apply(visit: Visit, listing: Listing, asked: dict[str, Any]) -> dict[str, Any]:
    unmanaged: set[str] = visit.booth.kept.setdefault("unmanaged", set())
    if "manage_stock" in asked:
        (unmanaged.discard if asked["manage_stock"] is True else unmanaged.add)(listing.key)
    quantity = as_int(asked.get("stock_quantity"))
    if quantity is not None and listing.key not in unmanaged:
        visit.write_available(listing, quantity)
    price = _price(asked["regular_price"]) if asked.get("regular_price") is not None else None
    if price is not None:
        visit.write_price(listing, price)
    return _product_json(visit.booth, listing)


def _price(text: str) -> int | None:
    try:
        price = Decimal(text)
    except InvalidOperation:
        return None
    return int(price) if price >= 0 and price == price.to_integral_value() else None


# -- products ---------------------------------------------------------------------------------------------------------


def _product_json(booth: Booth, listing: Listing) -> dict[str, Any]:
    return woocommerce_json.product_json(listing, managed=listing.key not in booth.kept.get("unmanaged", ()))


def _by_product(booth: Booth) -> dict[str, list[Listing]]:
    products: dict[str, list[Listing]] = {}
    for listing in booth.shop.listings.values():
        products.setdefault(listing.product_id, []).append(listing)
    return products


def _products(visit: Visit) -> Reply:
    products = list(_by_product(visit.booth).values())
    return _paged(visit.call, products, lambda each: _whole(visit.booth, each))


def _whole(booth: Booth, listings: list[Listing]) -> dict[str, Any]:
    """A product as a whole: a simple one, or the roof over its variations, which keep their own stock."""
    first = listings[0]
    told_first = _product_json(booth, first)
    if first.variant_id == woocommerce_json.NO_VARIATION:
        return {**told_first, "variations": []}
    roof = {"id": int(first.product_id), "type": "variable", "parent_id": 0, "sku": ""}
    stock = {"manage_stock": False, "stock_quantity": None}
    return {**told_first, **roof, **stock, "variations": [int(each.variant_id) for each in listings]}


def _product(visit: Visit) -> Reply:
    listings = _by_product(visit.booth).get(visit.call.inside["product"])
    if not listings:
        raise wrong("woocommerce_rest_product_invalid_id", "Invalid ID.", 404)
    return told(_whole(visit.booth, listings))


def _variations(visit: Visit) -> Reply:
    listings = _by_product(visit.booth).get(visit.call.inside["product"], [])
    found = [each for each in listings if each.variant_id != woocommerce_json.NO_VARIATION]
    return _paged(visit.call, found, lambda each: _product_json(visit.booth, each))


def _variation(visit: Visit) -> Reply:
    listing = visit.booth.shop.listings.get(f"{visit.call.inside['product']}~{visit.call.inside['variation']}")
    if listing is None or listing.variant_id == woocommerce_json.NO_VARIATION:
        raise wrong(*INVALID_VARIATION)
    return told(_product_json(visit.booth, listing))


# -- orders -----------------------------------------------------------------------------------------------------------


def _orders(visit: Visit) -> Reply:
    found = [] if visit.page_is_empty() else _found(visit)
    return _paged(visit.call, found, lambda each: woocommerce_json.order_json(visit.booth, each))


def _found(visit: Visit) -> list[Order]:
    call = visit.call
    statuses = {part for part in call.asked("status", "any").split(",") if part}
    if not statuses <= STATUSES:
        raise wrong("rest_invalid_param", "Invalid parameter(s): status", 400)
    by, direction = call.asked("orderby", "date"), call.asked("order", "desc")
    if by not in ("date", "id", "modified") or direction not in ("asc", "desc"):
        raise wrong("rest_invalid_param", "Invalid parameter(s): orderby", 400)
    bounds = {name: _bound(call, name) for name in ("after", "before", "modified_after", "modified_before")}

    def fits(order: Order) -> bool:
        right = "any" in statuses or woocommerce_json.status(order) in statuses
        return right and all(bound is None or _beyond(order, name, bound) for name, bound in bounds.items())

    keys: dict[str, Callable[[Order], Any]] = {
        "date": lambda it: (it.created_at, it.number),
        "modified": lambda it: (it.updated_at, it.number),
        "id": lambda it: int(it.id),
    }
    found = [order for order in visit.booth.shop.orders.values() if fits(order)]
    return sorted(found, key=keys[by], reverse=direction == "desc")


def _beyond(order: Order, name: str, bound: datetime) -> bool:
    at = (order.updated_at if name.startswith("modified") else order.created_at).replace(microsecond=0)
    return at > bound if name.endswith("after") else at < bound


def _bound(call: Call, name: str) -> datetime | None:
    if not (text := call.asked(name)):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise wrong("rest_invalid_param", f"Invalid parameter(s): {name}", 400) from None
    gmt = call.asked("dates_are_gmt") in ("true", "1")
    if at.tzinfo:
        at = at.astimezone(woocommerce_json.SITE_ZONE).replace(tzinfo=None)
    return at.replace(tzinfo=UTC if gmt else woocommerce_json.SITE_ZONE)


def _order(visit: Visit) -> Reply:
    return told(woocommerce_json.order_json(visit.booth, _by_id(visit)))


def _refunds(visit: Visit) -> Reply:
    return told(woocommerce_json.refunds_json(visit.booth, _by_id(visit)))


def _by_id(visit: Visit) -> Order:
    order = visit.booth.shop.orders.get(visit.call.inside["id"])
    if order is None:
        raise wrong("woocommerce_rest_shop_order_invalid_id", "Invalid ID.", 404)
    return order


# -- pages ------------------------------------------------------------------------------------------------------------


def _paged(call: Call, found: list[Any], tell: Callable[[Any], dict[str, Any]]) -> Reply:
    size, page = as_int(call.asked("per_page"), USUAL_ON_PAGE), as_int(call.asked("page"), 1)
    if size is None or not 0 < size <= MOST_ON_PAGE:
        raise wrong("rest_invalid_param", "Invalid parameter(s): per_page", 400)
    if page is None or page < 1:
        raise wrong("rest_invalid_param", "Invalid parameter(s): page", 400)
    pages = -(-len(found) // size)
    headers = {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(pages)}
    links = [(page - 1, "prev"), (page + 1, "next")]
    if told_links := [_link(call, at, name) for at, name in links if 0 < at <= pages]:
        headers["Link"] = ", ".join(told_links)
    return told([tell(each) for each in found[(page - 1) * size : page * size]], headers=headers)


def _link(call: Call, page: int, name: str) -> str:
    query = urlencode([(key, value) for key, value in call.query if key != "page"] + [("page", str(page))])
    return f'<{address(call)}?{query}>; rel="{name}"'


def address(call: Call) -> str:
    """The address as it was called, without its query; a proxy before the site says which scheme that was."""
    scheme = call.headers.get("x-forwarded-proto", "http")
    return f"{scheme}://{re.sub(r'[^A-Za-z0-9.:-]', '', call.headers.get('host', ''))}{call.path}"


def _endpoint(method: str, path: str, kind: Kind, answer: Callable[[Visit], Reply]) -> Endpoint:
    return Endpoint(method=method, path=f"{BASE}/{path}", kind=kind, answer=answer)


ENDPOINTS = (
    _endpoint("POST", "products/batch", "stock", _products_batch),
    _endpoint("POST", "products/{product}/variations/batch", "stock", _variations_batch),
    _endpoint("GET", "products", "listings", _products),
    _endpoint("GET", "products/{product}", "listings", _product),
    _endpoint("GET", "products/{product}/variations", "listings", _variations),
    _endpoint("GET", "products/{product}/variations/{variation}", "listings", _variation),
    _endpoint("GET", "orders", "orders", _orders),
    _endpoint("GET", "orders/{id}", "orders", _order),
    _endpoint("GET", "orders/{id}/refunds", "orders", _refunds),
)
