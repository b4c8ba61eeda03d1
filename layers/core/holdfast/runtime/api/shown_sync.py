"""What the API answers about shops, listings and dead letters, as pydantic models. Tests hold the views to them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from .shown import Shown, Units

ChannelShown = Literal["shopee", "lazada", "tiktok_shop", "tiki", "haravan", "shopify", "woocommerce"]
SyncModeShown = Literal["daily", "session", "continuous"]
RuleShown = Literal["nothing_free", "everything", "ratio", "maximum", "channel_limit", "threshold"]
Seconds = Annotated[float, Field(ge=0)]


class ShopSettingsShown(Shown):
    """`secret`: the name of the secret that opens it. `webhook_path`: where it sends; null: the channel sends none."""

    channel: ChannelShown
    shop: str
    name: str | None
    paused: bool
    location: str | None
    stock_home: bool
    orders_from: datetime
    poll_seconds: int
    overlap_seconds: int
    secret: str
    webhook_path: str | None


class ShopHealthShown(Shown):
    """`seen_to`: the newest change that polling saw. `failing_since`, `error`: of the polls that failed in a row."""

    polled_at: datetime | None
    seen_to: datetime | None
    failing_since: datetime | None
    error: str | None


class DelayShown(Shown):
    """Seconds between an order and its arrival here, over the last weeks; null before the first order."""

    p50_s: Seconds | None
    p95_s: Seconds | None
    p99_s: Seconds | None


class HeardShown(Shown):
    """How many orders were first heard of by each way."""

    webhook: Units
    poll: Units


class ShopSyncShown(Shown):
    """How it is kept in step, when it runs next and ran last, and until when it is left alone, and why."""

    mode: SyncModeShown
    every_minutes: int
    at: str
    time_zone: str
    ratio: int
    threshold: int
    maximum: int | None
    push_at_threshold: bool
    largest_price_fall: int
    verify_percent: int
    next_run: datetime
    ran_at: datetime | None
    verified_at: datetime | None
    rests_until: datetime | None
    rests_because: str | None


class ShopShown(ShopSettingsShown):
    sync: ShopSyncShown
    health: ShopHealthShown
    delay: DelayShown
    heard: HeardShown


class ShopPage(Shown):
    """`cursor` null: that was all."""

    items: list[ShopSettingsShown]
    cursor: str | None


class OnShowShown(Shown):
    """A listing as the marketplace shows it. `on_hand` where it tells it; `locked`: kept by a promotion."""

    listing: str
    quantity: int
    on_hand: int | None
    price: str | None
    locked: int
    title: str
    merchant_sku: str


class OnShowPage(Shown):
    """One page of what a shop shows. `cursor` null: that was all."""

    items: list[OnShowShown]
    cursor: str | None


class ComponentShown(Shown):
    sku: str
    quantity: int


class PriceShown(Shown):
    amount: str
    currency: str


class OverridesShown(Shown):
    """What it has otherwise than its shop; null: as its shop."""

    mode: SyncModeShown | None
    ratio: int | None
    threshold: int | None
    maximum: int | None
    push_at_threshold: bool | None
    incoming_cap: int | None
    largest_price_fall: int | None
    paused: bool | None


class ListingSyncShown(Shown):
    """`target` null: its shop is not connected, or a level does not add up. `acknowledged`: said yes to last.

    `state`: `in_step`; `differs`; `pushing` (asked for, on its way, or not known for certain); `blocked`.
    """

    target: int | None
    rule: RuleShown | None
    acknowledged: int | None
    acknowledged_at: datetime | None
    acknowledged_price: str | None
    state: Literal["in_step", "differs", "pushing", "blocked"]
    blocked: str | None
    failed: str | None
    attempts: int


class LevelSeenShown(Shown):
    """A level as it was read for a push. `takes`: units that one unit of the listing takes."""

    sku: str
    location: str
    takes: int
    free: int
    reserved: int
    committed: int
    incoming: int
    version: int


class PassportShown(Shown):
    """A number that was sent, and what it was made of. `answer`: `sent`, `acknowledged`, or the code of a refusal."""

    number: int
    quantity: int
    sent_at: datetime
    answered_at: datetime | None
    answer: str
    detail: str
    because: str
    asked_at: datetime
    sellable: int
    offered: int
    rule: RuleShown
    mode: SyncModeShown
    ratio: int
    threshold: int
    maximum: int | None
    incoming_cap: int
    levels: list[LevelSeenShown]


class ExplanationShown(Shown):
    """Why it shows, or showed, that number. `later`: numbers sent after it that were not acknowledged by then."""

    sentence: str
    passport: PassportShown
    later: list[PassportShown]


class SyncNowShown(Shown):
    """Listings looked at, those that differ and did not wait for a push, and the pushes that were asked for.

    `left`: so many more than one call asks for; call again until it is 0.
    """

    listings: int
    differ: int
    asked: int
    left: int


class ListingShown(Shown):
    channel: ChannelShown
    shop: str
    listing: str
    components: list[ComponentShown]
    price: PriceShown | None
    location: str | None
    overrides: OverridesShown
    sync: ListingSyncShown


class ListingPage(Shown):
    """`cursor` null: that was all."""

    items: list[ListingShown]
    cursor: str | None


class DeadLetterShown(Shown):
    """A message that was put aside, without its body. `age_s`: since it first came."""

    queue: Literal["orders", "polls", "pushes"]
    id: str
    channel: str | None
    shop: str | None
    kind: str | None
    order_id: str | None
    reason: str
    first_sent_at: datetime
    age_s: Seconds


class DeadLettersShown(Shown):
    """A look at what was put aside. It is no list that can be leafed through."""

    items: list[DeadLetterShown]


class RedrivenShown(Shown):
    """How many were sent on their way again, and about how many are left."""

    redriven: Units
    left: Units
