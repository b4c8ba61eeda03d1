"""Tiki, Vietnam: bearer tokens without signatures, a queue of events instead of webhooks, one SKU a write.

What is certain about it, and what is not, stands in docs/channels/tiki.md.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from holdfast.channels.batches import check_batch, whole_dong
from holdfast.channels.protocol import (
    Account,
    ChannelError,
    ItemResult,
    Notice,
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
from holdfast.channels.rest import one_by_one, read_orders, read_success, read_tokens
from holdfast.channels.sheet import Kind
from holdfast.channels.signing import query
from holdfast.domain.market import MarketOrder

from .calls import get, post, update
from .events import read_event
from .listings import product_id, read_reserved, read_shown, warehouse_id
from .orders import query_time, read_changed, read_order
from .sheet import SHEET

SCOPES = "offline product order inventory"
PRODUCTS_PAGE = 50
MOST_PAGES = 10_000


class Tiki:
    """Members of the secret: `client_id`, `client_secret`, `queue_code`, `warehouse_id`."""

    sheet = SHEET

    def needs(self) -> tuple[str, ...]:
        return ("client_id", "client_secret", "queue_code", "warehouse_id")

    def refresh(self, account: Account, send: Send, now: datetime) -> Tokens:
        """With a refresh token if there is one, else as an app of the shop's own."""
        client_id = account.members["client_id"]
        if account.refresh_token:
            form = {"grant_type": "refresh_token", "refresh_token": account.refresh_token, "client_id": client_id}
        else:
            form = {"grant_type": "client_credentials", "scope": SCOPES, "client_id": client_id}
        opens = b64encode(f"{client_id}:{account.members['client_secret']}".encode()).decode()
        request = Request(
            method="POST",
            url=f"{account.auth_url}/sc/oauth2/token",
            headers={"authorization": f"Basic {opens}", "content-type": "application/x-www-form-urlencoded"},
            body=query(form).encode(),
        )
        told = read_success(
            send(request), account=account, writes=True, errors=SHEET.errors, unauthorised=Kind.REAUTHORISE
        )
        return read_tokens(told, now)

    def read_delivery(self, headers: Mapping[str, str], body: bytes) -> tuple[Notice, ...]:
        """Tiki calls nobody."""
        del headers, body
        raise ChannelError(Kind.FINAL, "unreadable", "Tiki has no webhooks; its queue is pulled")

    def fetch_orders(
        self, account: Account, order_ids: Sequence[str], send: Send, now: datetime
    ) -> tuple[MarketOrder, ...]:
        del now
        told = (self._fetch(account, order_id, send) for order_id in order_ids)
        return tuple(order for each in told if each is not None and (order := read_order(each)) is not None)

    def _fetch(self, account: Account, order_id: str, send: Send) -> Told | None:
        path = f"/integration/v2/orders/{quote(order_id, safe='')}"
        try:
            return get(account, path, {"include": "items,status_histories"}, send)
        except ChannelError as error:
            if error.code == "http_404":
                return None
            raise

    def list_orders(
        self, account: Account, *, since: datetime, until: datetime, cursor: str | None, send: Send, now: datetime
    ) -> OrderPage:
        """Page 1, then the last page down to page 1 once more.

        Tiki's order cannot be chosen. An order that changes meanwhile leaves the window, and every one behind it moves
        up a place: read from the end, those are met twice instead of never.
        """
        del now
        page = 1 if cursor is None else int(cursor)
        parameters = {
            "page": str(page),
            "limit": str(SHEET.orders_page),
            "updated_from_date": query_time(since),
            "updated_to_date": query_time(until + timedelta(seconds=1)),
            "include": "items,status_histories",
        }
        told = get(account, "/integration/v2/orders", parameters, send)
        orders, changed = read_orders(told["data"].rows(), read_order, named=read_changed)
        return OrderPage(orders=orders, changed=changed, next=_page_before(told, page, first=cursor is None))

    def pull(self, account: Account, position: str | None, send: Send, now: datetime) -> Pulled:
        """`position` is Tiki's `ack_id`: sent with the next pull, it acknowledges everything up to it."""
        del now
        path = f"/integration/v1/queues/{quote(account.members['queue_code'], safe='')}/events/pull"
        told = post(account, path, {"ack_id": position}, send)
        events = told.rows_of("events")
        acknowledged = told.get("ack_id")
        return Pulled(
            notices=tuple(notice for each in events if (notice := read_event(each)) is not None),
            position=position if acknowledged is None else acknowledged.id(),
            more=bool(events),
        )

    def acknowledge(self, account: Account, position: str, send: Send, now: datetime) -> None:
        """The next pull says it."""

    def push_stock(
        self, account: Account, items: Sequence[StockItem], send: Send, now: datetime
    ) -> tuple[ItemResult, ...]:
        del now
        check_batch(items, SHEET)

        def write(item: StockItem) -> None:
            warehouse = item.location or account.members["warehouse_id"]
            # What is written counts the units of orders that are not packed yet; what is wanted does not.
            waiting = read_reserved(_product(account, item.listing, send))
            quantity = {"warehouse_id": warehouse_id(warehouse), "qty_available": item.quantity + waiting}
            update(
                account,
                {
                    "product_id": product_id(item.listing),
                    "seller_warehouse": warehouse,
                    "warehouse_quantities": [quantity],
                },
                send,
            )

        return one_by_one(items, write)

    def push_prices(
        self, account: Account, items: Sequence[PriceItem], send: Send, now: datetime
    ) -> tuple[ItemResult, ...]:
        del now
        check_batch(items, SHEET)

        def write(item: PriceItem) -> None:
            update(account, {"product_id": product_id(item.listing), "price": whole_dong(item)}, send)

        return one_by_one(items, write)

    def read_back(self, account: Account, listings: Sequence[str], send: Send, now: datetime) -> tuple[Shown, ...]:
        del now
        found = []
        for listing in listings:
            try:
                found.append(read_shown(_product(account, listing, send)))
            except ChannelError as error:
                if error.code != "http_404":
                    raise
        return tuple(found)

    def list_stock(self, account: Account, cursor: str | None, send: Send, now: datetime) -> ShownPage:
        del now
        page = 1 if cursor is None else int(cursor)
        parameters = {"page": str(page), "limit": str(PRODUCTS_PAGE), "include": "inventory"}
        told = get(account, "/integration/v2/products", parameters, send)
        last = _last_page(told)
        return ShownPage(
            shown=tuple(read_shown(each) for each in told["data"].rows()),
            next=str(page + 1) if page < last else None,
        )


CHANNEL = Tiki()


def _product(account: Account, listing: str, send: Send) -> Told:
    return get(account, f"/integration/v2/products/{product_id(listing)}", {"include": "inventory"}, send)


def _page_before(told: Told, page: int, *, first: bool) -> str | None:
    """After the first look at page 1 comes the last page; from there each before it, page 1 included."""
    last = _last_page(told)
    if first:
        return str(last) if last > 1 else None
    return str(page - 1) if page > 1 else None


def _last_page(told: Told) -> int:
    paging = told.get("paging")
    return 1 if paging is None else min(paging["last_page"].whole(least=0), MOST_PAGES)
