"""Lazada Open Platform, Vietnam.

From the official reference and guides as mirrored in `lazykern/ecommerce-api-docs`. Errors come with HTTP 200, as the
platform sends them; only a broken gateway answers 5xx. Assumed, since undocumented: the codes for a wrong time and a
used-up day; a spent refresh token brings nothing; a batch of which some items failed answers code 0 with `detail`
(seen in public code), one of which all failed answers 501; dates of order items in the form of orders.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sandbox.faces.face import Delivery, Endpoint, Event, Face, Push, Trouble, What
from sandbox.faces.lazada_items import OUT_OF_STOCK
from sandbox.faces.lazada_messages import make_push, reverse_message, trade_message
from sandbox.faces.lazada_orders import get_items, get_items_of_orders, get_order, list_orders
from sandbox.faces.lazada_products import get_product, list_products
from sandbox.faces.lazada_stock import adjust_sellable, update_price_quantity, update_sellable, wrong_method
from sandbox.faces.lazada_words import REFRESH, REST, failure, get_seller, refresh_tokens, sent_with, sign_call
from sandbox.http import Call, Refused, Reply, as_int
from sandbox.signing import hex_of, same

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sandbox.booth import Booth

TIMESTAMP_S = 7_200


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
            Endpoint(method="POST", path=REFRESH, kind="token", answer=refresh_tokens),
            Endpoint(method="GET", path=REFRESH, kind="token", answer=refresh_tokens),
            Endpoint(method="POST", path=update, kind="stock", answer=update_sellable),
            Endpoint(method="GET", path=update, kind="stock", answer=wrong_method),
            Endpoint(method="POST", path=f"{REST}/product/stock/sellable/adjust", kind="stock", answer=adjust_sellable),
            Endpoint(
                method="POST", path=f"{REST}/product/price_quantity/update", kind="price", answer=update_price_quantity
            ),
            Endpoint(method="GET", path=f"{REST}/products/get", kind="listings", answer=list_products),
            Endpoint(method="GET", path=f"{REST}/product/item/get", kind="listings", answer=get_product),
            Endpoint(method="GET", path=f"{REST}/orders/get", kind="orders", answer=list_orders),
            Endpoint(method="GET", path=f"{REST}/order/get", kind="orders", answer=get_order),
            Endpoint(method="GET", path=f"{REST}/order/items/get", kind="orders", answer=get_items),
            Endpoint(method="GET", path=f"{REST}/orders/items/get", kind="orders", answer=get_items_of_orders),
            Endpoint(method="GET", path=f"{REST}/seller/get", kind="other", answer=get_seller),
        )

    def whose(self, call: Call, booths: Iterable[Booth]) -> Booth | None:
        app_key = sent_with(call).get("app_key")
        return next((booth for booth in booths if booth.members["app_key"] == app_key), None)

    def authorise(self, call: Call, booth: Booth) -> None:
        """Time, signature over all parameters, then the token; a token call has none."""
        parameters = sent_with(call)
        timestamp = as_int(parameters.get("timestamp"))
        if timestamp is None or abs(call.now.timestamp() - timestamp / 1000) > TIMESTAMP_S:
            raise Refused(failure("IllegalTimestamp", "The timestamp is invalid or expired", kind="ISV"))
        if parameters.get("sign_method") != "sha256":
            raise Refused(failure("InvalidSignMethod", "The sign method is not supported", kind="ISV"))
        if not same(parameters.get("sign", ""), sign_call(booth.members["app_secret"], call.path, parameters)):
            message = "The request signature does not conform to platform standards"
            raise Refused(failure("IncompleteSignature", message, kind="ISV"))
        if call.path == REFRESH:
            return
        if booth.tokens and not booth.tokens.accepts(parameters.get("access_token", ""), call.now):
            raise Refused(failure("IllegalAccessToken", "The specified access token is invalid or expired", kind="ISV"))

    def trouble(self, trouble: Trouble, call: Call) -> Reply:
        match trouble:
            case Trouble.DOWN:
                return Reply(status=503, body=b"<html>503 Service Temporarily Unavailable</html>")
            case Trouble.THROTTLED:
                message = "The access frequency of the api exceeds the limit. this ban will last 1 seconds"
                return failure("ApiCallLimit", message, kind="ISV")
            case Trouble.DAILY_QUOTA:
                message = "The calls of the app exceed the limit. this ban will last 86400 seconds"
                return failure("ApiCallLimit", message, kind="ISV")
            case Trouble.UNKNOWN_SHOP:
                return failure("InvalidAppKey", "The specified app key is invalid", kind="ISV")
            case Trouble.SERVER_ERROR:
                return failure("1000", "Internal Application Error", kind="SYSTEM", status=500)

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
            pushes.append(make_push(about, trade_message(booth, order, unit)))
            if event.what is What.RETURNED:
                pushes.append(make_push(about, reverse_message(booth, order, unit)))
        return tuple(pushes)

    def sign(self, booth: Booth, *, body: bytes, key: str) -> dict[str, str]:
        return {"Authorization": hex_of(key, booth.members["app_key"].encode() + body)}

    def restocks_returned(self, asked: bool | None) -> bool:
        """Never by itself: the seller looks at what came back and sets the stock."""
        return False
