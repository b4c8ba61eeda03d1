"""TikTok Shop Partner API, version 202309.

From the official guides and reference as mirrored in `lazykern/ecommerce-api-docs`. Assumed, since undocumented: the
HTTP status of errors (401 for credentials, 429 when throttled, 200 for what a seller may not do); the webhook's
signature (from `EcomPHP/tiktokshop-php`); the code of a wrong shop cipher; a spent refresh token brings nothing.
Quantity 0 is outside the documented range of 1 to 99,999 and by other accounts accepted: the fault `zero_refused`
decides. A product in a promotion takes no quantity below the present one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sandbox.faces.face import Delivery, Endpoint, Event, Face, Push, Trouble
from sandbox.faces.tiktok_shop_orders import order_detail, search_orders, search_returns
from sandbox.faces.tiktok_shop_products import search_inventory, search_products
from sandbox.faces.tiktok_shop_pushes import order_pushes, promotion_pushes
from sandbox.faces.tiktok_shop_stock import activate, deactivate, update_inventory, update_prices
from sandbox.faces.tiktok_shop_words import REFRESH, SHOPS, failure, refresh_tokens, shops, sign_call, warehouses
from sandbox.http import Call, Refused, Reply, as_int
from sandbox.signing import hex_of, same

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sandbox.booth import Booth

EARLIEST_S, LATEST_S = 300, 30
WITHOUT_CIPHER = (SHOPS,)


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
            Endpoint(method="GET", path=REFRESH, kind="token", answer=refresh_tokens, open=True),
            Endpoint(method="GET", path=SHOPS, kind="other", answer=shops),
            Endpoint(method="GET", path="/logistics/202309/warehouses", kind="other", answer=warehouses),
            Endpoint(method="POST", path=f"{products}/search", kind="listings", answer=search_products),
            Endpoint(method="POST", path=f"{products}/deactivate", kind="stock", answer=deactivate),
            Endpoint(method="POST", path=f"{products}/activate", kind="stock", answer=activate),
            Endpoint(
                method="POST", path=products + "/{product_id}/inventory/update", kind="stock", answer=update_inventory
            ),
            Endpoint(method="POST", path=products + "/{product_id}/prices/update", kind="price", answer=update_prices),
            Endpoint(method="POST", path="/product/202309/inventory/search", kind="listings", answer=search_inventory),
            Endpoint(method="GET", path=orders, kind="orders", answer=order_detail),
            Endpoint(method="POST", path=f"{orders}/search", kind="orders", answer=search_orders),
            Endpoint(method="POST", path="/return_refund/202309/returns/search", kind="orders", answer=search_returns),
        )

    def whose(self, call: Call, booths: Iterable[Booth]) -> Booth | None:
        return next((booth for booth in booths if booth.members["app_key"] == call.asked("app_key")), None)

    def authorise(self, call: Call, booth: Booth) -> None:
        """Time, signature, token, then the shop's cipher."""
        timestamp = as_int(call.asked("timestamp"))
        if timestamp is None or not -EARLIEST_S <= timestamp - call.now.timestamp() <= LATEST_S:
            raise Refused(failure(36009004, "Invalid timestamp.", status=401))
        if not call.asked("sign"):
            raise Refused(failure(36009004, "Missing credentials. The sign is required.", status=401))
        if not same(call.asked("sign"), sign_call(booth.members["app_secret"], call)):
            raise Refused(failure(106001, "Invalid credentials. The 'sign' query parameter is invalid.", status=401))
        token = call.headers.get("x-tts-access-token", "")
        if booth.tokens and not booth.tokens.accepts(token, call.now):
            if booth.tokens.knows(token):
                raise Refused(failure(105002, "Expired credentials. The access token has expired.", status=401))
            raise Refused(failure(36009004, "Invalid credentials. The access token is invalid.", status=401))
        if call.path in WITHOUT_CIPHER:
            return
        if not call.asked("shop_cipher"):
            raise Refused(failure(106013, "Missing identifier. The 'shop_cipher' is required.", status=400))
        if call.asked("shop_cipher") != booth.members["shop_cipher"]:
            raise Refused(failure(36009004, "Invalid identifier. The 'shop_cipher' is invalid.", status=400))

    def trouble(self, trouble: Trouble, call: Call) -> Reply:
        match trouble:
            case Trouble.DOWN:
                return Reply(status=503, body=b"<html>503 Service Temporarily Unavailable</html>")
            case Trouble.THROTTLED | Trouble.DAILY_QUOTA:
                return failure(36009002, "Too many requests.", status=429)
            case Trouble.UNKNOWN_SHOP:
                return failure(36009004, "Invalid credentials. Invalid 'app_key' query parameter.", status=401)
            case Trouble.SERVER_ERROR:
                return failure(36009003, "Internal error. Please try again.", status=500)

    # -- pushes --------------------------------------------------------------------------------------------------------

    def pushes(self, booth: Booth, event: Event) -> tuple[Push, ...]:
        if event.order is None:
            return promotion_pushes(booth, event)
        return order_pushes(booth, event, event.order)

    def sign(self, booth: Booth, *, body: bytes, key: str) -> dict[str, str]:
        return {"Authorization": hex_of(key, booth.members["app_key"].encode() + body)}

    def restocks_returned(self, asked: bool | None) -> bool:
        """Never by itself: the seller looks at what came back and sets the stock."""
        return False
