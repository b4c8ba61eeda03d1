"""Shops, listings and dead letters as the API shows them."""

from dataclasses import asdict, fields
from datetime import datetime

from holdfast.channels.protocol import Shown
from holdfast.channels.webhooks import SCHEMES
from holdfast.domain.listing import Listing
from holdfast.domain.passport import Passport
from holdfast.domain.shop import Shop
from holdfast.services.orders.connect_shop import ShopView
from holdfast.services.orders.dead_letters import DeadLetter, Redriven
from holdfast.services.sync.explain import Explanation
from holdfast.services.sync.look_up_sync import InStep
from holdfast.services.sync.set_sync import SyncView
from holdfast.store.times import from_ms

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


def shop_view(found: ShopView, sync: SyncView, *, stage: str) -> View:
    health = found.health
    return {
        **shop_settings_view(found.shop, stage=stage),
        "sync": shop_sync_view(sync),
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


def shop_sync_view(view: SyncView) -> View:
    sync, rules, pushing = view.sync, view.sync.rules, view.pushing
    return {
        "mode": rules.mode.value,
        "every_minutes": sync.every_minutes,
        "at": f"{sync.at:%H:%M}",
        "time_zone": sync.zone,
        "ratio": rules.ratio,
        "threshold": rules.threshold,
        "maximum": rules.maximum,
        "push_at_threshold": rules.push_at_threshold,
        "largest_price_fall": rules.largest_price_fall,
        "verify_percent": sync.verify_percent,
        "next_run": time_view(view.next_run),
        "ran_at": maybe_time(pushing.ran_at),
        "verified_at": maybe_time(pushing.verified_at),
        "rests_until": maybe_time(pushing.held_until),
        "rests_because": pushing.held_why,
    }


def listing_sync_view(found: InStep) -> View:
    state, made = found.state, found.made
    target = made.target.quantity if made else None
    if state.blocked is not None:
        told = "blocked"
    elif state.outstanding:
        told = "pushing"
    else:
        told = "in_step" if target is not None and state.known == target else "differs"
    return {
        "target": target,
        "rule": made.target.rule.value if made else None,
        "acknowledged": state.acknowledged,
        "acknowledged_at": maybe_time(state.acknowledged_at),
        "acknowledged_price": None if state.price is None else f"{state.price:f}",
        "state": told,
        "blocked": state.blocked and f"{state.blocked.code}: {state.blocked.why}",
        "failed": state.failed,
        "attempts": state.attempts,
    }


def passport_view(passport: Passport) -> View:
    return {
        "number": passport.fence,
        "quantity": passport.quantity,
        "sent_at": time_view(passport.sent_at),
        "answered_at": maybe_time(passport.answered_at),
        "answer": passport.answer,
        "detail": passport.detail,
        "because": passport.because,
        "asked_at": time_view(passport.asked_at),
        "sellable": passport.sellable,
        "offered": passport.offered,
        "rule": passport.rule.value,
        "mode": passport.mode,
        "ratio": passport.ratio,
        "threshold": passport.threshold,
        "maximum": passport.maximum,
        "incoming_cap": passport.incoming_cap,
        "levels": [asdict(level) for level in passport.levels],
    }


def explanation_view(explanation: Explanation) -> View:
    return {
        "sentence": explanation.sentence,
        "passport": passport_view(explanation.passport),
        "later": [passport_view(each) for each in explanation.later],
    }


def listing_view(found: InStep) -> View:
    """A listing with what it has otherwise than its shop, and how far its marketplace is in step."""
    own = {each.name: getattr(found.state.own, each.name) for each in fields(found.state.own)}
    return {**_listing_view(found.listing), "overrides": own, "sync": listing_sync_view(found)}


def _listing_view(listing: Listing) -> View:
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
    sent = from_ms(letter.sent_ms)
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
