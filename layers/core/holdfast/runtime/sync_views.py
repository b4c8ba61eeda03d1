"""Shops, listings and dead letters as the API shows them."""

from datetime import UTC, datetime

from holdfast.channels.protocol import Shown
from holdfast.channels.webhooks import SCHEMES
from holdfast.domain.listing import Listing
from holdfast.domain.shop import Shop
from holdfast.services.connect_shop import ShopView
from holdfast.services.dead_letters import DeadLetter, Redriven

from .views import View, maybe_time, time_view


def shop_settings_view(shop: Shop, *, stage: str) -> View:
    channel, name = shop.key.channel, shop.key.shop
    return {
        "channel": channel,
        "shop": name,
        "name": shop.name or None,
        "paused": shop.paused,
        "location": shop.location,
        "stock_home": shop.stock_home,
        "orders_from": time_view(shop.orders_from),
        "poll_seconds": shop.poll_seconds,
        "overlap_seconds": shop.overlap_seconds,
        "secret": f"holdfast/{stage}/{channel}/{name}",
        "webhook_path": f"/webhooks/{channel}/{name}" if channel in SCHEMES else None,
    }


def shop_view(found: ShopView, *, stage: str) -> View:
    health = found.health
    return {
        **shop_settings_view(found.shop, stage=stage),
        "health": {
            "polled_at": maybe_time(health.polled_at),
            "seen_to": maybe_time(health.seen_to),
            "failing_since": maybe_time(health.failing_since),
            "error": health.error,
        },
        "delay": {"p50_s": found.delay_p50_s, "p95_s": found.delay_p95_s, "p99_s": found.delay_p99_s},
        "heard": {way: found.heard.get(way, 0) for way in ("webhook", "poll")},
    }


def on_show_view(shown: Shown) -> View:
    return {
        "listing": shown.listing,
        "quantity": shown.quantity,
        "on_hand": shown.on_hand,
        "price": None if shown.price is None else f"{shown.price:f}",
        "locked": shown.locked,
        "title": shown.title,
        "merchant_sku": shown.merchant_sku,
    }


def listing_view(listing: Listing) -> View:
    priced = listing.price is not None and listing.currency is not None
    return {
        "channel": listing.key.shop.channel,
        "shop": listing.key.shop.shop,
        "listing": listing.key.listing,
        "components": [{"sku": part.sku, "quantity": part.quantity} for part in listing.parts],
        "price": {"amount": f"{listing.price:f}", "currency": listing.currency} if priced else None,
        "location": listing.location,
    }


def dead_letter_view(letter: DeadLetter, *, now: datetime) -> View:
    sent = datetime.fromtimestamp(letter.sent_ms / 1000, UTC)
    return {
        "queue": letter.queue,
        "id": letter.id,
        "channel": letter.channel,
        "shop": letter.shop,
        "kind": letter.kind,
        "order_id": letter.order_id,
        "reason": letter.reason,
        "first_sent_at": time_view(sent),
        "age_s": max(0.0, round((now - sent).total_seconds(), 3)),
    }


def redriven_view(redriven: Redriven) -> View:
    return {"redriven": redriven.redriven, "left": redriven.left}
