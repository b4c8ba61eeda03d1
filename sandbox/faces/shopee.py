"""Shopee Open Platform v2.

From the official reference and guides as mirrored in `congminh1254/shopee-sdk` and `lazykern/ecommerce-api-docs`.
Assumed, since undocumented: the HTTP status of errors (403 for a signature or token, 429 when throttled, 200 for what
a seller may not do); orders listed newest first; list parameters both with commas and repeated; the shape of push 8
beyond the samples seen in public code; reserved stock counts inside `seller_stock`; a spent refresh token brings
nothing, not even shortly after.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from sandbox.faces.face import Delivery, Endpoint, Event, Face, Push, Trouble, What
from sandbox.faces.shopee_listings import item_base_info, item_list, model_list
from sandbox.faces.shopee_orders import order_detail, order_list, return_list
from sandbox.faces.shopee_pushes import confirm_lost_pushes, kept_lost, lost_pushes, make_push, reserved
from sandbox.faces.shopee_stock import update_price, update_stock
from sandbox.faces.shopee_words import failure, refresh_tokens, seconds, shop_info, status_of, warehouses
from sandbox.http import Call, Refused, Reply, as_int
from sandbox.signing import hex_of, same

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sandbox.booth import Booth

TIMESTAMP_S = 300
MOST_LOST = 1_000
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
            Endpoint(method="POST", path=AUTH, kind="token", answer=refresh_tokens),
            Endpoint(method="POST", path=f"{v2}/product/update_stock", kind="stock", answer=update_stock),
            Endpoint(method="POST", path=f"{v2}/product/update_price", kind="price", answer=update_price),
            Endpoint(method="GET", path=f"{v2}/product/get_item_list", kind="listings", answer=item_list),
            Endpoint(method="GET", path=f"{v2}/product/get_item_base_info", kind="listings", answer=item_base_info),
            Endpoint(method="GET", path=f"{v2}/product/get_model_list", kind="listings", answer=model_list),
            Endpoint(method="GET", path=f"{v2}/order/get_order_list", kind="orders", answer=order_list),
            Endpoint(method="GET", path=f"{v2}/order/get_order_detail", kind="orders", answer=order_detail),
            Endpoint(method="GET", path=f"{v2}/returns/get_return_list", kind="orders", answer=return_list),
            Endpoint(method="GET", path=f"{v2}/push/get_lost_push_message", kind="queue", answer=lost_pushes),
            Endpoint(
                method="POST",
                path=f"{v2}/push/confirm_consumed_lost_push_message",
                kind="queue",
                answer=confirm_lost_pushes,
            ),
            Endpoint(method="GET", path=f"{v2}/shop/get_warehouse_detail", kind="other", answer=warehouses),
            Endpoint(method="GET", path=f"{v2}/shop/get_shop_info", kind="other", answer=shop_info),
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
            raise Refused(failure("error_param", "Timestamp is expired.", status=403))
        public = call.path.startswith(PUBLIC)
        parts = [call.asked("partner_id"), call.path, call.asked("timestamp")]
        if not public:
            parts += [call.asked("access_token"), call.asked("shop_id")]
        if not same(call.asked("sign"), hex_of(booth.members["partner_key"], "".join(parts))):
            raise Refused(failure("error_sign", "Wrong sign.", status=403))
        if public:
            return
        if booth.tokens and not booth.tokens.accepts(call.asked("access_token"), call.now):
            raise Refused(failure("invalid_acceess_token", "Invalid access_token.", status=403))

    def trouble(self, trouble: Trouble, call: Call) -> Reply:
        match trouble:
            case Trouble.DOWN:
                return Reply(status=503, body=b"<html>503 Service Temporarily Unavailable</html>")
            case Trouble.THROTTLED:
                return failure("error_rate_limit", "Your request has exceeded the rate limit.", status=429)
            case Trouble.DAILY_QUOTA:
                return failure("error_limit", "The API call has reached the daily limit.", status=429)
            case Trouble.UNKNOWN_SHOP:
                return failure("error_auth", "Invalid partner_id or shopid.", status=403)
            case Trouble.SERVER_ERROR:
                return failure("error_server", "Something wrong. Please try later.", status=500)

    # -- pushes -------------------------------------------------------------------------------------------------------

    def pushes(self, booth: Booth, event: Event) -> tuple[Push, ...]:
        if event.order is not None:
            document: dict[str, Any] = {
                "items": [],
                "ordersn": event.order.id,
                "status": status_of(event.order),
                "completed_scenario": "",
                "update_time": seconds(event.at),
            }
            return (make_push(booth, 3, document, event.at, about=f"order {event.order.id} {event.what}"),)
        if event.listing is not None and event.what in (What.PROMOTION_STARTED, What.PROMOTION_ENDED):
            return (make_push(booth, 8, reserved(event.listing, event), event.at, about=f"{event.what}"),)
        return ()

    def sign(self, booth: Booth, *, body: bytes, key: str) -> dict[str, str]:
        signed = (booth.webhook_url or "").encode() + b"|" + body
        return {"Authorization": hex_of(key, signed)}

    def undelivered(self, booth: Booth, push: Push, now: datetime) -> None:
        """Kept for three days, for those who ask."""
        lost = kept_lost(booth)
        booth.kept["lost_number"] = booth.kept.get("lost_number", 0) + 1
        lost.append((booth.kept["lost_number"], now, push.body))
        del lost[:-MOST_LOST]

    def restocks_returned(self, asked: bool | None) -> bool:
        """Never by itself: the seller looks at what came back and sets the stock."""
        return False
