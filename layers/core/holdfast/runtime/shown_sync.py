"""What the API answers about shops, listings and dead letters, as pydantic models. Tests hold the views to them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from .shown import Shown, Units

ChannelShown = Literal["shopee", "lazada", "tiktok_shop", "tiki", "haravan", "shopify", "woocommerce"]
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


class ShopShown(ShopSettingsShown):
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


class ListingShown(Shown):
    channel: ChannelShown
    shop: str
    listing: str
    components: list[ComponentShown]
    price: PriceShown | None
    location: str | None


class ListingPage(Shown):
    """`cursor` null: that was all."""

    items: list[ListingShown]
    cursor: str | None


class DeadLetterShown(Shown):
    """A message that was put aside, without its body. `age_s`: since it first came."""

    queue: Literal["orders", "polls"]
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
