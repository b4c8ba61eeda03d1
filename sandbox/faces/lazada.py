"""Lazada Open Platform, Vietnam.

From the official reference and guides as mirrored in `lazykern/ecommerce-api-docs`. Errors come with HTTP 200, as the
platform sends them; only a broken gateway answers 5xx. Assumed, since undocumented: the codes for a wrong time and a
used-up day; a spent refresh token brings nothing; a batch of which some items failed answers code 0 with `detail`
(seen in public code), one of which all failed answers 501; dates of order items in the form of orders.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

from sandbox.faces.face import Delivery, Endpoint, Event, Face, Push, Trouble, What
from sandbox.http import Call, Refused, Reply, as_int, told
from sandbox.signing import hex_of, same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sandbox.booth import Booth
    from sandbox.desk import Visit
    from sandbox.world import Line, Listing, Order, Unit

REST = "/rest"
REFRESH = f"{REST}/auth/token/refresh"
TIMESTAMP_S = 7_200
MOST_SKUS = 50
MOST_ORDERS = 50
MOST_PAGE = 100
MOST_OFFSET = 5_000
MOST_PRODUCTS = 50
MOST_LISTED = 10_000
HANOI = timezone(timedelta(hours=7))
OUT_OF_STOCK = "seller_out_of_stock"
"""Who cancels with this word sets the SKU's stock to 0, as the marketplace does."""

UPDATED_AT, CREATED_AT = "updated_at", "created_at"
INITIATOR = {"buyer": "cancellation-customer", "seller": "cancellation-seller", OUT_OF_STOCK: "cancellation-seller"}


