"""Shopify's GraphQL Admin API, 2026-04: numbers set against what was read, pushes that tell whole orders.

What is certain about it, and what is not, stands in docs/channels/shopify.md.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from holdfast.channels.batches import check_batch, listing_ids, whole_dong
from holdfast.channels.protocol import (
    Account,
    ChannelError,
    ItemResult,
    Notice,
    OrderChanged,
    OrderPage,
    PriceItem,
    Pulled,
    Request,
    Send,
    Shown,
    ShownPage,
    StockItem,
    Tokens,
)
from holdfast.channels.reading import Told
from holdfast.channels.rest import OF_THE_SHOP, not_sent, read_success, read_tokens
from holdfast.channels.sheet import Kind
from holdfast.channels.signing import query
from holdfast.domain.market import MarketOrder

from .calls import ask, gid, number_of
from .listings import Found, listing_of, read_shown, read_variants, refused_lines, set_quantities
from .orders import has_removals, read_fetched, read_removals
from .pushes import read_push
from .queries import ITEMS_BY_ID, ORDER, ORDER_REMOVALS, ORDERS, SET_PRICES, VARIANTS
from .sheet import SHEET

MOST_LINE_PAGES = 10
VARIANTS_PAGE = 50


class Shopify:
    """Members of the secret: `client_id`, `client_secret`, `shop_domain`, `location_id`."""

    sheet = SHEET

    def needs(self) -> tuple[str, ...]:
        return ("client_id", "client_secret", "shop_domain", "location_id")

    def refresh(self, account: Account, send: Send, now: datetime) -> Tokens:
        """With a refresh token if there is one (it rotates), else as an app of the merchant's own organisation."""
        form = {"client_id": account.members["client_id"], "client_secret": account.members["client_secret"]}
        if account.refresh_token:
            form |= {"grant_type": "refresh_token", "refresh_token": account.refresh_token}
        else:
            form |= {"grant_type": "client_credentials"}
        request = Request(
            method="POST",
            url=f"{account.auth_url}/admin/oauth/access_token",
            headers={"content-type": "application/x-www-form-urlencoded", "accept": "application/json"},
            body=query(form).encode(),
        )
        told = read_success(
            send(request), account=account, writes=True, errors=SHEET.errors, unauthorised=Kind.REAUTHORISE
        )
        return read_tokens(told, now)

    def read_delivery(self, headers: Mapping[str, str], body: bytes) -> tuple[Notice, ...]:
        """An order whole; of a refund or an edit, its order's id; an inventory item's number at a location."""
        topic = next((value for name, value in headers.items() if name.lower() == "x-shopify-topic"), "")
        if not topic.strip():
            raise ChannelError(Kind.FINAL, "unreadable", "expected a header X-Shopify-Topic")
        return read_push(topic.strip().lower(), body)

    def fetch_orders(
        self, account: Account, order_ids: Sequence[str], send: Send, now: datetime
    ) -> tuple[MarketOrder, ...]:
        """One call an order, another one if units were refunded or removed."""
        del now
        found = (_fetch(account, order_id, send) for order_id in order_ids)
        return tuple(order for order in found if order is not None)

    def list_orders(
        self, account: Account, *, since: datetime, until: datetime, cursor: str | None, send: Send, now: datetime
    ) -> OrderPage:
        """Ids with their times: whole orders would cost more than one query may. Only the last 60 days are there."""
        del now
        variables = {
            "first": SHEET.orders_page,
            "after": cursor,
            "query": f"updated_at:>='{_query_time(since)}' AND updated_at:<='{_query_time(until)}'",
        }
        told = ask(account, ORDERS, variables, send, writes=False)["orders"]
        changed = [
            OrderChanged(order_id=number_of(node["id"]), at=node["updatedAt"].iso()) for node in told["nodes"].rows()
        ]
        return OrderPage(changed=tuple(changed), next=_next(told))

    def pull(self, account: Account, position: str | None, send: Send, now: datetime) -> Pulled:
        del account, send, now
        return Pulled(notices=(), position=position, more=False)

    def acknowledge(self, account: Account, position: str, send: Send, now: datetime) -> None:
        """Nothing is kept for us."""

    def push_stock(
        self, account: Account, items: Sequence[StockItem], send: Send, now: datetime
    ) -> tuple[ItemResult, ...]:
        """Two calls for each location: one reads, one writes; again for what changed in between."""
        check_batch(items, SHEET)
        by_location: dict[str, list[StockItem]] = {}
        found: Found = {}
        for item in items:
            try:
                listing_ids(item.listing, SHEET)
                by_location.setdefault(_location(account, item), []).append(item)
            except ChannelError as error:
                found[item.listing] = error
        for location, here in by_location.items():
            try:
                found |= set_quantities(account, location, here, send, now)
            except ChannelError as error:  # what another location was told must not be lost
                if len(here) == len(items):
                    raise
                found |= {item.listing: error for item in here}
        return _results([item.listing for item in items], found)

    def push_prices(
        self, account: Account, items: Sequence[PriceItem], send: Send, now: datetime
    ) -> tuple[ItemResult, ...]:
        """One call a product; of its variants those without an error are written."""
        del now
        check_batch(items, SHEET)
        by_product: dict[str, list[tuple[PriceItem, int]]] = {}
        found: Found = {}
        for item in items:
            try:
                product, price = listing_ids(item.listing, SHEET)[0], whole_dong(item)
                by_product.setdefault(product, []).append((item, price))
            except ChannelError as error:
                found[item.listing] = error
        stopped: ChannelError | None = None
        for product, priced in by_product.items():
            listings = [item.listing for item, _ in priced]
            if stopped is not None:
                found |= {listing: not_sent(listing, stopped).error for listing in listings}
                continue
            try:
                found |= _set_prices(account, product, priced, send)
            except ChannelError as error:
                if len(priced) == len(items):
                    raise
                stopped = error if error.kind in OF_THE_SHOP else None
                found |= dict.fromkeys(listings, error)
        return _results([item.listing for item in items], found)

    def read_back(self, account: Account, listings: Sequence[str], send: Send, now: datetime) -> tuple[Shown, ...]:
        """What is available, and what lies, at the shop's location. An inventory item's id, told by a push, will do."""
        del now
        items = [each for each in listings if each.isdigit()]
        wanted = dict.fromkeys(each for each in listings if not each.isdigit())
        if items:
            wanted |= dict.fromkeys(_listings_of(account, items, send))
        variants = read_variants(account, account.members["location_id"], list(wanted), send) if wanted else {}
        return tuple(read_shown(variant) for variant in variants.values())

    def list_stock(self, account: Account, cursor: str | None, send: Send, now: datetime) -> ShownPage:
        """Every variant with its numbers at the shop's location; one that is not stocked there has none of either."""
        del now
        location = gid("Location", account.members["location_id"])
        variables = {"first": VARIANTS_PAGE, "after": cursor, "locationId": location}
        told = ask(account, VARIANTS, variables, send, writes=False)["productVariants"]
        return ShownPage(shown=tuple(read_shown(node) for node in told["nodes"].rows()), next=_next(told))


