"""TikTok Shop Partner API, version 202309.

From the official guides and reference as mirrored in `lazykern/ecommerce-api-docs`. Assumed, since undocumented: the
HTTP status of errors (401 for credentials, 429 when throttled, 200 for what a seller may not do); the webhook's
signature (from `EcomPHP/tiktokshop-php`); the code of a wrong shop cipher; a spent refresh token brings nothing.
Quantity 0 is outside the documented range of 1 to 99,999 and by other accounts accepted: the fault `zero_refused`
decides. A product in a promotion takes no quantity below the present one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from sandbox.faces.face import Delivery, Endpoint, Event, Face, Push, Trouble, What
from sandbox.http import Call, Refused, Reply, as_int, told
from sandbox.signing import hex_of, same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from sandbox.booth import Booth
    from sandbox.desk import Visit
    from sandbox.world import Line, Listing, Order, Unit

EARLIEST_S, LATEST_S = 300, 30
MOST_QUANTITY = 99_999
MOST_SKUS = 100
MOST_PRODUCTS_SEARCHED, MOST_SKUS_SEARCHED = 100, 600
MOST_ORDERS = 50
MOST_PAGE = 100
CURRENCY = "VND"

REFRESH = "/api/v2/token/refresh"
SHOPS = "/authorization/202309/shops"
WITHOUT_CIPHER = (SHOPS,)

STATUS = {
    "unpaid": "UNPAID",
    "paid": "AWAITING_SHIPMENT",
    "partly_shipped": "PARTIALLY_SHIPPING",
    "shipped": "IN_TRANSIT",
    "cancelled": "CANCELLED",
}
# The push spells one of them in its own way.
PUSHED = STATUS | {"cancelled": "CANCEL"}

UNSIGNED = ("sign", "access_token")


class TiktokShop(Face):
    channel = "tiktok_shop"
    delivery: ClassVar[Delivery] = Delivery(
        answer_within_s=3, redelivery_s=(120, 1800, 10_800, 43_200), statuses=(200, 200), empty_body=True
    )
    token_life_s: ClassVar[int] = 7 * 86_400
    refresh_life_s: ClassVar[int] = 365 * 86_400

    # -- a new shop, new ids -------------------------------------------------------------------------------------------

    def members(self, booth: Booth) -> dict[str, str]:
        return {
            "app_key": booth.hexadecimal("app_key", 12),
            "app_secret": "test-app-secret-" + booth.hexadecimal("app_secret"),
            "shop_id": booth.digits("shop_id", 19),
            "shop_cipher": "ROW_" + booth.hexadecimal("shop_cipher", 24),
        }

    def webhook_key(self, booth: Booth) -> str:
        return booth.members["app_secret"]

    def locations(self, booth: Booth) -> tuple[str, ...]:
        return (booth.digits("warehouse_id", 19),)

    def listing_key(self, booth: Booth, product_id: str | None, *, alone: bool) -> str:
        return f"{product_id or booth.digits('product_id', 19)}~{booth.digits('sku_id', 19)}"

    def order_id(self, booth: Booth, now: datetime) -> str:
        return booth.digits("order_id", 18)

    def unit_id(self, booth: Booth) -> str:
        return booth.digits("unit_id", 18)

    # -- calls ---------------------------------------------------------------------------------------------------------

    def endpoints(self) -> tuple[Endpoint, ...]:
        products, orders = "/product/202309/products", "/order/202309/orders"
        return (
            Endpoint(method="GET", path=REFRESH, kind="token", answer=_refresh, open=True),
            Endpoint(method="GET", path=SHOPS, kind="other", answer=_shops),
            Endpoint(method="GET", path="/logistics/202309/warehouses", kind="other", answer=_warehouses),
            Endpoint(method="POST", path=f"{products}/search", kind="listings", answer=_search_products),
            Endpoint(method="POST", path=f"{products}/deactivate", kind="stock", answer=_deactivate),
            Endpoint(method="POST", path=f"{products}/activate", kind="stock", answer=_activate),
            Endpoint(
                method="POST", path=products + "/{product_id}/inventory/update", kind="stock", answer=_update_inventory
            ),
            Endpoint(method="POST", path=products + "/{product_id}/prices/update", kind="price", answer=_update_prices),
            Endpoint(method="POST", path="/product/202309/inventory/search", kind="listings", answer=_search_inventory),
            Endpoint(method="GET", path=orders, kind="orders", answer=_order_detail),
            Endpoint(method="POST", path=f"{orders}/search", kind="orders", answer=_search_orders),
            Endpoint(method="POST", path="/return_refund/202309/returns/search", kind="orders", answer=_search_returns),
        )

    def whose(self, call: Call, booths: Iterable[Booth]) -> Booth | None:
        return next((booth for booth in booths if booth.members["app_key"] == call.asked("app_key")), None)

    def authorise(self, call: Call, booth: Booth) -> None:
        """Time, signature, token, then the shop's cipher."""
        timestamp = as_int(call.asked("timestamp"))
        if timestamp is None or not -EARLIEST_S <= timestamp - call.now.timestamp() <= LATEST_S:
            raise Refused(_error(36009004, "Invalid timestamp.", status=401))
        if not call.asked("sign"):
            raise Refused(_error(36009004, "Missing credentials. The sign is required.", status=401))
        if not same(call.asked("sign"), _signature(booth.members["app_secret"], call)):
            raise Refused(_error(106001, "Invalid credentials. The 'sign' query parameter is invalid.", status=401))
        token = call.headers.get("x-tts-access-token", "")
        if booth.tokens and not booth.tokens.accepts(token, call.now):
            if booth.tokens.knows(token):
                raise Refused(_error(105002, "Expired credentials. The access token has expired.", status=401))
            raise Refused(_error(36009004, "Invalid credentials. The access token is invalid.", status=401))
        if call.path in WITHOUT_CIPHER:
            return
        if not call.asked("shop_cipher"):
            raise Refused(_error(106013, "Missing identifier. The 'shop_cipher' is required.", status=400))
        if call.asked("shop_cipher") != booth.members["shop_cipher"]:
            raise Refused(_error(36009004, "Invalid identifier. The 'shop_cipher' is invalid.", status=400))

    def trouble(self, trouble: Trouble, call: Call) -> Reply:
        match trouble:
            case Trouble.DOWN:
                return Reply(status=503, body=b"<html>503 Service Temporarily Unavailable</html>")
            case Trouble.THROTTLED | Trouble.DAILY_QUOTA:
                return _error(36009002, "Too many requests.", status=429)
            case Trouble.UNKNOWN_SHOP:
                return _error(36009004, "Invalid credentials. Invalid 'app_key' query parameter.", status=401)
            case Trouble.SERVER_ERROR:
                return _error(36009003, "Internal error. Please try again.", status=500)

    # -- pushes --------------------------------------------------------------------------------------------------------

    def pushes(self, booth: Booth, event: Event) -> tuple[Push, ...]:
        if event.order is None:
            return _promotion_pushes(booth, event)
        order, at = event.order, _seconds(event.at)
        pushes = []
        if event.what is not What.RETURNED:
            document: dict[str, Any] = {
                "order_id": order.id,
                "order_status": PUSHED[order.stage],
                "is_on_hold_order": False,
                "update_time": at,
            }
            pushes.append(_push(booth, 1, document, event))
        if event.what is What.CANCELLED:
            document = {
                "order_id": order.id,
                "cancellations_role": "BUYER" if order.cancelled_by == "buyer" else "SELLER",
                "cancel_status": "CANCELLATION_REQUEST_COMPLETE",
                "cancel_id": booth.digits("cancel_id", 19),
                "create_time": at,
            }
            pushes.append(_push(booth, 11, document, event))
        if event.what is What.RETURNED:
            document = {
                "order_id": order.id,
                "return_role": "BUYER",
                "return_type": "RETURN_AND_REFUND",
                "return_status": "RETURN_OR_REFUND_REQUEST_COMPLETE",
                "return_id": _return_id(order),
                "create_time": at,
                "update_time": at,
            }
            pushes.append(_push(booth, 12, document, event))
        return tuple(pushes)

    def sign(self, booth: Booth, *, body: bytes, key: str) -> dict[str, str]:
        return {"Authorization": hex_of(key, booth.members["app_key"].encode() + body)}

    def restocks_returned(self, asked: bool | None) -> bool:
        """Never by itself: the seller looks at what came back and sets the stock."""
        return False


