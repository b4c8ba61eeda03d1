"""Shopee Open Platform v2.

From the official reference and guides as mirrored in `congminh1254/shopee-sdk` and `lazykern/ecommerce-api-docs`.
Assumed, since undocumented: the HTTP status of errors (403 for a signature or token, 429 when throttled, 200 for what
a seller may not do); list parameters both with commas and repeated; the shape of push 8 beyond the samples seen in
public code; reserved stock counts inside `seller_stock`; a spent refresh token brings nothing, not even shortly after.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from sandbox.faces.face import Delivery, Endpoint, Event, Face, Push, Trouble, What
from sandbox.http import Call, Refused, Reply, as_int, told
from sandbox.signing import hex_of, same

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.booth import Booth
    from sandbox.desk import Visit
    from sandbox.world import Line, Listing, Order

TIMESTAMP_S = 300
MOST_MODELS = 50
MOST_ITEMS = 50
MOST_ORDERS = 50
MOST_PAGE = 100
MOST_WINDOW_S = 15 * 86_400
MOST_LOST = 1_000
LOST_PAGE = 100
LOST_LIFE_S = 3 * 86_400

STATUS = {
    "unpaid": "UNPAID",
    "paid": "READY_TO_SHIP",
    "partly_shipped": "PROCESSED",
    "shipped": "SHIPPED",
    "cancelled": "CANCELLED",
}

AUTH = "/api/v2/auth/access_token/get"
PUBLIC = ("/api/v2/auth/", "/api/v2/public/", "/api/v2/push/")


class Shopee(Face):
    channel = "shopee"
    delivery: ClassVar[Delivery] = Delivery(answer_within_s=3, redelivery_s=(300, 1800, 10_800), empty_body=True)
    token_life_s: ClassVar[int] = 14_400
    refresh_life_s: ClassVar[int] = 30 * 86_400
    day_offset_hours: ClassVar[int] = 8

    # -- a new shop, new ids ------------------------------------------------------------------------------------------

    def members(self, booth: Booth) -> dict[str, str]:
        return {
            "partner_id": booth.digits("partner_id", 7),
            "partner_key": "test-partner-key-" + booth.hexadecimal("partner_key"),
            "shop_id": booth.digits("shop_id", 9),
            "callback_url": "",
        }

    def webhook_key(self, booth: Booth) -> str:
        return booth.members["partner_key"]

    def listing_key(self, booth: Booth, product_id: str | None, *, alone: bool) -> str:
        item = product_id or booth.digits("item_id", 11)
        return f"{item}~{0 if alone else booth.digits('model_id', 12)}"

    def order_id(self, booth: Booth, now: datetime) -> str:
        letters = "ABCDEFGHJKMNPQRSTUVWXYZ0123456789"
        return f"{now:%y%m%d}" + "".join(booth.sequence("order_sn").choices(letters, k=8))

    # -- calls --------------------------------------------------------------------------------------------------------

    def endpoints(self) -> tuple[Endpoint, ...]:
        v2 = "/api/v2"
        return (
            Endpoint(method="POST", path=AUTH, kind="token", answer=_refresh),
            Endpoint(method="POST", path=f"{v2}/product/update_stock", kind="stock", answer=_update_stock),
            Endpoint(method="POST", path=f"{v2}/product/update_price", kind="price", answer=_update_price),
            Endpoint(method="GET", path=f"{v2}/product/get_item_list", kind="listings", answer=_item_list),
            Endpoint(method="GET", path=f"{v2}/product/get_item_base_info", kind="listings", answer=_item_base_info),
            Endpoint(method="GET", path=f"{v2}/product/get_model_list", kind="listings", answer=_model_list),
            Endpoint(method="GET", path=f"{v2}/order/get_order_list", kind="orders", answer=_order_list),
            Endpoint(method="GET", path=f"{v2}/order/get_order_detail", kind="orders", answer=_order_detail),
            Endpoint(method="GET", path=f"{v2}/returns/get_return_list", kind="orders", answer=_return_list),
            Endpoint(method="GET", path=f"{v2}/push/get_lost_push_message", kind="queue", answer=_lost_pushes),
            Endpoint(
                method="POST",
                path=f"{v2}/push/confirm_consumed_lost_push_message",
                kind="queue",
                answer=_confirm_lost_pushes,
            ),
            Endpoint(method="GET", path=f"{v2}/shop/get_warehouse_detail", kind="other", answer=_warehouses),
            Endpoint(method="GET", path=f"{v2}/shop/get_shop_info", kind="other", answer=_shop_info),
        )

    def whose(self, call: Call, booths: Iterable[Booth]) -> Booth | None:
        """By partner and, where the call names one, by shop."""
        shop_id = call.asked("shop_id") or str(call.document().get("shop_id", ""))
        for booth in booths:
            partner_is_right = booth.members["partner_id"] == call.asked("partner_id")
            if partner_is_right and shop_id in ("", booth.members["shop_id"]):
                return booth
        return None

    def authorise(self, call: Call, booth: Booth) -> None:
        """Time, signature, then the token: all of them stand in the query."""
        timestamp = as_int(call.asked("timestamp"))
        if timestamp is None or abs(call.now.timestamp() - timestamp) > TIMESTAMP_S:
            raise Refused(_error("error_param", "Timestamp is expired.", status=403))
        public = call.path.startswith(PUBLIC)
        parts = [call.asked("partner_id"), call.path, call.asked("timestamp")]
        if not public:
            parts += [call.asked("access_token"), call.asked("shop_id")]
        if not same(call.asked("sign"), hex_of(booth.members["partner_key"], "".join(parts))):
            raise Refused(_error("error_sign", "Wrong sign.", status=403))
        if public:
            return
        if booth.tokens and not booth.tokens.accepts(call.asked("access_token"), call.now):
            raise Refused(_error("invalid_acceess_token", "Invalid access_token.", status=403))

    def trouble(self, trouble: Trouble, call: Call) -> Reply:
        match trouble:
            case Trouble.DOWN:
                return Reply(status=503, body=b"<html>503 Service Temporarily Unavailable</html>")
            case Trouble.THROTTLED:
                return _error("error_rate_limit", "Your request has exceeded the rate limit.", status=429)
            case Trouble.DAILY_QUOTA:
                return _error("error_limit", "The API call has reached the daily limit.", status=429)
            case Trouble.UNKNOWN_SHOP:
                return _error("error_auth", "Invalid partner_id or shopid.", status=403)
            case Trouble.SERVER_ERROR:
                return _error("error_server", "Something wrong. Please try later.", status=500)

    # -- pushes -------------------------------------------------------------------------------------------------------

    def pushes(self, booth: Booth, event: Event) -> tuple[Push, ...]:
        if event.order is not None:
            document: dict[str, Any] = {
                "items": [],
                "ordersn": event.order.id,
                "status": _status(event.order),
                "completed_scenario": "",
                "update_time": _seconds(event.at),
            }
            return (_push(booth, 3, document, event.at, about=f"order {event.order.id} {event.what}"),)
        if event.listing is not None and event.what in (What.PROMOTION_STARTED, What.PROMOTION_ENDED):
            return (_push(booth, 8, _reserved(event.listing, event), event.at, about=f"{event.what}"),)
        return ()

    def sign(self, booth: Booth, *, body: bytes, key: str) -> dict[str, str]:
        signed = (booth.webhook_url or "").encode() + b"|" + body
        return {"Authorization": hex_of(key, signed)}

    def undelivered(self, booth: Booth, push: Push, now: datetime) -> None:
        """Kept for three days, for those who ask."""
        lost = _lost(booth)
        booth.kept["lost_number"] = booth.kept.get("lost_number", 0) + 1
        lost.append((booth.kept["lost_number"], now, push.body))
        del lost[:-MOST_LOST]

    def restocks_returned(self, asked: bool | None) -> bool:
        """Never by itself: the seller looks at what came back and sets the stock."""
        return False


# -- tokens -----------------------------------------------------------------------------------------------------------


def _refresh(visit: Visit) -> Reply:
    asked, members = visit.call.document(), visit.booth.members
    if str(asked.get("partner_id")) != members["partner_id"] or str(asked.get("shop_id")) != members["shop_id"]:
        raise Refused(_error("error_param", "partner_id or shop_id is wrong."))
    pair = visit.refresh(str(asked.get("refresh_token", "")))
    if pair is None:
        raise Refused(_error("error_auth", "Your refresh_token expired.", status=403))
    return _done(
        partner_id=int(members["partner_id"]),
        shop_id=int(members["shop_id"]),
        access_token=pair.access,
        refresh_token=pair.refresh,
        expire_in=max(0, round((pair.expires_at - visit.call.now).total_seconds())),
    )


# -- stock and price --------------------------------------------------------------------------------------------------


def _update_stock(visit: Visit) -> Reply:
    asked = visit.call.document()
    models = _models(asked, "stock_list")
    of_item = _of_item(visit, asked.get("item_id"))
    failed, done = [], []
    for model in models:
        model_id = as_int(model.get("model_id"), 0)
        quantity = _seller_stock(model)
        reason = _why_not(visit, of_item.get(str(model_id)), quantity)
        if reason:
            failed.append({"model_id": model_id, "failed_reason": reason})
            continue
        visit.write_available(of_item[str(model_id)], quantity)
        done.append({"model_id": model_id, "location_id": "", "stock": quantity})
    return _batch("error_busi_update_stock_failed", failed, done)


def _update_price(visit: Visit) -> Reply:
    asked = visit.call.document()
    models = _models(asked, "price_list")
    of_item = _of_item(visit, asked.get("item_id"))
    failed, done = [], []
    for model in models:
        model_id, price = as_int(model.get("model_id"), 0), model.get("original_price")
        listing = of_item.get(str(model_id))
        if isinstance(price, bool) or not isinstance(price, int | float) or price != int(price) or price <= 0:
            failed.append({"model_id": model_id, "failed_reason": "price must be a whole number above 0"})
        elif listing is None or visit.fails():
            failed.append({"model_id": model_id, "failed_reason": "model not found" if not listing else "system busy"})
        elif visit.floor(listing):
            failed.append({"model_id": model_id, "failed_reason": "error_cannt_edit_price_in_promotion"})
        else:
            visit.write_price(listing, int(price))
            done.append({"model_id": model_id, "original_price": int(price)})
    return _batch("error_busi_update_price_failed", failed, done)


def _models(asked: dict[str, Any], name: str) -> list[dict[str, Any]]:
    models = asked.get(name)
    if not isinstance(models, list) or not all(isinstance(each, dict) for each in models):
        raise Refused(_error("error_param", f"{name} is required."))
    if not 0 < len(models) <= MOST_MODELS:
        raise Refused(_error("error_param", f"{name} length should be between 1 to {MOST_MODELS}."))
    return models


def _of_item(visit: Visit, item_id: object) -> dict[str, Listing]:
    """The listings of one item, by model."""
    found = _by_item(visit.booth).get(str(item_id), {})
    if not found:
        raise Refused(_error("error_item_not_found", "Product not found."))
    return found


def _seller_stock(model: dict[str, Any]) -> int:
    """The seller's stock of one model, over its locations. Below 0 for anything that is no quantity."""
    told_stock = model.get("seller_stock")
    if not isinstance(told_stock, list) or not told_stock or not all(isinstance(each, dict) for each in told_stock):
        return -1
    quantities = [each.get("stock") for each in told_stock]
    whole = [each for each in quantities if isinstance(each, int) and not isinstance(each, bool) and each >= 0]
    return sum(whole) if len(whole) == len(quantities) else -1