class Lazada(Face):
    channel = "lazada"
    below = REST
    delivery: ClassVar[Delivery] = Delivery(
        answer_within_s=0.5, redelivery_s=(1800,) * 12, statuses=(200, 200), empty_body=False
    )
    token_life_s: ClassVar[int] = 30 * 86_400
    refresh_life_s: ClassVar[int] = 180 * 86_400
    refresh_resets: ClassVar[bool] = False

    # -- a new shop, new ids -------------------------------------------------------------------------------------------

    def members(self, booth: Booth) -> dict[str, str]:
        return {
            "app_key": booth.digits("app_key", 6),
            "app_secret": "test-app-secret-" + booth.hexadecimal("app_secret"),
            "seller_id": booth.digits("seller_id", 12),
        }

    def webhook_key(self, booth: Booth) -> str:
        return booth.members["app_secret"]

    def listing_key(self, booth: Booth, product_id: str | None, *, alone: bool) -> str:
        return f"{product_id or booth.digits('item_id', 10)}~{booth.digits('sku_id', 11)}"

    def order_id(self, booth: Booth, now: datetime) -> str:
        return booth.digits("order_id", 15)

    # -- calls ---------------------------------------------------------------------------------------------------------

    def endpoints(self) -> tuple[Endpoint, ...]:
        update = f"{REST}/product/stock/sellable/update"
        return (
            Endpoint(method="POST", path=REFRESH, kind="token", answer=_refresh),
            Endpoint(method="GET", path=REFRESH, kind="token", answer=_refresh),
            Endpoint(method="POST", path=update, kind="stock", answer=_update_sellable),
            Endpoint(method="GET", path=update, kind="stock", answer=_wrong_method),
            Endpoint(
                method="POST", path=f"{REST}/product/stock/sellable/adjust", kind="stock", answer=_adjust_sellable
            ),
            Endpoint(
                method="POST", path=f"{REST}/product/price_quantity/update", kind="price", answer=_update_price_quantity
            ),
            Endpoint(method="GET", path=f"{REST}/products/get", kind="listings", answer=_products),
            Endpoint(method="GET", path=f"{REST}/product/item/get", kind="listings", answer=_product),
            Endpoint(method="GET", path=f"{REST}/orders/get", kind="orders", answer=_orders),
            Endpoint(method="GET", path=f"{REST}/order/get", kind="orders", answer=_order),
            Endpoint(method="GET", path=f"{REST}/order/items/get", kind="orders", answer=_order_items),
            Endpoint(method="GET", path=f"{REST}/orders/items/get", kind="orders", answer=_orders_items),
            Endpoint(method="GET", path=f"{REST}/seller/get", kind="other", answer=_seller),
        )

    def whose(self, call: Call, booths: Iterable[Booth]) -> Booth | None:
        app_key = _parameters(call).get("app_key")
        return next((booth for booth in booths if booth.members["app_key"] == app_key), None)

    def authorise(self, call: Call, booth: Booth) -> None:
        """Time, signature over all parameters, then the token; a token call has none."""
        parameters = _parameters(call)
        timestamp = as_int(parameters.get("timestamp"))
        if timestamp is None or abs(call.now.timestamp() - timestamp / 1000) > TIMESTAMP_S:
            raise Refused(_error("IllegalTimestamp", "The timestamp is invalid or expired", kind="ISV"))
        if parameters.get("sign_method") != "sha256":
            raise Refused(_error("InvalidSignMethod", "The sign method is not supported", kind="ISV"))
        if not same(parameters.get("sign", ""), _signature(booth.members["app_secret"], call.path, parameters)):
            message = "The request signature does not conform to platform standards"
            raise Refused(_error("IncompleteSignature", message, kind="ISV"))
        if call.path == REFRESH:
            return
        if booth.tokens and not booth.tokens.accepts(parameters.get("access_token", ""), call.now):
            raise Refused(_error("IllegalAccessToken", "The specified access token is invalid or expired", kind="ISV"))

    def trouble(self, trouble: Trouble, call: Call) -> Reply:
        match trouble:
            case Trouble.DOWN:
                return Reply(status=503, body=b"<html>503 Service Temporarily Unavailable</html>")
            case Trouble.THROTTLED:
                message = "The access frequency of the api exceeds the limit. this ban will last 1 seconds"
                return _error("ApiCallLimit", message, kind="ISV")
            case Trouble.DAILY_QUOTA:
                message = "The calls of the app exceed the limit. this ban will last 86400 seconds"
                return _error("ApiCallLimit", message, kind="ISV")
            case Trouble.UNKNOWN_SHOP:
                return _error("InvalidAppKey", "The specified app key is invalid", kind="ISV")
            case Trouble.SERVER_ERROR:
                return _error("1000", "Internal Application Error", kind="SYSTEM", status=500)

    # -- pushes --------------------------------------------------------------------------------------------------------

    def pushes(self, booth: Booth, event: Event) -> tuple[Push, ...]:
        """One message for each unit. Repeats tell the status of then, not of the first attempt."""
        order = event.order
        if order is None:
            return ()
        if event.what is What.CANCELLED and order.cancelled_by == OUT_OF_STOCK:
            for unit in event.units:
                booth.shop.set_available(unit.listing, 0, event.at)
        pushes = []
        for unit in event.units:
            about = f"order {order.id} unit {unit.id} {event.what}"
            pushes.append(_push(about, _trade_message(booth, order, unit)))
            if event.what is What.RETURNED:
                pushes.append(_push(about, _reverse_message(booth, order, unit)))
        return tuple(pushes)

    def sign(self, booth: Booth, *, body: bytes, key: str) -> dict[str, str]:
        return {"Authorization": hex_of(key, booth.members["app_key"].encode() + body)}

    def restocks_returned(self, asked: bool | None) -> bool:
        """Never by itself: the seller looks at what came back and sets the stock."""
        return False


# -- signing -----------------------------------------------------------------------------------------------------------


def _parameters(call: Call) -> dict[str, str]:
    """From the query and from a form, as one."""
    parameters = dict(call.query)
    if call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        parameters |= dict(parse_qsl(call.body.decode(errors="replace"), keep_blank_values=True))
    return parameters


def _signature(secret: str, path: str, parameters: dict[str, str]) -> str:
    """Over the path below `/rest` and all parameters but `sign`, by name."""
    signed = "".join(name + parameters[name] for name in sorted(parameters) if name != "sign")
    return hex_of(secret, path.removeprefix(REST) + signed).upper()