# -- signing and tokens ------------------------------------------------------------------------------------------------


def _signature(secret: str, call: Call) -> str:
    """Over path, query by name and body, between two secrets; values as they are, not percent-encoded."""
    query = "".join(name + value for name, value in sorted(call.query) if name not in UNSIGNED)
    multipart = call.headers.get("content-type", "").startswith("multipart/form-data")
    signed = secret.encode() + call.path.encode() + query.encode() + (b"" if multipart else call.body)
    return hex_of(secret, signed + secret.encode())


def _refresh(visit: Visit) -> Reply:
    call, members = visit.call, visit.booth.members
    if not same(call.asked("app_secret"), members["app_secret"]) or call.asked("grant_type") != "refresh_token":
        raise Refused(_error(36004003, "Invalid app_secret or grant_type."))
    pair = visit.refresh(call.asked("refresh_token"))
    if pair is None:
        raise Refused(_error(36004004, "Invalid refresh_token."))
    return _done(
        {
            "access_token": pair.access,
            "access_token_expire_in": _seconds(pair.expires_at),
            "refresh_token": pair.refresh,
            "refresh_token_expire_in": _seconds(pair.refresh_expires_at),
            "seller_name": visit.booth.name,
            "seller_base_region": "VN",
            "user_type": 0,
        }
    )


