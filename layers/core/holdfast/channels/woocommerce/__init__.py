"""WooCommerce: REST v3 of a shop of its own, batches that answer 200 with errors inside, pushes that tell whole orders.

What is certain about it, and what is not, stands in docs/channels/woocommerce.md.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from holdfast.channels.batches import check_batch, whole_dong
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
from holdfast.channels.reading import Told
from holdfast.channels.rest import clock_time, read_orders
from holdfast.channels.sheet import Kind
from holdfast.domain.market import MarketOrder

from .batches import push_batches, shows
from .calls import get
from .listings import by_parent, products_path, read_shown
from .orders import has_refunds, is_order, read_order
from .pushes import read_changed, read_push
from .sheet import MOST_ROWS, SHEET

PRODUCTS_PAGE = 20
MOST_VARIATION_PAGES = 10
PING = b"webhook_id="


class WooCommerce:
    """Members of the secret: `consumer_key`, `consumer_secret`, `webhook_key`."""

    sheet = SHEET

    def needs(self) -> tuple[str, ...]:
        return ("consumer_key", "consumer_secret")

    def refresh(self, account: Account, send: Send, now: datetime) -> Tokens:
        """The keys end only when somebody takes them back."""
        del account, send, now
        raise ChannelError(Kind.REAUTHORISE, "no_refresh", "WooCommerce's keys are not refreshed; put new ones in")

    def read_delivery(self, headers: Mapping[str, str], body: bytes) -> tuple[Notice, ...]:
        """An order whole; only its id if it was deleted, or has refunds, whose lines the push leaves out."""
        if body.startswith(PING):
            return ()
        topic = next((value for name, value in headers.items() if name.lower() == "x-wc-webhook-topic"), "").strip()
        if not topic:
            raise ChannelError(Kind.FINAL, "unreadable", "expected a header X-WC-Webhook-Topic")
        return read_push(topic.lower(), body)

    def fetch_orders(
        self, account: Account, order_ids: Sequence[str], send: Send, now: datetime
    ) -> tuple[MarketOrder, ...]:
        """Together, and whichever was not told by itself: a list leaves out what lies in the bin."""
        found: dict[str, Told] = {}
        if len(order_ids) > 1:
            parameters = {"include": ",".join(order_ids), "per_page": str(MOST_ROWS), "status": "any"}
            rows = get(account, "/orders", parameters, send, now).rows()
            found = {row["id"].id(): row for row in rows}
        orders = (found.get(each) or _fetch(account, each, send, now) for each in order_ids)
        return tuple(_whole(account, each, send, now) for each in orders if each is not None and is_order(each))

    def list_orders(
        self, account: Account, *, since: datetime, until: datetime, cursor: str | None, send: Send, now: datetime
    ) -> OrderPage:
        """Orders with refunds are named only: their lines take a call each."""
        page = read_page(cursor, since=since)
        parameters = {
            # "After" leaves out the second itself.
            "modified_after": (page.since - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%S"),
            "dates_are_gmt": "true",
            "orderby": "modified",
            "order": "asc",
            "per_page": str(SHEET.orders_page),
            "page": str(page.number),
            "status": "any",
        }
        rows = get(account, "/orders", parameters, send, now).rows()
        times = [clock_time(row["date_modified_gmt"]) for row in rows]
        wanted = [row for row, at in zip(rows, times, strict=True) if at <= until and is_order(row)]
        after = page.after(times, full=SHEET.orders_page) if times and times[-1] <= until else None
        refunded = [row for row in wanted if has_refunds(row)]
        orders, changed = read_orders((row for row in wanted if not has_refunds(row)), read_order, named=read_changed)
        return OrderPage(
            orders=orders,
            changed=(*changed, *map(read_changed, refunded)),
            next=None if after is None else after.text(),
        )

    def pull(self, account: Account, position: str | None, send: Send, now: datetime) -> Pulled:
        del account, send, now
        return Pulled(notices=(), position=position, more=False)

    def acknowledge(self, account: Account, position: str, send: Send, now: datetime) -> None:
        """Nothing is kept for us."""

    def push_stock(
        self, account: Account, items: Sequence[StockItem], send: Send, now: datetime
    ) -> tuple[ItemResult, ...]:
        """`manage_stock` goes with every number: without it the shop sells on, whatever the number says."""
        check_batch(items, SHEET)
        changes = {item.listing: {"manage_stock": True, "stock_quantity": item.quantity} for item in items}
        wanted = {item.listing: item.quantity for item in items}
        return push_batches(account, changes, send, now, lambda listing, row: shows(row, wanted[listing]))

    def push_prices(
        self, account: Account, items: Sequence[PriceItem], send: Send, now: datetime
    ) -> tuple[ItemResult, ...]:
        check_batch(items, SHEET)
        changes: dict[str, dict[str, object]] = {}
        wrong: dict[str, ItemResult] = {}
        for item in items:
            try:
                changes[item.listing] = {"regular_price": str(whole_dong(item))}
            except ChannelError as error:  # one wrong price must not keep the others
                wrong[item.listing] = ItemResult(listing=item.listing, written=False, error=error)
        pushed = push_batches(account, changes, send, now, lambda _listing, _row: True)
        results = wrong | {result.listing: result for result in pushed}
        return tuple(results[item.listing] for item in items)

    def read_back(self, account: Account, listings: Sequence[str], send: Send, now: datetime) -> tuple[Shown, ...]:
        found: list[Shown] = []
        for parent, ids in by_parent(listings).items():
            parameters = {"include": ",".join(ids), "per_page": str(MOST_ROWS)}
            try:
                rows = get(account, products_path(parent), parameters, send, now).rows()
            except ChannelError as error:
                if error.code not in NO_SUCH_PRODUCT:
                    raise
                continue
            found += [read_shown(row, parent=parent) for row in rows]
        return tuple(each for each in found if each.listing in listings)

    def list_stock(self, account: Account, cursor: str | None, send: Send, now: datetime) -> ShownPage:
        """The shop has one number, what it would still sell; it has left out what was paid for and not sent."""
        page = 1 if cursor is None else int(cursor)
        parameters = {"per_page": str(PRODUCTS_PAGE), "page": str(page), "orderby": "id", "order": "asc"}
        products = get(account, "/products", parameters, send, now).rows()
        shown: list[Shown] = []
        for product in products:
            match product["type"].code():
                case "simple":
                    shown.append(read_shown(product, parent=None))
                case "variable":
                    shown += _variations(account, product, send, now)
        return ShownPage(shown=tuple(shown), next=str(page + 1) if len(products) == PRODUCTS_PAGE else None)


CHANNEL = WooCommerce()

NO_SUCH_PRODUCT = frozenset({"http_404", "woocommerce_rest_product_invalid_id"})
NO_SUCH_ORDER = frozenset({"http_404", "woocommerce_rest_shop_order_invalid_id"})


def _fetch(account: Account, order_id: str, send: Send, now: datetime) -> Told | None:
    try:
        return get(account, f"/orders/{quote(order_id, safe='')}", {}, send, now)
    except ChannelError as error:
        if error.code in NO_SUCH_ORDER:
            return None
        raise


def _whole(account: Account, told: Told, send: Send, now: datetime) -> MarketOrder:
    if not has_refunds(told):
        return read_order(told)
    path = f"/orders/{told['id'].id()}/refunds"
    return read_order(told, get(account, path, {"per_page": str(MOST_ROWS)}, send, now).rows())


def _variations(account: Account, product: Told, send: Send, now: datetime) -> list[Shown]:
    parent = product["id"].id()
    found: list[Shown] = []
    for page in range(1, MOST_VARIATION_PAGES + 1):
        parameters = {"per_page": str(MOST_ROWS), "page": str(page), "orderby": "id", "order": "asc"}
        rows = get(account, products_path(parent), parameters, send, now).rows()
        found += [read_shown(row, parent=parent) for row in rows]
        if len(rows) < MOST_ROWS:
            break
    return found