# -- tokens ------------------------------------------------------------------------------------------------------------


def _refresh(visit: Visit) -> Reply:
    pair = visit.refresh(_parameters(visit.call).get("refresh_token", ""))
    if pair is None:
        message = "The specified refresh token is invalid or expired"
        raise Refused(_error("IllegalRefreshToken", message, kind="ISV"))
    now, seller = visit.call.now, visit.booth.members["seller_id"]
    return told(
        {
            "code": "0",
            "access_token": pair.access,
            "refresh_token": pair.refresh,
            "expires_in": max(0, round((pair.expires_at - now).total_seconds())),
            "refresh_expires_in": max(0, round((pair.refresh_expires_at - now).total_seconds())),
            "country": "vn",
            "country_user_info_list": [{"country": "vn", "seller_id": seller, "user_id": seller}],
            "account_platform": "seller_center",
            "request_id": "sandbox",
        }
    )


# -- stock and price ---------------------------------------------------------------------------------------------------

_Sku = dict[str, Any]


def _update_sellable(visit: Visit) -> Reply:
    def write(sku: _Sku, listing: Listing) -> _Sku | None:
        quantity = as_int(sku.get("SellableQuantity"))
        return _set_sellable(visit, sku, listing, quantity)

    return _each_sku(visit, write)


def _adjust_sellable(visit: Visit) -> Reply:
    def write(sku: _Sku, listing: Listing) -> _Sku | None:
        change = as_int(sku.get("SellableQuantity"))
        return _set_sellable(visit, sku, listing, None if change is None else listing.quantity + change)

    return _each_sku(visit, write)


def _set_sellable(visit: Visit, sku: _Sku, listing: Listing, quantity: int | None) -> _Sku | None:
    """What is wrong with it, or None once it is written."""
    if "MultiWarehouseInventories" in sku:
        return _detail(sku, "E0501", "MultiWarehouseInventories", "the seller has a single warehouse")
    if quantity is None:
        return _detail(sku, "E0501", "SellableQuantity", "INVALID_QUANTITY")
    if quantity < 0:
        return _detail(sku, "E0501", "bizCheck", "negative sellable")
    if quantity < min(visit.floor(listing), listing.quantity):
        message = "There are restrictions for stock adjustments: stocks may be increased, not decreased"
        return _detail(sku, "4170", "SellableQuantity", message)
    if visit.fails():
        return _detail(sku, "513", "system", "Internal call exception")
    visit.write_available(listing, quantity)
    return None


def _update_price_quantity(visit: Visit) -> Reply:
    def write(sku: _Sku, listing: Listing) -> _Sku | None:
        price, quantity = _price(sku.get("Price")), as_int(sku.get("Quantity"))
        if "Price" in sku and price is None:
            return _detail(sku, "4104", "Price", "The precision of the price is wrong")
        if "Quantity" in sku and (quantity is None or quantity < listing.committed + visit.floor(listing)):
            return _detail(sku, "E0501", "bizCheck", "negative sellable")
        if visit.fails():
            return _detail(sku, "513", "system", "Internal call exception")
        if price is not None:
            visit.write_price(listing, price)
        if quantity is not None:
            visit.write_on_hand(listing, quantity)
        return None

    return _each_sku(visit, write)


def _price(text: object) -> int | None:
    """Whole dong; `199000.00` too, but no fraction."""
    try:
        amount = float(str(text))
    except ValueError:
        return None
    return int(amount) if amount > 0 and amount == int(amount) else None


def _each_sku(visit: Visit, write: Callable[[_Sku, Listing], _Sku | None]) -> Reply:
    skus = _skus(_parameters(visit.call).get("payload", ""))
    if not skus:
        raise Refused(_error("5", "E005: Invalid Request Format", kind="ISP"))
    if len(skus) > MOST_SKUS:
        raise Refused(_error("204", "E204: Too many SKU in one request", kind="ISP"))
    details = []
    for sku in skus:
        listing = visit.booth.shop.listings.get(f"{sku.get('ItemId')}~{sku.get('SkuId')}")
        wrong = _detail(sku, "E0501", "ItemId", "ITEM_NOT_FOUND") if listing is None else write(sku, listing)
        if wrong:
            details.append(wrong)
    if details and len(details) == len(skus):
        return _error("501", "E501: Update product failed", kind="ISP", detail=details)
    return told({"code": "0", "data": {}, "request_id": "sandbox"} | ({"detail": details} if details else {}))