CHANNEL = Shopify()


def _fetch(account: Account, order_id: str, send: Send) -> MarketOrder | None:
    """None if there is no such order, or the app may not see it (older than 60 days)."""
    order: Told | None = None
    lines: list[Told] = []
    after: str | None = None
    for _ in range(MOST_LINE_PAGES):
        told = ask(account, ORDER, {"id": gid("Order", order_id), "after": after}, send, writes=False).get("order")
        if told is None:
            return None
        order = order or told
        lines += told["lineItems"]["nodes"].rows()
        after = _next(told["lineItems"])
        if after is None:
            break
    if order is None or after is not None:
        raise ChannelError(Kind.FINAL, "too_many_lines", "the order has more than 500 lines")
    if not has_removals(order, lines):
        return read_fetched(order, lines, None)
    removed = ask(account, ORDER_REMOVALS, {"id": gid("Order", order_id)}, send, writes=False).get("order")
    return None if removed is None else read_fetched(order, lines, read_removals(removed))


def _listings_of(account: Account, items: Sequence[str], send: Send) -> tuple[str, ...]:
    """Who sells these inventory items; unknown ones are left out."""
    ids = [gid("InventoryItem", each) for each in items]
    nodes = ask(account, ITEMS_BY_ID, {"ids": ids}, send, writes=False)["nodes"].rows()
    variants = [node.get("variant") for node in nodes if node.is_object()]
    return tuple(listing_of(each) for each in variants if each is not None)


def _set_prices(account: Account, product: str, priced: Sequence[tuple[PriceItem, int]], send: Send) -> Found:
    listings = [item.listing for item, _ in priced]
    variants = [
        {"id": gid("ProductVariant", listing_ids(item.listing, SHEET)[1]), "price": str(dong)} for item, dong in priced
    ]
    variables = {"productId": gid("Product", product), "variants": variants}
    data = ask(account, SET_PRICES, variables, send, writes=True)
    found: Found = dict.fromkeys(listings)
    return found | refused_lines(data["productVariantsBulkUpdate"], listings)


def _results(listings: Sequence[str], found: Found) -> tuple[ItemResult, ...]:
    return tuple(ItemResult(listing=each, written=found[each] is None, error=found[each]) for each in listings)


def _location(account: Account, item: StockItem) -> str:
    """Raises ChannelError(FINAL, "bad_location")."""
    location = item.location or account.members["location_id"]
    if not (location.isascii() and location.isdigit()):
        raise ChannelError(Kind.FINAL, "bad_location", "a location of Shopify is a number")
    return location


def _next(connection: Told) -> str | None:
    page = connection["pageInfo"]
    return page["endCursor"].text() if page["hasNextPage"].flag() else None


def _query_time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