# -- stock and price ---------------------------------------------------------------------------------------------------


def _update_inventory(visit: Visit) -> Reply:
    listings = _of_product(visit)
    if not all(listing.active for listing in listings.values()):
        raise Refused(_error(12052901, "The product in its current status is not available for this operation."))
    errors = []
    for sku in _skus(visit.call):
        listing, entries = listings.get(str(sku.get("id"))), sku.get("inventory")
        wrong = _wrong_sku(visit, listing, entries)
        if wrong is None and listing is not None and isinstance(entries, list):
            visit.write_available(listing, entries[0]["quantity"])
        elif wrong is not None:
            errors.append(_sku_error(sku, *wrong))
    return _done({"errors": errors} if errors else {})


def _wrong_sku(visit: Visit, listing: Listing | None, entries: object) -> tuple[int, str] | None:
    """Code and sentence of what is wrong, if anything is. The shop has one warehouse, so there is one entry."""
    if listing is None:
        return 12052557, "The SKU ID does not belong to the product."
    if not isinstance(entries, list) or len(entries) != 1 or not isinstance(entries[0], dict):
        return 12019028, "Include all warehouse IDs and the corresponding details and try again."
    if entries[0].get("warehouse_id", visit.booth.locations[0]) not in visit.booth.locations:
        return 12052097, "The warehouse does not exist"
    quantity = entries[0].get("quantity")
    lowest = 1 if visit.refuses_zero() else 0
    if isinstance(quantity, bool) or not isinstance(quantity, int) or not lowest <= quantity <= MOST_QUANTITY:
        return 12052055, "The SKU inventory quantity for the warehouse must be within allowed limits."
    if visit.floor(listing) and quantity < listing.quantity:
        return 12052393, "Product locked for Promotion and stock can't be updated below current stock"
    if visit.fails():
        return 12052990, "Internal error"
    return None


def _update_prices(visit: Visit) -> Reply:
    listings = _of_product(visit)
    errors = []
    for sku in _skus(visit.call):
        listing = listings.get(str(sku.get("id")))
        amount = _amount(sku.get("price"))
        if listing is None:
            errors.append(_sku_error(sku, 12052557, "The SKU ID does not belong to the product."))
        elif amount is None:
            errors.append(_sku_error(sku, 12052012, "Incorrect price format"))
        elif visit.floor(listing):
            errors.append(_sku_error(sku, 12052038, "Product price locked due to ongoing promotion."))
        elif visit.fails():
            errors.append(_sku_error(sku, 12052990, "Internal error"))
        else:
            visit.write_price(listing, amount)
    return _done({"errors": errors} if errors else {})