def _skus(payload: str) -> list[_Sku]:
    """The SKUs of a payload in XML or JSON; none if it is neither."""
    if payload.lstrip().startswith("{"):
        return _skus_of_json(payload)
    try:
        root = ET.fromstring(payload)  # noqa: S314 - a loopback server for tests; expat bounds entities itself
    except ET.ParseError:
        return []
    if root.tag != "Request":
        return []
    return [{field.tag: (field.text or "").strip() for field in sku} for sku in root.findall("./Product/Skus/Sku")]


def _skus_of_json(payload: str) -> list[_Sku]:
    try:
        skus = json.loads(payload)["Request"]["Product"]["Skus"]["Sku"]
    except (ValueError, KeyError, TypeError):
        return []
    listed = skus if isinstance(skus, list) else [skus]
    return listed if all(isinstance(sku, dict) for sku in listed) else []


def _detail(sku: _Sku, code: str, field: str, message: str) -> _Sku:
    return {
        "code": code,
        "field": field,
        "message": message,
        "item_id": as_int(sku.get("ItemId"), 0),
        "sku_id": as_int(sku.get("SkuId"), 0),
        "seller_sku": sku.get("SellerSku", ""),
    }


def _wrong_method(visit: Visit) -> Reply:
    raise Refused(_error("UnsupportedHTTPMethod", "The HTTP method is not supported", kind="ISV"))


# -- listings ----------------------------------------------------------------------------------------------------------


def _by_item(booth: Booth) -> dict[str, list[Listing]]:
    items: dict[str, list[Listing]] = {}
    for listing in booth.shop.listings.values():
        items.setdefault(listing.product_id, []).append(listing)
    return items


def _products(visit: Visit) -> Reply:
    asked = _parameters(visit.call)
    offset, limit = as_int(asked.get("offset"), 0) or 0, as_int(asked.get("limit"), 20)
    if limit is None or not 0 < limit <= MOST_PRODUCTS:
        raise Refused(_error("19", "E019: Invalid Limit", kind="ISP"))
    if not 0 <= offset <= MOST_LISTED:
        raise Refused(_error("14", "E014: Invalid Offset", kind="ISP"))
    items = list(_by_item(visit.booth).items())
    page = [_shown(item, listings) for item, listings in items[offset : offset + limit]]
    return _done({"total_products": len(items), "products": page})


def _product(visit: Visit) -> Reply:
    item = _parameters(visit.call).get("item_id", "")
    listings = _by_item(visit.booth).get(item)
    if listings is None:
        raise Refused(_error("208", "E208: ITEM_NOT_FOUND", kind="ISP"))
    return _done(_shown(item, listings))


def _shown(item: str, listings: list[Listing]) -> dict[str, Any]:
    return {
        "item_id": int(item),
        "status": "Active",
        "attributes": {"name": listings[0].title},
        "skus": [_shown_sku(listing) for listing in listings],
    }


def _shown_sku(listing: Listing) -> dict[str, Any]:
    """`quantity` is what lies there for all, `sellableQuantity` what is left to buy, campaign units included."""
    return {
        "SkuId": int(listing.variant_id),
        "SellerSku": listing.merchant_sku,
        "ShopSku": f"{listing.product_id}_VNAMZ-{listing.variant_id}",
        "Status": "active",
        "price": listing.price,
        "quantity": listing.quantity,
        "Available": listing.quantity,
        "multiWarehouseInventories": [
            {
                "warehouseCode": "dropshipping",
                "quantity": listing.quantity,
                "sellableQuantity": listing.quantity,
                "totalQuantity": listing.on_hand,
                "occupyQuantity": listing.committed,
                "withholdQuantity": 0,
            }
        ],
        "channelInventories": [{"channelName": "campaign", "quantity": listing.locked}] if listing.locked else [],
    }