def _why_not(visit: Visit, listing: Listing | None, quantity: int) -> str:
    if listing is None:
        return "model not found"
    if quantity < 0:
        return "stock is invalid"
    if quantity < min(visit.floor(listing), listing.quantity):
        return "Total stock must be more than reserved stock"
    return "system busy, please try again later" if visit.fails() else ""


def _batch(code: str, failed: list[dict[str, Any]], done: list[dict[str, Any]]) -> Reply:
    response = {"failure_list": failed, "success_list": done}
    if failed and not done:
        return _error(code, "Update failed, please see failure_list.", response=response)
    return _done(response=response)


# -- listings ---------------------------------------------------------------------------------------------------------


def _by_item(booth: Booth) -> dict[str, dict[str, Listing]]:
    items: dict[str, dict[str, Listing]] = {}
    for listing in booth.shop.listings.values():
        items.setdefault(listing.product_id, {})[listing.variant_id] = listing
    return items


def _item_list(visit: Visit) -> Reply:
    offset, size = as_int(visit.call.asked("offset"), 0) or 0, as_int(visit.call.asked("page_size"))
    if size is None or not 0 < size <= MOST_PAGE or not visit.call.asked("item_status"):
        raise Refused(_error("error_param", "page_size is 1 to 100 and item_status is required."))
    items = list(_by_item(visit.booth).items())
    page = [
        {"item_id": int(item), "item_status": "NORMAL", "update_time": max(_seconds(m.updated_at) for m in of.values())}
        for item, of in items[offset : offset + size]
    ]
    more = offset + size < len(items)
    response: dict[str, Any] = {"item": page, "total_count": len(items), "has_next_page": more}
    if more:
        response["next_offset"] = offset + size
    return _done(response=response)


