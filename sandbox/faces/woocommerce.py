"""WooCommerce: REST API v3 and webhooks of a shop on WordPress.

From woocommerce/woocommerce (class-wc-webhook.php) and woocommerce-rest-api-docs. There is no token and no second
try: a push that fails is lost, and after more than five in a row the webhook is switched off. Stock is taken when an
order is paid; until then it is held beside `stock_quantity`, which does not show it.

Orders in part, which WooCommerce knows neither to ship nor, unpaid, to cancel, can be had at the door all the same; the
resource tells what it can. Stock of an order that is paid on delivery is taken at once.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import TYPE_CHECKING, Any, ClassVar

from sandbox.faces import woocommerce_calls, woocommerce_json
from sandbox.faces.face import Delivery, Endpoint, Event, Face, Push, Trouble, What
from sandbox.faces.records import record
from sandbox.faces.serial import next_id
from sandbox.faces.woocommerce_auth import Denied, Gate, oauth_header
from sandbox.http import Call, Reply, told
from sandbox.signing import base64_of
from sandbox.trade import Commits

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sandbox.booth import Booth
    from sandbox.world import Listing


class WooCommerce(Face):
    channel = "woocommerce"
    commits: ClassVar[Commits] = Commits.AT_PAYMENT
    delivery: ClassVar[Delivery] = Delivery(answer_within_s=60, redelivery_s=(), statuses=(200, 302), disabled_after=6)
    home: ClassVar[bool] = True

    # -- a new shop, new ids ------------------------------------------------------------------------------------------

    def members(self, booth: Booth) -> dict[str, str]:
        return {
            "consumer_key": "ck_test_" + booth.hexadecimal("consumer_key", 40),
            "consumer_secret": "cs_test_" + booth.hexadecimal("consumer_secret", 40),
        }

    def webhook_key(self, booth: Booth) -> str:
        return "testwebhooksecret" + booth.hexadecimal("webhook_secret")

    def listing_key(self, booth: Booth, product_id: str | None, *, alone: bool) -> str:
        product = product_id or next_id(booth, "post_id", 7)
        return f"{product}~{woocommerce_json.NO_VARIATION if alone else next_id(booth, 'post_id', 7)}"

    def order_id(self, booth: Booth, now: datetime) -> str:
        return next_id(booth, "post_id", 7)

    def unit_id(self, booth: Booth) -> str:
        return next_id(booth, "order_item_id", 9)

    # -- calls --------------------------------------------------------------------------------------------------------

    def endpoints(self) -> tuple[Endpoint, ...]:
        return woocommerce_calls.ENDPOINTS

    def whose(self, call: Call, booths: Iterable[Booth]) -> Booth | None:
        """By the consumer key: the fake has one port for all sites."""
        key = _key(call)
        return next((booth for booth in booths if booth.members["consumer_key"] == key), None)

    def authorise(self, call: Call, booth: Booth) -> None:
        members = booth.members
        gate = Gate(
            key=members["consumer_key"],
            secret=members["consumer_secret"],
            nonces=booth.kept.setdefault("nonces", {}),
        )
        try:
            gate.check(
                call.method, woocommerce_calls.address(call), call.query, call.headers, now_s=call.now.timestamp()
            )
        except Denied as no:
            raise woocommerce_calls.wrong(no.code, no.message, 401) from no

    def trouble(self, trouble: Trouble, call: Call) -> Reply:
        match trouble:
            case Trouble.DOWN:
                body = b"<html><title>Briefly unavailable for scheduled maintenance.</title></html>"
                return Reply(status=503, body=body, headers={"Retry-After": "600"})
            case Trouble.THROTTLED | Trouble.DAILY_QUOTA:
                return Reply(status=429, body=b"<html>Too Many Requests</html>", headers={"Retry-After": "5"})
            case Trouble.UNKNOWN_SHOP if not _key(call):
                message = "Sorry, you cannot list resources."
                return self._told("woocommerce_rest_cannot_view", message, 401)
            case Trouble.UNKNOWN_SHOP:
                return self._told("woocommerce_rest_authentication_error", "Consumer key is invalid.", 401)
            case Trouble.SERVER_ERROR:
                message = "There has been a critical error on this website."
                return self._told("internal_server_error", message, 500)

    def _told(self, code: str, message: str, status: int) -> Reply:
        return told({"code": code, "message": message, "data": {"status": status}}, status=status)

    # -- pushes -------------------------------------------------------------------------------------------------------

    def subscribed(self, booth: Booth) -> tuple[Push, ...]:
        """A ping, without a signature and as a form."""
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return (Push(about="ping", body=b"webhook_id=1", headers=form, signed=False, once=True),)

    def pushes(self, booth: Booth, event: Event) -> tuple[Push, ...]:
        """An order has two topics only; payment, cancellation and refund are told by its status and its refunds."""
        record(booth, event)
        if event.order is not None:
            resource = woocommerce_json.order_json(booth, event.order)
            what = "created" if event.what is What.PLACED else "updated"
            return (_push(booth, "order", what, resource),)
        if event.what is What.STOCK and event.listing is not None:
            return (_push(booth, "product", "updated", _product(booth, event.listing)),)
        return ()

    def sign(self, booth: Booth, *, body: bytes, key: str) -> dict[str, str]:
        return {"X-WC-Webhook-Signature": base64_of(key, body)}

    def restocks_cancelled(self, asked: bool | None) -> bool:
        """Cancelling restocks by itself; a refund asks, and its box is ticked."""
        return asked is not False


def _key(call: Call) -> str:
    """The consumer key a call names, wherever it stands."""
    authorization = call.headers.get("authorization", "")
    if authorization.lower().startswith("basic "):
        try:
            return b64decode(authorization[6:], validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    in_header = dict(oauth_header(authorization)).get("oauth_consumer_key", "")
    return call.asked("consumer_key") or call.asked("oauth_consumer_key") or in_header


def _product(booth: Booth, listing: Listing) -> dict[str, Any]:
    managed = listing.key not in booth.kept.get("unmanaged", ())
    return woocommerce_json.product_json(listing, managed=managed)


def _push(booth: Booth, resource: str, what: str, document: dict[str, Any]) -> Push:
    topic = f"{resource}.{what}"
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "WooCommerce/10.3.0 Hookshot (WordPress/6.8)",
        "X-WC-Webhook-Source": f"https://{booth.name}.example/",
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Resource": resource,
        "X-WC-Webhook-Event": what,
        "X-WC-Webhook-ID": "1",
        "X-WC-Webhook-Delivery-ID": booth.hexadecimal("delivery"),
    }
    return Push(about=f"{topic} {document['id']}", body=woocommerce_json.encoded(document), headers=headers)
