"""Shops and listings as operators set them."""

from dataclasses import dataclass, replace
from datetime import datetime

from holdfast.domain.delays import quantile, weighed
from holdfast.domain.errors import BadInput, FieldError, UnknownListing, UnknownShop
from holdfast.domain.listing import Listing, ListingKey
from holdfast.domain.shop import Shop, ShopHealth, ShopKey
from holdfast.services.context import Context
from holdfast.store.listings import listing_from
from holdfast.store.shops import shop_from
from holdfast.store.table import Item

from . import messages
from .intake import Intake

MOST_PARTS = 45
MOST_SENT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopView:
    """A shop with its health. Delays in seconds between an order and its arrival: half, 95 and 99 of 100 orders."""

    shop: Shop
    health: ShopHealth
    delay_p50_s: float | None
    delay_p95_s: float | None
    delay_p99_s: float | None
    heard: dict[str, int]


def put_shop(context: Context, shop: Shop, *, orders_from: datetime | None) -> ShopView:
    """Create or change. Without `orders_from` a new shop's orders count from now, and a known shop keeps its own."""
    before = context.ledger.shops.get(shop.key)
    # Marketplaces tell whole seconds: an order of this very second is news.
    start = orders_from or (before.orders_from if before else context.clock().replace(microsecond=0))
    context.ledger.shops.put(replace(shop, orders_from=start))
    return get_shop(context, shop.key)


def get_shop(context: Context, key: ShopKey) -> ShopView:
    """Raises UnknownShop."""
    shop = context.ledger.shops.get(key)
    if shop is None:
        raise UnknownShop(str(key))
    delays = context.ledger.shops.delays(key)
    weights = weighed(delays.weeks, now=context.clock())
    return ShopView(
        shop=shop,
        health=context.ledger.shops.health(key),
        delay_p50_s=quantile(weights, 0.5),
        delay_p95_s=quantile(weights, 0.95),
        delay_p99_s=quantile(weights, 0.99),
        heard=dict(delays.heard),
    )


def delete_shop(context: Context, key: ShopKey) -> None:
    """The shop is polled and listened to no more. Its listings and orders stay. Raises UnknownShop."""
    if context.ledger.shops.get(key) is None:
        raise UnknownShop(str(key))
    context.ledger.shops.delete(key)


def list_shops(context: Context, *, limit: int, start: Item | None) -> tuple[list[Shop], Item | None]:
    page = context.ledger.shops.all(limit=limit, start=start)
    return [shop_from(item) for item in page.items], page.next


def put_listing(work: Intake, listing: Listing) -> Listing:
    """Map a listing; orders that waited for it are sent to be applied. Raises UnknownShop, UnknownSku, BadInput."""
    ledger = work.context.ledger
    shop = listing.key.shop
    if ledger.shops.get(shop) is None:
        raise UnknownShop(str(shop))
    _check(work, listing)
    work.context.settings_of(part.sku for part in listing.parts)
    ledger.listings.put(listing, before=ledger.listings.get(listing.key))
    waiting, _ = ledger.orders.waiting(shop, limit=MOST_SENT)
    for name in dict.fromkeys(name for its, name in waiting if its == listing.key.listing):
        work.orders.send(messages.mapped(shop, name))
    return listing


def _check(work: Intake, listing: Listing) -> None:
    names = work.channel(listing.key.shop.channel).sheet.listing_parts
    ids = listing.key.listing.split("~")
    wrong: list[FieldError] = []
    if len(ids) != len(names) or not all(ids):
        wrong.append(FieldError("listing", f"the ids {' and '.join(names)}, joined by ~"))
    if not 1 <= len(listing.parts) <= MOST_PARTS:
        wrong.append(FieldError("components", f"1 to {MOST_PARTS} SKUs"))
    if len({part.sku for part in listing.parts}) != len(listing.parts):
        wrong.append(FieldError("components", "each SKU once"))
    if wrong:
        raise BadInput(wrong)


def get_listing(context: Context, key: ListingKey) -> Listing:
    """Raises UnknownListing."""
    found = context.ledger.listings.get(key)
    if found is None:
        raise UnknownListing(str(key))
    return found


def delete_listing(context: Context, key: ListingKey) -> None:
    """New orders for it wait until it is mapped again. Raises UnknownListing."""
    context.ledger.listings.delete(get_listing(context, key))


def list_listings(
    context: Context, shop: ShopKey, *, limit: int, start: Item | None
) -> tuple[list[Listing], Item | None]:
    page = context.ledger.listings.of_shop(shop, limit=limit, start=start)
    return [listing_from(item) for item in page.items], page.next