def _item_base_info(visit: Visit) -> Reply:
    asked = _listed(visit.call, "item_id_list")
    if not 0 < len(asked) <= MOST_ITEMS:
        raise Refused(_error("error_param", f"item_id_list length should be between 1 to {MOST_ITEMS}."))
    items = _by_item(visit.booth)
    return _done(response={"item_list": [_base_info(item, items[item]) for item in asked if item in items]})


def _base_info(item: str, models: dict[str, Listing]) -> dict[str, Any]:
    first = next(iter(models.values()))
    info: dict[str, Any] = {
        "item_id": int(item),
        "item_name": first.title,
        "item_sku": first.merchant_sku,
        "item_status": "NORMAL",
        "has_model": "0" not in models,
    }
    if "0" in models:
        info |= {"price_info": [_price(first)], "stock_info_v2": _stock_info(first)}
    return info


def _model_list(visit: Visit) -> Reply:
    models = _of_item(visit, visit.call.asked("item_id"))
    return _done(
        response={
            "model": [
                {
                    "model_id": int(model),
                    "model_sku": listing.merchant_sku,
                    "model_name": listing.title,
                    "price_info": [_price(listing)],
                    "stock_info_v2": _stock_info(listing),
                }
                for model, listing in models.items()
                if model != "0"
            ]
        }
    )


