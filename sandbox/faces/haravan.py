"""Haravan: the Omni API and the webhooks of a merchant's home shop.

From docs.haravan.com/docs/omni-apis and the tutorial on webhooks. A private app's token neither expires nor rotates.

Assumed, since undocumented: seconds until an answer is late and the redeliveries after it; the texts of errors; which
topics follow which event. An order moves the balance, so a balance is pushed with it. A new address is asked once to
give the challenge back; that it is not subscribed if it does not is left out.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from sandbox.faces import haravan_calls, haravan_json
from sandbox.faces.face import Delivery, Endpoint, Event, Face, Push, Trouble, What
from sandbox.faces.records import record
from sandbox.faces.serial import next_id
from sandbox.http import Call, Refused, Reply, told
from sandbox.signing import base64_of, same

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sandbox.booth import Booth
    from sandbox.world import Listing, Order


class Haravan(Face):
    channel = "haravan"
    delivery: ClassVar[Delivery] = Delivery(answer_within_s=5, redelivery_s=(60, 600, 3_600))
    home: ClassVar[bool] = True

    # -- a new shop, new ids ------------------------------------------------------------------------------------------

    def members(self, booth: Booth) -> dict[str, str]:
        return {
            "access_token": "test-haravan-token-" + booth.hexadecimal("access_token"),
            "app_secret": "test-app-secret-" + booth.hexadecimal("app_secret"),
            "org_id": booth.digits("org_id", 12),
            "location_id": booth.locations[0],
            "verify_token": "test-verify-token-" + booth.hexadecimal("verify_token", 16),
        }

    def webhook_key(self, booth: Booth) -> str:
        return booth.members["app_secret"]

    def listing_key(self, booth: Booth, product_id: str | None, *, alone: bool) -> str:
        return f"{product_id or next_id(booth, 'product_id', 10)}~{next_id(booth, 'variant_id', 10)}"

    def order_id(self, booth: Booth, now: datetime) -> str:
        return next_id(booth, "order_id", 10)

    def unit_id(self, booth: Booth) -> str:
        return next_id(booth, "line_id", 10)

    def locations(self, booth: Booth) -> tuple[str, ...]:
        return (booth.digits("location_id", 7),)

    # -- calls --------------------------------------------------------------------------------------------------------

    def endpoints(self) -> tuple[Endpoint, ...]:
        return haravan_calls.ENDPOINTS

    def whose(self, call: Call, booths: Iterable[Booth]) -> Booth | None:
        token = _bearer(call)
        return next((booth for booth in booths if same(token, booth.members["access_token"])), None)

    def authorise(self, call: Call, booth: Booth) -> None:
        """The token is the shop: `whose` found it by that, and there is nothing else to check."""
        if not same(_bearer(call), booth.members["access_token"]):
            raise Refused(self.trouble(Trouble.UNKNOWN_SHOP, call))

    def trouble(self, trouble: Trouble, call: Call) -> Reply:
        match trouble:
            case Trouble.DOWN:
                return Reply(status=502, body=b"<html><h1>502 Bad Gateway</h1></html>")
            case Trouble.THROTTLED | Trouble.DAILY_QUOTA:
                headers = {
                    "Retry-After": "2.0",
                    "X-Haravan-Api-Call-Limit": f"{haravan_calls.BUCKET}/{haravan_calls.BUCKET}",
                }
                return told({"errors": "Too Many Requests"}, status=429, headers=headers)
            case Trouble.UNKNOWN_SHOP:
                return told({"errors": "Unauthorized"}, status=401)
            case Trouble.SERVER_ERROR:
                return told({"errors": "Internal Server Error"}, status=500)

    # -- pushes -------------------------------------------------------------------------------------------------------

    def subscribed(self, booth: Booth) -> tuple[Push, ...]:
        challenge = booth.digits("challenge", 9)
        query = (
            ("hub.mode", "subscribe"),
            ("hub.verify_token", booth.members["verify_token"]),
            ("hub.challenge", challenge),
        )
        check = Push(
            about="check", body=b"", method="GET", query=query, signed=False, once=True, echo=challenge.encode()
        )
        return (check,)

    def pushes(self, booth: Booth, event: Event) -> tuple[Push, ...]:
        written = record(booth, event)
        if event.order is None:
            return _balance_pushes(booth, [event.listing]) if event.what is What.STOCK and event.listing else ()
        order = event.order
        body = haravan_json.order_json(booth, order)
        pushes = [_push(booth, topic, body) for topic in _topics(order, event.what)]
        if written and event.what is not What.SHIPPED:
            pushes.insert(0, _push(booth, "refunds/create", haravan_json.refund_json(booth, order, written)))
        if event.what is not What.PAID:
            moved = {unit.listing: booth.shop.listings[unit.listing] for unit in event.units}
            pushes += _balance_pushes(booth, moved.values())
        return tuple(pushes)

    def sign(self, booth: Booth, *, body: bytes, key: str) -> dict[str, str]:
        return {"X-Haravan-Hmacsha256": base64_of(key, body)}

    def restocks_cancelled(self, asked: bool | None) -> bool:
        """The cancel call has a `restock` flag, false unless it is sent."""
        return bool(asked)


def _bearer(call: Call) -> str:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


# -- pushes -----------------------------------------------------------------------------------------------------------


def _topics(order: Order, what: What) -> tuple[str, ...]:
    match what:
        case What.PLACED:
            return ("orders/create",)
        case What.PAID:
            return ("orders/paid", "orders/updated")
        case What.SHIPPED if not any(unit.open for unit in order.units):
            return ("orders/fulfilled", "orders/updated")
        case What.CANCELLED if order.cancelled_at:
            return ("orders/cancelled", "orders/updated")
        case _:
            return ("orders/updated",)


def _balance_pushes(booth: Booth, listings: Iterable[Listing]) -> tuple[Push, ...]:
    topic = "inventorylocationbalances/update"
    return tuple(_push(booth, topic, haravan_json.balance_json(booth, each)) for each in listings)


def _push(booth: Booth, topic: str, resource: dict[str, Any]) -> Push:
    headers = {
        "Content-Type": "application/json",
        "X-Haravan-Topic": topic,
        "X-Haravan-Org-Id": booth.members["org_id"],
    }
    body = json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode()
    return Push(about=f"{topic} {resource['id']}", body=body, headers=headers)