# -- orders ------------------------------------------------------------------------------------------------------------


def _orders(visit: Visit) -> Reply:
    asked = _parameters(visit.call)
    limit, offset = as_int(asked.get("limit"), MOST_PAGE), as_int(asked.get("offset"), 0)
    if limit is None or not 0 < limit <= MOST_PAGE:
        raise Refused(_error("19", "E019: Invalid Limit", kind="ISP"))
    if offset is None or not 0 <= offset <= MOST_OFFSET:
        raise Refused(_error("14", "E014: Invalid Offset", kind="ISP"))
    if asked.get("sort_by", UPDATED_AT) not in (UPDATED_AT, CREATED_AT):
        raise Refused(_error("75", "E075: Invalid sort filter.", kind="ISP"))
    if asked.get("sort_direction", "ASC") not in ("ASC", "DESC"):
        raise Refused(_error("74", "E074: Invalid sort direction.", kind="ISP"))
    if "update_after" not in asked and "created_after" not in asked:
        raise Refused(_error("38", "E038: update_after or created_after is mandatory", kind="ISP"))
    found = [] if visit.page_is_empty() else _found(visit.booth, asked)
    page = found[offset : offset + limit]
    orders = [_shown_order(order) for order in page]
    return _done({"count": len(page), "countTotal": len(found), "orders": orders})