def _amount(price: object) -> int | None:
    """A price of this shop: text of a whole number in its currency."""
    if not isinstance(price, dict) or price.get("currency") != CURRENCY or not isinstance(price.get("amount"), str):
        return None
    amount = as_int(price["amount"])
    return amount if amount and amount > 0 else None


def _skus(call: Call) -> list[dict[str, Any]]:
    skus = call.document().get("skus")
    if not isinstance(skus, list) or not skus or not all(isinstance(sku, dict) for sku in skus):
        raise Refused(_error(12052902, "The SKU list is empty."))
    if len(skus) > MOST_SKUS:
        raise Refused(_error(12052050, "A single product cannot have more than 100 different SKUs"))
    if len({str(sku.get("id")) for sku in skus}) < len(skus):
        raise Refused(_error(12052553, "Sku id duplicate"))
    return skus


def _of_product(visit: Visit) -> dict[str, Listing]:
    """The listings of the product in the path, by SKU."""
    found = _by_product(visit.booth).get(visit.call.inside["product_id"])
    if not found:
        raise Refused(_error(12052032, "The product does not exist"))
    return found


def _sku_error(sku: dict[str, Any], code: int, message: str) -> dict[str, Any]:
    detail = {"sku_id": str(sku.get("id")), "extra_errors": [{"code": code, "message": message}]}
    return {"code": code, "message": message, "detail": detail}


def _deactivate(visit: Visit) -> Reply:
    return _switch(visit, active=False)


def _activate(visit: Visit) -> Reply:
    return _switch(visit, active=True)


def _switch(visit: Visit, *, active: bool) -> Reply:
    asked, products = visit.call.document().get("product_ids"), _by_product(visit.booth)
    if not isinstance(asked, list) or not asked:
        raise Refused(_error(12052031, "Invalid product ID(s) found"))
    errors = []
    for product in map(str, asked):
        for listing in products.get(product, {}).values():
            listing.active = active
        if product not in products:
            errors.append(
                {"code": 12052260, "message": "The product ID does not exist", "detail": {"product_id": product}}
            )
    return _done({"errors": errors} if errors else {})


# -- listings ----------------------------------------------------------------------------------------------------------


def _by_product(booth: Booth) -> dict[str, dict[str, Listing]]:
    products: dict[str, dict[str, Listing]] = {}
    for listing in booth.shop.listings.values():
        products.setdefault(listing.product_id, {})[listing.variant_id] = listing
    return products


def _search_products(visit: Visit) -> Reply:
    start, size = _page(visit.call)
    wanted = visit.call.document().get("status", "ALL")
    found = [
        (product, skus)
        for product, skus in _by_product(visit.booth).items()
        if wanted in ("ALL", _product_status(skus))
    ]
    products = [_shown_product(visit.booth, product, skus) for product, skus in found[start : start + size]]
    return _done({"products": products, "total_count": len(found), "next_page_token": _next(start, size, found)})


def _shown_product(booth: Booth, product: str, skus: dict[str, Listing]) -> dict[str, Any]:
    return {
        "id": product,
        "title": next(iter(skus.values())).title,
        "status": _product_status(skus),
        "skus": [
            {
                "id": sku,
                "seller_sku": listing.merchant_sku,
                "price": {"currency": CURRENCY, "tax_exclusive_price": str(listing.price)},
                "inventory": [{"warehouse_id": booth.locations[0], "quantity": max(0, listing.quantity)}],
            }
            for sku, listing in skus.items()
        ],
    }


def _product_status(skus: dict[str, Listing]) -> str:
    return "ACTIVATE" if all(listing.active for listing in skus.values()) else "SELLER_DEACTIVATED"


