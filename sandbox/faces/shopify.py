"""Shopify: the GraphQL Admin API of version 2026-04, expiring offline tokens, and webhooks.

From shopify.dev (pages named where they matter) and the fixtures of Shopify's own libraries. A used refresh token
brings the same pair again until its replacement is used, at most 30 days
(shopify.dev/changelog/more-resilient-refreshes-for-expiring-offline-access-tokens); new tokens end the earlier access
tokens. An own app may also ask by `client_credentials`, for a day and without a refresh token.

Assumed, since undocumented: the seconds between redeliveries (the pages say 8 within 4 hours); the eighth failed push
in a row ends the subscription; the shape of the refusal where `changeFromQuantity` or the idempotency key is missing. A
level is pushed where an order moved what is available, not where units of it were shipped.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl

from sandbox.faces import shopify_graphql, shopify_push
from sandbox.faces.face import Delivery, Endpoint, Event, Face, Push, Trouble, What
from sandbox.faces.records import record
from sandbox.faces.serial import next_id
from sandbox.faces.shopify_nodes import Store
from sandbox.faces.shopify_writes import Writes
from sandbox.http import Call, Refused, Reply, told
from sandbox.signing import base64_of, same

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.booth import Booth
    from sandbox.desk import Visit
    from sandbox.faults import Kind
    from sandbox.world import Listing, Order

DAY_S = 86_400
SCOPES = "read_orders,read_products,write_products,read_inventory,write_inventory,read_locations"


class Shopify(Face):
    channel = "shopify"
    delivery: ClassVar[Delivery] = Delivery(
        answer_within_s=5, redelivery_s=(10, 60, 300, 900, 1_800, 3_000, 3_600, 4_200), disabled_after=8
    )
    token_life_s: ClassVar[int] = 3_600
    refresh_life_s: ClassVar[int] = 90 * DAY_S
    refresh_grace_s: ClassVar[float] = 30 * DAY_S
    home: ClassVar[bool] = True

    # -- a new shop, new ids ------------------------------------------------------------------------------------------

    def members(self, booth: Booth) -> dict[str, str]:
        return {
            "client_id": booth.hexadecimal("client_id"),
            "client_secret": "test-client-secret-" + booth.hexadecimal("client_secret"),
            "shop_domain": f"{booth.name.lower().replace('_', '-').replace('.', '-')}.myshopify.com",
            "location_id": booth.locations[0],
        }

    def webhook_key(self, booth: Booth) -> str:
        return booth.members["client_secret"]

    def listing_key(self, booth: Booth, product_id: str | None, *, alone: bool) -> str:
        return f"{product_id or next_id(booth, 'product_id', 13)}~{next_id(booth, 'variant_id', 14)}"

    def order_id(self, booth: Booth, now: datetime) -> str:
        return next_id(booth, "order_id", 13)

    def unit_id(self, booth: Booth) -> str:
        return next_id(booth, "line_id", 14)

    def locations(self, booth: Booth) -> tuple[str, ...]:
        return (booth.digits("location_id", 11),)

    # -- calls --------------------------------------------------------------------------------------------------------

    def endpoints(self) -> tuple[Endpoint, ...]:
        graphql = f"/admin/api/{shopify_push.API_VERSION}/graphql.json"
        return (
            Endpoint(method="POST", path="/admin/oauth/access_token", kind="token", answer=_token, open=True),
            Endpoint(method="POST", path=graphql, kind=_about, answer=_graphql),
        )

    def whose(self, call: Call, booths: Iterable[Booth]) -> Booth | None:
        """By the access token, or by the app where a token is asked for: the fake has one port for all domains."""
        token = call.headers.get("x-shopify-access-token", "")
        client = form(call).get("client_id", "") if call.path.endswith("/access_token") else ""
        for booth in booths:
            tokens = booth.tokens
            if client and client == booth.members["client_id"]:
                return booth
            if token and tokens and (token in tokens.access or token == tokens.current.access):
                return booth
        return None

    def authorise(self, call: Call, booth: Booth) -> None:
        token = call.headers.get("x-shopify-access-token", "")
        if booth.tokens is None or not booth.tokens.accepts(token, call.now):
            raise Refused(self.trouble(Trouble.UNKNOWN_SHOP, call))

    def trouble(self, trouble: Trouble, call: Call) -> Reply:
        match trouble:
            case Trouble.DOWN:
                return Reply(status=503, body=b"<html>Service Unavailable</html>")
            case Trouble.THROTTLED | Trouble.DAILY_QUOTA if call.path.endswith("graphql.json"):
                return told(shopify_graphql.throttled())
            case Trouble.THROTTLED | Trouble.DAILY_QUOTA:
                return told({"errors": "Exceeded rate limit"}, status=429, headers={"Retry-After": "2.0"})
            case Trouble.UNKNOWN_SHOP if call.path.endswith("/access_token"):
                return _refused("invalid_client", "Client authentication failed", status=401)
            case Trouble.UNKNOWN_SHOP:
                message = "[API] Invalid API key or access token (unrecognized login or wrong password)"
                return told({"errors": message}, status=401)
            case Trouble.SERVER_ERROR:
                return Reply(status=500, body=b'{"errors":"Internal Server Error"}')

    # -- pushes -------------------------------------------------------------------------------------------------------

    def pushes(self, booth: Booth, event: Event) -> tuple[Push, ...]:
        written = record(booth, event)
        if event.order is None:
            level = event.what is What.STOCK and event.listing is not None
            return _levels(booth, [event.listing], event) if level and event.listing else ()
        order = event.order
        body = shopify_push.order_json(booth, order)
        about = [(topic, body) for topic in _topics(order, event.what)]
        if written and event.what is not What.SHIPPED:
            about.insert(0, ("refunds/create", shopify_push.refund_json(booth, order, written)))
        happened = booth.hexadecimal("event")
        pushes = tuple(_push(booth, topic, resource, event, happened=happened) for topic, resource in about)
        return pushes + _levels(booth, _moved(booth, event), event)

    def sign(self, booth: Booth, *, body: bytes, key: str) -> dict[str, str]:
        return {"X-Shopify-Hmac-SHA256": base64_of(key, body)}

    def restocks_cancelled(self, asked: bool | None) -> bool:
        """The merchant chooses; restocking is what the admin proposes."""
        return asked is not False


# -- tokens -----------------------------------------------------------------------------------------------------------


def form(call: Call) -> dict[str, str]:
    """The body as a form or as JSON: both are taken."""
    if "json" in call.headers.get("content-type", ""):
        return {name: str(value) for name, value in call.document().items()}
    return dict(parse_qsl(call.body.decode(errors="replace")))


def _token(visit: Visit) -> Reply:
    asked, booth = form(visit.call), visit.booth
    if not same(asked.get("client_secret", ""), booth.members["client_secret"]):
        return _refused("invalid_client", "Client authentication failed", status=401)
    if asked.get("grant_type") == "client_credentials":
        return _own_app(visit)
    if asked.get("grant_type") != "refresh_token":
        return _refused("unsupported_grant_type", "The grant type is not supported")
    spent = asked.get("refresh_token", "")
    if (pair := visit.refresh(spent)) is None or booth.tokens is None:
        return _refused("invalid_grant", "Token has been expired or revoked.")
    # What this token brought stays good; what came before it is over, and so are its access tokens.
    booth.tokens.spent = {used: brought for used, brought in booth.tokens.spent.items() if used == spent}
    life = timedelta(seconds=visit.token_life_s)
    booth.tokens.access = {pair.access: max(pair.expires_at, visit.call.now + life)}
    left = int((pair.refresh_expires_at - visit.call.now).total_seconds())
    return told(
        {
            "access_token": pair.access,
            "scope": SCOPES,
            "expires_in": int(visit.token_life_s),
            "refresh_token": pair.refresh,
            "refresh_token_expires_in": left,
        }
    )


def _own_app(visit: Visit) -> Reply:
    """Another access token beside the others; the refresh token stays what it is."""
    tokens = visit.booth.tokens
    if tokens is None:
        return _refused("invalid_client", "Client authentication failed", status=401)
    chosen = visit.booth.faults.settings.token_expiry_s
    life_s = DAY_S - 1 if chosen is None else chosen
    kept = tokens.current
    pair = tokens.issue(visit.call.now, life_s=life_s, refresh=kept.refresh, refresh_expires_at=kept.refresh_expires_at)
    return told({"access_token": pair.access, "scope": SCOPES, "expires_in": int(life_s)})


def _refused(error: str, description: str, *, status: int = 400) -> Reply:
    return told({"error": error, "error_description": description}, status=status)


# -- GraphQL ----------------------------------------------------------------------------------------------------------


_KINDS: tuple[tuple[str, Kind], ...] = (
    ("inventorySetQuantities", "stock"),
    ("productVariantsBulkUpdate", "price"),
    ("order", "orders"),
    ("orders", "orders"),
    ("nodes", "listings"),
    ("productVariants", "listings"),
    ("inventoryItems", "listings"),
)


def _about(call: Call) -> Kind:
    """By the field a document asks for: one endpoint serves all."""
    words = set(re.findall(r"[A-Za-z]+", str(call.document().get("query", ""))))
    return next((kind for field, kind in _KINDS if field in words), "other")


def _graphql(visit: Visit) -> Reply:
    store = Store(booth=visit.booth, opened_at=visit.booth.kept.setdefault("opened_at", visit.call.now))
    writes = Writes(visit=visit, store=store)
    root = store.root()
    orders = root["orders"]
    root["orders"] = lambda info, **arguments: orders(info, empty=visit.page_is_empty(), **arguments)
    root["inventorySetQuantities"] = writes.set_quantities
    root["productVariantsBulkUpdate"] = writes.update_variants
    return told(shopify_graphql.run(visit.call.document(), root=root))


# -- pushes -----------------------------------------------------------------------------------------------------------


def _topics(order: Order, what: What) -> tuple[str, ...]:
    match what:
        case What.PLACED:
            return ("orders/create",)
        case What.PAID:
            return ("orders/paid", "orders/updated")
        case What.SHIPPED:
            whole = not any(unit.open for unit in order.units)
            return ("orders/fulfilled" if whole else "orders/partially_fulfilled", "orders/updated")
        case What.CANCELLED if order.cancelled_at:
            return ("orders/cancelled", "orders/updated")
        case _:
            return ("orders/updated",)


def _moved(booth: Booth, event: Event) -> list[Listing]:
    """Listings of which an event of an order moved what is available."""
    if event.what not in (What.PLACED, What.CANCELLED, What.RETURNED):
        return []
    keys = {unit.listing: None for unit in event.units if event.what is What.PLACED or unit.restocked}
    return [booth.shop.listings[key] for key in keys]


def _levels(booth: Booth, listings: Iterable[Listing], event: Event) -> tuple[Push, ...]:
    return tuple(
        _push(
            booth,
            "inventory_levels/update",
            shopify_push.level_json(booth, each),
            event,
            happened=booth.hexadecimal("event"),
        )
        for each in listings
    )


def _push(booth: Booth, topic: str, resource: dict[str, Any], event: Event, *, happened: str) -> Push:
    headers = shopify_push.headers(
        topic, booth.members["shop_domain"], delivery=booth.hexadecimal("delivery"), event=happened, at=event.at
    )
    body = json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode()
    return Push(about=f"{topic} {resource.get('id', resource.get('inventory_item_id'))}", body=body, headers=headers)
