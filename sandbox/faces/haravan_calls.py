"""The calls of Haravan's Omni API that an inventory app makes.

The bucket of 80 calls is told in `X-Haravan-Api-Call-Limit`; it refuses only where the `throttled` fault says so, as a
sandbox that runs a day in minutes would hit it all the time.

Assumed, since undocumented: `set` sets the available quantity, as the page says of the resource as a whole; one unknown
variant refuses the whole adjustment, more than 200 lines too ("best supports" are the page's words); a line that fails
within a 200 is missing from the answer; a time without an offset is Vietnam's.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox.faces import haravan_json
from sandbox.faces.face import Endpoint
from sandbox.http import Call, Refused, Reply, as_int, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.booth import Booth
    from sandbox.desk import Visit
    from sandbox.faults import Kind
    from sandbox.world import Listing, Order

BUCKET = 80
LEAK_A_SECOND = 4
MOST_LINES = 200
MOST_ORDERS = 50
MOST_BALANCES = 250
MOST_IDS = 50
REASONS = frozenset(
    {"", "newproduct", "returned", "productionofgoods", "damaged", "shrinkage", "promotion", "transfer"}
)


def _limited(answer: Callable[[Visit], Reply]) -> Callable[[Visit], Reply]:
    """Tells how full the bucket is, after this call."""

    def limited(visit: Visit) -> Reply:
        reply, now, kept = answer(visit), visit.call.now, visit.booth.kept
        level, at = kept.get("bucket", (0.0, now))
        level = min(BUCKET, max(0.0, level - LEAK_A_SECOND * (now - at).total_seconds()) + 1)
        kept["bucket"] = (level, now)
        headers = {**reply.headers, "X-Haravan-Api-Call-Limit": f"{int(level)}/{BUCKET}"}
        return Reply(status=reply.status, body=reply.body, headers=headers)

    return limited


def _wrong(message: str, *, status: int = 422) -> Refused:
    return Refused(told({"errors": message}, status=status))


# -- stock ------------------------------------------------------------------------------------------------------------


def _adjust_or_set(visit: Visit) -> Reply:
    """`adjust` adds the quantities, and is what happens without a type."""
    asked = visit.call.document().get("inventory")
    if not isinstance(asked, dict):
        raise _wrong("inventory is required", status=400)
    how = asked.get("type") or "adjust"
    if how not in ("adjust", "set") or str(asked.get("reason") or "") not in REASONS:
        raise _wrong("type or reason is invalid")
    if str(asked.get("location_id")) != visit.booth.members["location_id"]:
        raise _wrong("location_id is invalid")
    lines = [(_listing(visit, line), line["quantity"]) for line in _lines(asked)]
    done = []
    for listing, quantity in lines:
        if visit.fails():
            continue
        visit.write_available(listing, quantity + (listing.quantity if how == "adjust" else 0))
        done.append((listing, quantity))
    return told({"inventory": _adjustment(visit, asked, how, done)})


def _lines(asked: dict[str, Any]) -> list[dict[str, Any]]:
    lines = asked.get("line_items")
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise _wrong("line_items is required", status=400)
    if not 0 < len(lines) <= MOST_LINES:
        raise _wrong(f"line_items has 1 to {MOST_LINES} items")
    for line in lines:
        quantity = line.get("quantity")
        if isinstance(quantity, bool) or not isinstance(quantity, int):
            raise _wrong("quantity is invalid")
    return lines


def _listing(visit: Visit, line: dict[str, Any]) -> Listing:
    key = f"{line.get('product_id')}~{line.get('product_variant_id')}"
    if key not in visit.booth.shop.listings:
        raise _wrong(f"product_variant_id {line.get('product_variant_id')} is invalid")
    return visit.booth.shop.listings[key]


def _adjustment(visit: Visit, asked: dict[str, Any], how: str, done: list[tuple[Listing, int]]) -> dict[str, Any]:
    at = haravan_json.moment(visit.call.now)
    return {
        "id": int(visit.booth.digits("adjustment", 10)),
        "created_at": at,
        "updated_at": at,
        "tran_date": at,
        "location_id": int(visit.booth.members["location_id"]),
        "type": how,
        "reason": asked.get("reason") or "newproduct",
        "note": asked.get("note"),
        "total_quantity": sum(quantity for _, quantity in done),
        "line_items": [
            {
                "id": int(visit.booth.digits("adjustment_line", 10)),
                "product_id": int(listing.product_id),
                "product_variant_id": int(listing.variant_id),
                "quantity": quantity,
                "sku": listing.merchant_sku,
            }
            for listing, quantity in done
        ],
    }


def _balances(visit: Visit) -> Reply:
    locations, variants = _ids(visit.call, "location_ids"), _ids(visit.call, "variant_ids")
    since_id, since = as_int(visit.call.asked("since_id"), 0) or 0, _moment(visit.call, "updated_at_min")
    limit = _limit(visit.call, MOST_BALANCES, MOST_BALANCES)
    booth = visit.booth
    if locations and booth.members["location_id"] not in locations:
        return told({"inventory_locations": []})
    found = [
        haravan_json.balance_json(booth, it)
        for it in booth.shop.listings.values()
        if (not variants or it.variant_id in variants) and (since is None or it.updated_at >= since)
    ]
    after = sorted((each for each in found if each["id"] > since_id), key=lambda each: int(each["id"]))
    return told({"inventory_locations": after[:limit]})


# -- products ---------------------------------------------------------------------------------------------------------


def _variant(visit: Visit) -> Reply:
    return told({"variant": haravan_json.variant_json(_by_variant(visit))})


def _update_variant(visit: Visit) -> Reply:
    listing, asked = _by_variant(visit), visit.call.document().get("variant")
    if not isinstance(asked, dict):
        raise _wrong("variant is required", status=400)
    price = asked.get("price", listing.price)
    if isinstance(price, bool) or not isinstance(price, int | float) or price < 0 or price != int(price):
        raise _wrong("price is invalid")
    visit.write_price(listing, int(price))
    return told({"variant": {**haravan_json.variant_json(listing), "price": haravan_json.money(int(price))}})


def _by_variant(visit: Visit) -> Listing:
    wanted = visit.call.inside["id"]
    for listing in visit.booth.shop.listings.values():
        if listing.variant_id == wanted:
            return listing
    raise _wrong("Not Found", status=404)


def _products(visit: Visit) -> Reply:
    products = _by_product(visit.booth)
    return told({"products": [_product_json(each) for each in _paged(visit.call, list(products.values()))]})


def _product(visit: Visit) -> Reply:
    variants = _by_product(visit.booth).get(visit.call.inside["id"])
    if not variants:
        raise _wrong("Not Found", status=404)
    return told({"product": _product_json(variants)})


def _by_product(booth: Booth) -> dict[str, list[Listing]]:
    products: dict[str, list[Listing]] = {}
    for listing in booth.shop.listings.values():
        products.setdefault(listing.product_id, []).append(listing)
    return products


def _product_json(variants: list[Listing]) -> dict[str, Any]:
    return {
        "id": int(variants[0].product_id),
        "title": variants[0].title,
        "updated_at": haravan_json.moment(max(it.updated_at for it in variants)),
        "variants": [haravan_json.variant_json(it) for it in variants],
    }


# -- orders -----------------------------------------------------------------------------------------------------------


def _orders(visit: Visit) -> Reply:
    found = [] if visit.page_is_empty() else _found(visit)
    return told({"orders": [haravan_json.order_json(visit.booth, each) for each in _paged(visit.call, found)]})


def _count(visit: Visit) -> Reply:
    return told({"count": len(_found(visit))})


def _found(visit: Visit) -> list[Order]:
    """Open ones unless `status` says otherwise; newest first unless `order` does."""
    call = visit.call
    status = call.asked("status", "open")
    if status not in ("open", "closed", "cancelled", "any"):
        raise _wrong("status is invalid", status=400)
    bounds = {
        name: _moment(call, name) for name in ("created_at_min", "created_at_max", "updated_at_min", "updated_at_max")
    }
    ids, since_id = _ids(call, "ids"), as_int(call.asked("since_id"), 0) or 0

    def fits(order: Order) -> bool:
        gone = order.cancelled_at is not None
        right = {"any": True, "open": not gone, "closed": False, "cancelled": gone}[status]
        times = {"created_at": order.created_at, "updated_at": order.updated_at}
        inside = all(
            bound is None or (times[name[:10]] >= bound if name.endswith("_min") else times[name[:10]] <= bound)
            for name, bound in bounds.items()
        )
        return right and inside and int(order.id) > since_id and (not ids or order.id in ids)

    found = [order for order in visit.booth.shop.orders.values() if fits(order)]
    by, _, direction = call.asked("order", "created_at desc").partition(" ")
    if by not in ("created_at", "updated_at", "id"):
        raise _wrong("order is invalid", status=400)
    keys: dict[str, Callable[[Order], Any]] = {
        "created_at": lambda it: (it.created_at, it.number),
        "updated_at": lambda it: (it.updated_at, it.number),
        "id": lambda it: int(it.id),
    }
    return sorted(found, key=keys[by], reverse=direction.lower() == "desc")


def _order(visit: Visit) -> Reply:
    return told({"order": haravan_json.order_json(visit.booth, _by_id(visit))})


def _refunds(visit: Visit) -> Reply:
    return told({"refunds": haravan_json.order_json(visit.booth, _by_id(visit))["refunds"]})


def _by_id(visit: Visit) -> Order:
    order = visit.booth.shop.orders.get(visit.call.inside["id"])
    if order is None:
        raise _wrong("Not Found", status=404)
    return order


# -- other ------------------------------------------------------------------------------------------------------------


def _locations(visit: Visit) -> Reply:
    location = {"id": int(visit.booth.members["location_id"]), "name": "Kho chính", "is_primary": True}
    return told({"locations": [location]})


def _shop(visit: Visit) -> Reply:
    return told({"shop": {"id": int(visit.booth.members["org_id"]), "name": visit.booth.name, "currency": "VND"}})


def _ids(call: Call, name: str) -> set[str]:
    ids = {part for part in call.asked(name).split(",") if part}
    if len(ids) > MOST_IDS:
        raise _wrong(f"{name} has at most {MOST_IDS} ids", status=400)
    return ids


def _limit(call: Call, usual: int, most: int) -> int:
    """A larger limit is cut, as the older of these APIs do."""
    return min(most, max(1, as_int(call.asked("limit"), usual) or usual))


def _paged(call: Call, found: list[Any]) -> list[Any]:
    size, page = _limit(call, MOST_ORDERS, MOST_ORDERS), max(1, as_int(call.asked("page"), 1) or 1)
    return found[(page - 1) * size : page * size]


def _moment(call: Call, name: str) -> datetime | None:
    """A time without an offset is Vietnam's."""
    if not (text := call.asked(name)):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise _wrong(f"{name} is invalid", status=400) from None
    return at if at.tzinfo else at.replace(tzinfo=haravan_json.ZONE)


def _endpoint(method: str, path: str, kind: Kind, answer: Callable[[Visit], Reply]) -> Endpoint:
    return Endpoint(method=method, path=f"/com/{path}.json", kind=kind, answer=_limited(answer))


ENDPOINTS = (
    _endpoint("POST", "inventories/adjustorset", "stock", _adjust_or_set),
    _endpoint("GET", "inventory_locations", "listings", _balances),
    _endpoint("GET", "variants/{id}", "listings", _variant),
    _endpoint("PUT", "variants/{id}", "price", _update_variant),
    _endpoint("GET", "products", "listings", _products),
    _endpoint("GET", "products/{id}", "listings", _product),
    _endpoint("GET", "orders", "orders", _orders),
    _endpoint("GET", "orders/count", "orders", _count),
    _endpoint("GET", "orders/{id}/refunds", "orders", _refunds),
    _endpoint("GET", "orders/{id}", "orders", _order),
    _endpoint("GET", "locations", "other", _locations),
    _endpoint("GET", "shop", "other", _shop),
)