def _search_inventory(visit: Visit) -> Reply:
    asked = visit.call.document()
    products, skus = asked.get("product_ids") or [], asked.get("sku_ids") or []
    if not isinstance(products, list) or not isinstance(skus, list) or not (products or skus):
        raise Refused(_error(12019008, "Product id is invalid"))
    if len(products) > MOST_PRODUCTS_SEARCHED:
        raise Refused(_error(12019120, "The number of provided product IDs exceeds the limit."))
    if len(skus) > MOST_SKUS_SEARCHED:
        raise Refused(_error(12019015, "The number of SKU exceed the limit"))
    inventory = []
    for product, of_product in _by_product(visit.booth).items():
        shown = [
            _shown_inventory(visit.booth, listing)
            for sku, listing in of_product.items()
            if sku in skus or product in products
        ]
        if shown:
            inventory.append({"product_id": product, "skus": shown})
    return _done({"inventory": inventory})


def _shown_inventory(booth: Booth, listing: Listing) -> dict[str, Any]:
    """Available here contains what campaigns keep."""
    available = max(0, listing.quantity)
    campaign = [{"campaign_name": "sandbox", "quantity": listing.locked}] if listing.locked else []
    return {
        "id": listing.variant_id,
        "seller_sku": listing.merchant_sku,
        "total_available_quantity": available,
        "total_committed_quantity": listing.committed,
        "warehouse_inventory": [
            {
                "warehouse_id": booth.locations[0],
                "available_quantity": available,
                "committed_quantity": listing.committed,
            }
        ],
        "total_available_inventory_distribution": {
            "campaign_inventory": campaign,
            "creator_inventory": [],
            "in_shop_inventory": {"quantity": max(0, available - listing.locked)},
        },
    }


# -- orders ------------------------------------------------------------------------------------------------------------


def _order_detail(visit: Visit) -> Reply:
    asked = [each for each in visit.call.asked("ids").split(",") if each]
    if not 0 < len(asked) <= MOST_ORDERS:
        raise Refused(_error(36009004, f"The number of ids must be 1 to {MOST_ORDERS}.", status=400))
    known = visit.booth.shop.orders
    return _done({"orders": [_shown_order(visit.booth, known[each]) for each in asked if each in known]})


def _search_orders(visit: Visit) -> Reply:
    start, size = _page(visit.call)
    asked = visit.call.document()
    by, ascending = visit.call.asked("sort_field", "create_time"), visit.call.asked("sort_order", "ASC") == "ASC"
    if by not in ("create_time", "update_time"):
        raise Refused(_error(36009004, "Invalid sort_field.", status=400))

    def fits(order: Order) -> bool:
        return (
            within("update_time", order.updated_at)
            and within("create_time", order.created_at)
            and asked.get("order_status", STATUS[order.stage]) == STATUS[order.stage]
        )

    within = _bounds(asked)
    found = [] if visit.page_is_empty() else [order for order in visit.booth.shop.orders.values() if fits(order)]
    found.sort(
        key=lambda order: (_seconds(order.updated_at if by == "update_time" else order.created_at), order.number),
        reverse=not ascending,
    )
    orders = [_shown_order(visit.booth, order) for order in found[start : start + size]]
    return _done({"orders": orders, "total_count": len(found), "next_page_token": _next(start, size, found)})


def _bounds(asked: dict[str, Any]) -> Callable[[str, datetime], bool]:
    """Whether a time lies within what a search asks: `_ge` belongs to it, `_lt` does not. Whole seconds."""
    names = [f"{name}_{end}" for name in ("update_time", "create_time") for end in ("ge", "lt")]
    bounds = {name: as_int(asked[name]) for name in names if name in asked}
    if None in bounds.values():
        raise Refused(_error(36009004, "Times are whole seconds.", status=400))

    def within(name: str, at: datetime) -> bool:
        since, before = bounds.get(f"{name}_ge"), bounds.get(f"{name}_lt")
        return (since is None or since <= _seconds(at)) and (before is None or _seconds(at) < before)

    return within


