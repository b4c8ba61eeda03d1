"""Haravan: a static bearer token, pushes that tell whole orders, stock set by the list at one location.

What is certain about it, and what is not, stands in docs/channels/haravan.md.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from holdfast.channels.batches import check_batch, listing_ids, whole_dong
from holdfast.channels.paging import read_page
from holdfast.channels.protocol import (
    Account,
    ChannelError,
    ItemResult,
    Notice,
    OrderPage,
    PriceItem,
    Pulled,
    Send,
    Shown,
    ShownPage,
    StockItem,
    Tokens,
)
from holdfast.channels.rest import one_by_one, read_orders
from holdfast.channels.sheet import Kind
from holdfast.domain.market import MarketOrder

from .calls import Room, check_success, get, write
from .listings import MOST_IDS, read_balance, read_balances, read_shown, set_by_halves, variant_of
from .orders import read_changed, read_order
from .pushes import read_push
from .sheet import SHEET

PRODUCTS_PAGE = 20


class Haravan:
    """Members of the secret: `app_secret`, `org_id`, `location_id`, `verify_token`."""

    sheet = SHEET

    def needs(self) -> tuple[str, ...]:
        return ("app_secret", "org_id", "location_id", "verify_token")

    def refresh(self, account: Account, send: Send, now: datetime) -> Tokens:
        """The token of a private app ends only when somebody takes it back."""
        del account, send, now
        raise ChannelError(Kind.REAUTHORISE, "no_refresh", "Haravan's token is not refreshed; put a new one in")

    def read_delivery(self, headers: Mapping[str, str], body: bytes) -> tuple[Notice, ...]:
        """An order whole; of a refund, its order's id; a location's balance. A test post says nothing."""
        told_by = {name.lower(): value for name, value in headers.items()}
        topic = told_by.get("x-haravan-topic", "").strip().lower()
        if not topic:
            raise ChannelError(Kind.FINAL, "unreadable", "expected a header X-Haravan-Topic")
        if told_by.get("x-haravan-test", "").strip().lower() == "true":
            return ()
        return read_push(topic, body)

    def fetch_orders(
        self, account: Account, order_ids: Sequence[str], send: Send, now: datetime
    ) -> tuple[MarketOrder, ...]:
        """Together, and whichever was not told by itself."""
        del now
        found: dict[str, MarketOrder] = {}
        if len(order_ids) > 1:
            parameters = {"ids": ",".join(order_ids), "limit": str(MOST_IDS), "status": "any"}
            told = get(account, "/com/orders.json", parameters, send)
            found = {order.order_id: order for order in map(read_order, told["orders"].rows())}
        orders = (found.get(each) or _fetch(account, each, send) for each in order_ids)
        return tuple(order for order in orders if order is not None)

    def list_orders(
        self, account: Account, *, since: datetime, until: datetime, cursor: str | None, send: Send, now: datetime
    ) -> OrderPage:
        del now
        page = read_page(cursor, since=since)
        parameters = {
            # Whether the marks belong to the window is not said.
            "updated_at_min": _query_time(page.since - timedelta(seconds=1)),
            "updated_at_max": _query_time(until + timedelta(seconds=1)),
            "status": "any",
            "order": "updated_at asc",
            "limit": str(SHEET.orders_page),
            "page": str(page.number),
        }
        rows = get(account, "/com/orders.json", parameters, send)["orders"].rows()
        orders, changed = read_orders(rows, read_order, named=read_changed)
        after = page.after([row["updated_at"].iso() for row in rows], full=SHEET.orders_page)
        return OrderPage(orders=orders, changed=changed, next=None if after is None else after.text())

    def pull(self, account: Account, position: str | None, send: Send, now: datetime) -> Pulled:
        del account, send, now
        return Pulled(notices=(), position=position, more=False)

    def acknowledge(self, account: Account, position: str, send: Send, now: datetime) -> None:
        """Nothing is kept for us."""

    def push_stock(
        self, account: Account, items: Sequence[StockItem], send: Send, now: datetime
    ) -> tuple[ItemResult, ...]:
        """One call for each location. How a list with one bad line is answered is not known: it is halved."""
        del now
        check_batch(items, SHEET)
        found: dict[str, ChannelError | None] = {}
        locations = dict.fromkeys(item.location or account.members["location_id"] for item in items)
        for location in locations:
            here = [item for item in items if (item.location or account.members["location_id"]) == location]
            try:
                found |= set_by_halves(account, location, here, send)
            except ChannelError as error:
                if len(here) == len(items):
                    raise
                found |= {item.listing: error for item in here}
        return tuple(_result(item.listing, found) for item in items)

    def push_prices(
        self, account: Account, items: Sequence[PriceItem], send: Send, now: datetime
    ) -> tuple[ItemResult, ...]:
        """One call a variant, as long as the bucket has room."""
        del now
        check_batch(items, SHEET)
        room = Room()

        def push(item: PriceItem) -> None:
            variant = listing_ids(item.listing, SHEET)[1]
            body = {"variant": {"id": int(variant), "price": whole_dong(item)}}
            room.check()
            check_success(write(account, "PUT", f"/com/variants/{variant}.json", body, room.watch(send)))

        return one_by_one(items, push)

    def read_back(self, account: Account, listings: Sequence[str], send: Send, now: datetime) -> tuple[Shown, ...]:
        """What is for sale, and what lies, at the shop's location. A variant's id will do: a push may tell no more."""
        del now
        variants = [each if each.isdigit() else listing_ids(each, SHEET)[1] for each in listings]
        found = map(read_balance, read_balances(account, variants, send).values())
        return tuple(each for each in found if {each.listing, variant_of(each.listing)} & set(listings))

    def list_stock(self, account: Account, cursor: str | None, send: Send, now: datetime) -> ShownPage:
        """Every variant with its numbers at the shop's location; one that never lay there has none of either."""
        del now
        parameters = {"limit": str(PRODUCTS_PAGE), "since_id": cursor or "0"}
        products = get(account, "/com/products.json", parameters, send)["products"].rows()
        variants = [(product, variant) for product in products for variant in product.rows_of("variants")]
        balances = read_balances(account, [variant["id"].id() for _, variant in variants], send)
        return ShownPage(
            shown=tuple(read_shown(product, variant, balances) for product, variant in variants),
            next=products[-1]["id"].id() if len(products) == PRODUCTS_PAGE else None,
        )


CHANNEL = Haravan()


def _fetch(account: Account, order_id: str, send: Send) -> MarketOrder | None:
    try:
        return read_order(get(account, f"/com/orders/{quote(order_id, safe='')}.json", {}, send)["order"])
    except ChannelError as error:
        if error.code == "http_404":
            return None
        raise


def _result(listing: str, found: Mapping[str, ChannelError | None]) -> ItemResult:
    return ItemResult(listing=listing, written=found[listing] is None, error=found[listing])


def _query_time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