def _price(listing: Listing) -> dict[str, Any]:
    return {"currency": "VND", "original_price": listing.price, "current_price": listing.price}


def _stock_info(listing: Listing) -> dict[str, Any]:
    shown = max(0, listing.quantity)
    return {
        "summary_info": {"total_reserved_stock": listing.locked, "total_available_stock": shown},
        "seller_stock": [{"location_id": "", "stock": shown, "if_saleable": True}],
        "shopee_stock": [],
    }


# -- orders -----------------------------------------------------------------------------------------------------------


def _order_list(visit: Visit) -> Reply:
    call = visit.call
    since, until = as_int(call.asked("time_from")), as_int(call.asked("time_to"))
    size = as_int(call.asked("page_size"))
    by = call.asked("time_range_field")
    if since is None or until is None or size is None or by not in ("update_time", "create_time"):
        raise Refused(_error("error_param", "time_range_field, time_from, time_to and page_size are required."))
    if not 0 <= until - since <= MOST_WINDOW_S:
        raise Refused(_error("error_param", "The time range must be within 15 days."))
    if not 0 < size <= MOST_PAGE:
        raise Refused(_error("error_param", "page_size should be between 1 to 100."))
    start = as_int(call.asked("cursor", "0") or "0", 0) or 0
    found = [] if visit.page_is_empty() else _changed(visit.booth, since, until, by)
    more = start + size < len(found)
    page = [{"order_sn": order.id, "order_status": _status(order)} for order in found[start : start + size]]
    return _done(response={"more": more, "next_cursor": str(start + size) if more else "", "order_list": page})


def _changed(booth: Booth, since: int, until: int, by: str) -> list[Order]:
    """Newest first, as the marketplace lists them."""

    def time_of(order: Order) -> int:
        return _seconds(order.updated_at if by == "update_time" else order.created_at)

    found = [order for order in booth.shop.orders.values() if since <= time_of(order) <= until]
    return sorted(found, key=lambda order: (time_of(order), order.number), reverse=True)


def _order_detail(visit: Visit) -> Reply:
    asked = _listed(visit.call, "order_sn_list")
    if not 0 < len(asked) <= MOST_ORDERS:
        raise Refused(_error("error_param", f"order_sn_list length should be between 1 to {MOST_ORDERS}."))
    wanted = set(_listed(visit.call, "response_optional_fields"))
    orders = visit.booth.shop.orders
    return _done(response={"order_list": [_detail(visit.booth, orders[sn], wanted) for sn in asked if sn in orders]})