def _shown_order(booth: Booth, order: Order) -> dict[str, Any]:
    return {
        "id": order.id,
        "status": STATUS[order.stage],
        "is_cod": order.cod,
        "is_on_hold_order": False,
        "fulfillment_type": "FULFILLMENT_BY_SELLER",
        "warehouse_id": booth.locations[0],
        "create_time": _seconds(order.created_at),
        "update_time": _seconds(order.updated_at),
        **({"paid_time": _seconds(order.paid_at)} if order.paid_at else {}),
        **({"cancel_time": _seconds(order.cancelled_at)} if order.cancelled_at else {}),
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


def _search_returns(visit: Visit) -> Reply:
    start, size = _page(visit.call)
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
    return _done({"return_orders": returns, "total_count": len(found), "next_page_token": _next(start, size, found)})


def _shown_return(order: Order) -> dict[str, Any]:
    return {
        "return_id": _return_id(order),
        "order_id": order.id,
        "return_type": "RETURN_AND_REFUND",
        "return_status": "RETURN_OR_REFUND_REQUEST_COMPLETE",
        "create_time": _seconds(order.updated_at),
        "update_time": _seconds(order.updated_at),
        "return_line_items": [
            {"return_line_item_id": f"4{unit.id}", "order_line_item_id": unit.id, "sku_id": unit.listing.split("~")[1]}
            for unit in order.units
            if unit.returned
        ],
    }


def _return_id(order: Order) -> str:
    return f"4{order.id}"


# -- other -------------------------------------------------------------------------------------------------------------


def _shops(visit: Visit) -> Reply:
    members = visit.booth.members
    shop = {"id": members["shop_id"], "cipher": members["shop_cipher"], "name": visit.booth.name, "region": "VN"}
    return _done({"shops": [shop | {"seller_type": "LOCAL"}]})


def _warehouses(visit: Visit) -> Reply:
    warehouse = {"id": visit.booth.locations[0], "name": "sandbox", "type": "SALES_WAREHOUSE", "is_default": True}
    return _done({"warehouses": [warehouse | {"effect_status": "ENABLED"}]})


def _promotion_pushes(booth: Booth, event: Event) -> tuple[Push, ...]:
    if event.listing is None or event.what not in (What.PROMOTION_STARTED, What.PROMOTION_ENDED):
        return ()
    activities: dict[str, str] = booth.kept.setdefault("activities", {})
    document = {
        "activity_id": activities.setdefault(event.listing.key, booth.digits("activity_id", 19)),
        "activity_type": "FLASHSALE",
        "product_level": "VARIATION",
        "status": "ONGOING" if event.what is What.PROMOTION_STARTED else "EXPIRED",
        "update_time": _seconds(event.at),
    }
    return (_push(booth, 39, document, event),)


def _push(booth: Booth, kind: int, document: dict[str, Any], event: Event) -> Push:
    body = {
        "type": kind,
        "tts_notification_id": booth.digits("notification_id", 19),
        "shop_id": booth.members["shop_id"],
        "timestamp": _seconds(event.at),
        "data": document,
    }
    about = f"{kind} {event.what} {event.order.id if event.order else ''}".rstrip()
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Push(about=about, body=text.encode(), headers={"Content-Type": "application/json"})


def _page(call: Call) -> tuple[int, int]:
    """Where the page begins and how long it is. The token of a page is opaque; it holds signs that need encoding."""
    size, token = as_int(call.asked("page_size")), call.asked("page_token")
    start = as_int(token.removesuffix("=/+"), 0) if token else 0
    if size is None or not 0 < size <= MOST_PAGE or start is None or start < 0:
        raise Refused(_error(36009004, f"page_size is required, 1 to {MOST_PAGE}.", status=400))
    return start, size


def _next(start: int, size: int, found: list[Any]) -> str:
    return f"{start + size}=/+" if start + size < len(found) else ""


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _done(document: dict[str, Any]) -> Reply:
    return told({"code": 0, "message": "Success", "request_id": "sandbox", "data": document})


def _error(code: int, message: str, *, status: int = 200) -> Reply:
    return told({"code": code, "message": message, "request_id": "sandbox", "data": None}, status=status)