def _found(booth: Booth, asked: dict[str, str]) -> list[Order]:
    bounds = {
        name: _date(asked[name])
        for name in ("update_after", "update_before", "created_after", "created_before")
        if name in asked
    }

    def fits(order: Order) -> bool:
        updated, created = _whole(order.updated_at), _whole(order.created_at)
        return (
            bounds.get("update_after", updated) <= updated <= bounds.get("update_before", updated)
            and bounds.get("created_after", created) <= created <= bounds.get("created_before", created)
            and asked.get("status", "all") in ("all", *_statuses(order))
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
        raise Refused(_error("17", "E017: Invalid Date Format", kind="ISP"))
    return at


def _order(visit: Visit) -> Reply:
    return _done(_shown_order(_known(visit, _parameters(visit.call).get("order_id", ""))))


def _order_items(visit: Visit) -> Reply:
    order = _known(visit, _parameters(visit.call).get("order_id", ""))
    return _done(_items(visit.booth, order))


def _orders_items(visit: Visit) -> Reply:
    try:
        asked = json.loads(_parameters(visit.call).get("order_ids", ""))
    except ValueError:
        asked = None
    if not isinstance(asked, list) or not 0 < len(asked) <= MOST_ORDERS:
        raise Refused(_error("37", f"E037: order_ids are a list of 1 to {MOST_ORDERS}", kind="ISP"))
    orders = [_known(visit, str(each)) for each in asked]
    return _done(
        [
            {"order_id": int(order.id), "order_number": int(order.id), "order_items": _items(visit.booth, order)}
            for order in orders
        ]
    )


def _known(visit: Visit, order_id: str) -> Order:
    """One order of this shop. A single unknown one spoils the whole call."""
    order = visit.booth.shop.orders.get(order_id)
    if order is None:
        raise Refused(_error("16", f'E016: "{order_id}" Invalid Order ID', kind="ISP"))
    return order


def _shown_order(order: Order) -> dict[str, Any]:
    return {
        "order_id": int(order.id),
        "order_number": int(order.id),
        "statuses": _statuses(order),
        "items_count": len(order.units),
        "payment_method": "COD" if order.cod else "MIXEDCARD",
        "price": f"{sum(line.price * line.ordered for line in order.lines)}.00",
        "warehouse_code": "dropshipping",
        "created_at": _text(order.created_at),
        "updated_at": _text(order.updated_at),
    }


def _items(booth: Booth, order: Order) -> list[dict[str, Any]]:
    return [_item(booth, order, line, unit) for line in order.lines for unit in line.units]


def _item(booth: Booth, order: Order, line: Line, unit: Unit) -> dict[str, Any]:
    """One unit: there is no quantity."""
    listing = booth.shop.listings[unit.listing]
    return {
        "order_id": int(order.id),
        "order_item_id": int(unit.id),
        "product_id": listing.product_id,
        "sku_id": listing.variant_id,
        "sku": listing.merchant_sku,
        "shop_sku": f"{listing.product_id}_VNAMZ-{listing.variant_id}",
        "name": listing.title,
        "status": _status(order, unit),
        "item_price": line.price,
        "paid_price": line.price,
        "currency": "VND",
        "is_fbl": 0,
        "warehouse_code": "dropshipping",
        "cancel_return_initiator": _initiator(order, unit),
        "need_cancel_confirm": False,
        "created_at": _text(order.created_at),
        "updated_at": _text(order.updated_at),
    }


def _initiator(order: Order, unit: Unit) -> str:
    if unit.cancelled:
        return INITIATOR.get(order.cancelled_by, "cancellation-internal")
    return "return-customer" if unit.returned else ""


def _statuses(order: Order) -> list[str]:
    return list(dict.fromkeys(_status(order, unit) for unit in order.units))


def _status(order: Order, unit: Unit) -> str:
    if unit.cancelled:
        return "canceled"
    if unit.returned:
        return "returned"
    if unit.shipped:
        return "shipped"
    return "pending" if order.paid or order.cod else "unpaid"


def _seller(visit: Visit) -> Reply:
    return _done({"seller_id": visit.booth.members["seller_id"], "name": visit.booth.name, "status": "ACTIVE"})


# -- messages ----------------------------------------------------------------------------------------------------------


def _trade_message(booth: Booth, order: Order, unit: Unit) -> Callable[[], dict[str, Any]]:
    def message() -> dict[str, Any]:
        document = {
            "order_status": _status(order, unit),
            "trade_order_id": order.id,
            "trade_order_line_id": unit.id,
            "status_update_time": int(order.updated_at.timestamp()),
        }
        if unit.returned:
            document |= {"reverse_order_id": f"5{order.id}", "reverse_order_line_id": f"5{unit.id}"}
        return _message(booth, 0, document, order)

    return message


def _reverse_message(booth: Booth, order: Order, unit: Unit) -> Callable[[], dict[str, Any]]:
    """Numbers, where the trade message has text: so it is documented."""

    def message() -> dict[str, Any]:
        document = {
            "reverse_order_id": int(f"5{order.id}"),
            "reverse_order_line_id": int(f"5{unit.id}"),
            "reverse_status": "RTM_RECEIVE_ITEM",
            "trade_order_id": int(order.id),
            "trade_order_line_id": int(unit.id),
            "status_update_time": int(order.updated_at.timestamp()),
        }
        return _message(booth, 10, document, order)

    return message


def _message(booth: Booth, kind: int, document: dict[str, Any], order: Order) -> dict[str, Any]:
    return {
        "seller_id": booth.members["seller_id"],
        "message_type": kind,
        "data": document,
        "timestamp": int(order.updated_at.timestamp() * 1000),
        "site": "lazada_vn",
    }


def _push(about: str, message: Callable[[], dict[str, Any]]) -> Push:
    def body() -> bytes:
        return json.dumps(message(), ensure_ascii=False, separators=(",", ":")).encode()

    return Push(about=about, body=body(), headers={"Content-Type": "application/json"}, latest=body)


# -- words -------------------------------------------------------------------------------------------------------------


def _text(at: datetime) -> str:
    return at.astimezone(HANOI).isoformat(timespec="seconds")


def _whole(at: datetime) -> datetime:
    """As precise as the dates that are shown."""
    return at.astimezone(UTC).replace(microsecond=0)


def _done(document: object) -> Reply:
    return told({"code": "0", "data": document, "request_id": "sandbox"})


def _error(code: str, message: str, *, kind: str, status: int = 200, **more: Any) -> Reply:
    return told({"code": code, "type": kind, "message": message, "request_id": "sandbox", **more}, status=status)