def _detail(booth: Booth, order: Order, wanted: set[str]) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "order_sn": order.id,
        "region": "VN",
        "currency": "VND",
        "cod": order.cod,
        "order_status": _status(order),
        "create_time": _seconds(order.created_at),
        "update_time": _seconds(order.updated_at),
    }
    optional: dict[str, Any] = {
        "item_list": [_item(booth, line) for line in order.lines],
        "pay_time": _seconds(order.paid_at) if order.paid_at else None,
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


def _return_list(visit: Visit) -> Reply:
    call = visit.call
    page, size = as_int(call.asked("page_no"), 0) or 0, as_int(call.asked("page_size"))
    if size is None or not 0 < size <= MOST_PAGE:
        raise Refused(_error("error_param", "page_size should be between 1 to 100."))
    since, until = as_int(call.asked("update_time_from")), as_int(call.asked("update_time_to"))
    if since is not None and until is not None and not 0 <= until - since <= MOST_WINDOW_S:
        raise Refused(_error("error_param", "The time range must be within 15 days."))
    found = [
        _return(visit.booth, order)
        for order in visit.booth.shop.orders.values()
        if any(line.returned for line in order.lines)
        and (since is None or since <= _seconds(order.updated_at))
        and (until is None or _seconds(order.updated_at) <= until)
    ]
    shown = found[page * size : (page + 1) * size]
    return _done(response={"more": (page + 1) * size < len(found), "return": shown})


def _return(booth: Booth, order: Order) -> dict[str, Any]:
    return {
        "return_sn": f"{order.id}R",
        "order_sn": order.id,
        "status": "REFUND_PAID",
        "update_time": _seconds(order.updated_at),
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


def _status(order: Order) -> str:
    if any(line.returned for line in order.lines):
        return "TO_RETURN"
    return STATUS[order.stage]


# -- pushes -----------------------------------------------------------------------------------------------------------


def _push(booth: Booth, code: int, document: dict[str, Any], at: datetime, *, about: str) -> Push:
    body = {"data": document, "shop_id": int(booth.members["shop_id"]), "code": code, "timestamp": _seconds(at)}
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Push(about=about, body=text.encode(), headers={"Content-Type": "application/json"})


def _reserved(listing: Listing, event: Event) -> dict[str, Any]:
    return {
        "action": str(event.what),
        "item_id": int(listing.product_id),
        "variation_id": int(listing.variant_id),
        "promotion_type": "flash_sale",
        "update_time": _seconds(event.at),
        "changed_values": [{"name": "reserved_stock", "old": event.locked_before, "new": listing.locked}],
    }


def _lost(booth: Booth) -> list[tuple[int, datetime, bytes]]:
    kept: list[tuple[int, datetime, bytes]] = booth.kept.setdefault("lost_pushes", [])
    return kept


def _lost_pushes(visit: Visit) -> Reply:
    """The oldest hundred of the last three days; the same ones until they are confirmed."""
    oldest = visit.call.now.timestamp() - LOST_LIFE_S
    waiting = [each for each in _lost(visit.booth) if each[1].timestamp() >= oldest]
    page = [
        {
            "message_id": number,
            "shop_id": int(visit.booth.members["shop_id"]),
            "code": json.loads(body)["code"],
            "timestamp": json.loads(body)["timestamp"],
            "data": body.decode(),
        }
        for number, _, body in waiting[:LOST_PAGE]
    ]
    last = page[-1]["message_id"] if page else 0
    more = len(waiting) > LOST_PAGE
    return _done(response={"push_message_list": page, "has_next_page": more, "last_message_id": last})


def _confirm_lost_pushes(visit: Visit) -> Reply:
    last = as_int(visit.call.document().get("last_message_id"))
    if last is None:
        raise Refused(_error("error_param", "last_message_id is required."))
    visit.booth.kept["lost_pushes"] = [each for each in _lost(visit.booth) if each[0] > last]
    return _done(response={})


# -- other ------------------------------------------------------------------------------------------------------------


def _warehouses(visit: Visit) -> Reply:
    raise Refused(_error("error_not_in_whitelist", "The shop is not a multi-warehouse shop."))


def _shop_info(visit: Visit) -> Reply:
    return _done(shop_name=visit.booth.name, region="VN", status="NORMAL")


def _listed(call: Call, name: str) -> list[str]:
    """A list parameter, with commas or repeated."""
    return [part for value in call.asked_all(name) for part in value.split(",") if part]


def _seconds(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp())


def _done(**document: Any) -> Reply:
    return told({"error": "", "message": "", "warning": "", "request_id": "sandbox", **document})


def _error(code: str, message: str, *, status: int = 200, **more: Any) -> Reply:
    return told({"error": code, "message": message, "request_id": "sandbox", **more}, status=status)
