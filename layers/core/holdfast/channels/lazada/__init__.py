"""Lazada Open Platform, Vietnam. What is certain about it, and what is not, stands in docs/channels/lazada.md."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from holdfast.channels.batches import check_batch, listing_ids
from holdfast.channels.protocol import (
    Account,
    ChannelError,
    ItemResult,
    Notice,
    OrderChanged,
    OrderPage,
    PriceItem,
    Pulled,
    Send,
    Shown,
    ShownPage,
    StockItem,
    Tokens,
)
from holdfast.channels.reading import Told, read_json, refreshing
from holdfast.channels.sheet import Kind
from holdfast.domain.market import MarketOrder

from .calls import get, is_of_one_sku, post, post_for_token
from .listings import price_payload, read_product, results, stock_payload
from .orders import read_order
from .pushes import read_push
from .sheet import NOT_FOUND, SHEET

Item = TypeVar("Item", StockItem, PriceItem)

MOST_ORDERS = 50
MOST_OFFSET = 5_000
PRODUCTS_A_PAGE = 50
MOST_PRODUCTS_OFFSET = 10_000
ONE_SECOND = timedelta(seconds=1)


class Lazada:
    """Members of the secret: `app_key`, `app_secret`, `seller_id`."""

    sheet = SHEET

    def needs(self) -> tuple[str, ...]:
        return ("app_key", "app_secret", "seller_id")

    def refresh(self, account: Account, send: Send, now: datetime) -> Tokens:
        """A refresh lengthens the access token and not the refresh token: the merchant returns when that ends."""
        form = {"refresh_token": account.refresh_token or ""}
        with refreshing():
            told = post_for_token(account, "/auth/token/refresh", form, send=send, now=now)
        return Tokens(
            access_token=told["access_token"].id(),
            refresh_token=told["refresh_token"].id(),
            expires_at=now + timedelta(seconds=told["expires_in"].whole(least=1)),
        )

    def read_delivery(self, headers: Mapping[str, str], body: bytes) -> tuple[Notice, ...]:
        """A push tells that a unit of an order has changed; an order of ten units may make ten of them."""
        del headers
        return read_push(read_json(body))

    def fetch_orders(
        self, account: Account, order_ids: Sequence[str], send: Send, now: datetime
    ) -> tuple[MarketOrder, ...]:
        if len(order_ids) > MOST_ORDERS:
            raise ValueError(f"up to {MOST_ORDERS} orders at a time, not {len(order_ids)}")
        return _fetch_orders(account, list(order_ids), send, now) if order_ids else ()

    def list_orders(
        self, account: Account, *, since: datetime, until: datetime, cursor: str | None, send: Send, now: datetime
    ) -> OrderPage:
        """Ids with their times, oldest change first.

        Not paged by offset: an order that changes meanwhile moves to the end, and the one after it would be passed by.
        The next page begins a second before the last order of this one, so that some orders are told twice; only where
        a whole page is of one second does an offset help.
        """
        begin, offset = _read_cursor(cursor, since)
        asked = {
            "update_after": _iso(begin),
            "update_before": _iso(until),
            "sort_by": "updated_at",
            "sort_direction": "ASC",
            "offset": str(offset),
            "limit": str(SHEET.orders_page),
        }
        rows = get(account, "/orders/get", asked, send=send, now=now)["data"].rows_of("orders")
        changed = tuple(OrderChanged(order_id=row["order_id"].id(), at=row["updated_at"].iso()) for row in rows)
        following = _following(changed, begin=begin, offset=offset) if len(rows) >= SHEET.orders_page else None
        return OrderPage(changed=changed, next=following)

    def pull(self, account: Account, position: str | None, send: Send, now: datetime) -> Pulled:
        """Lazada keeps nothing for us."""
        del account, position, send, now
        return Pulled(notices=(), position=None, more=False)

    def acknowledge(self, account: Account, position: str, send: Send, now: datetime) -> None:
        del account, position, send, now

    def push_stock(
        self, account: Account, items: Sequence[StockItem], send: Send, now: datetime
    ) -> tuple[ItemResult, ...]:
        """The sellable quantity, not the total. One below what a campaign locks is refused: PROMOTION_LOCK."""
        check_batch(items, SHEET)
        return _push(account, "/product/stock/sellable/update", items, stock_payload, send=send, now=now)

    def push_prices(
        self, account: Account, items: Sequence[PriceItem], send: Send, now: datetime
    ) -> tuple[ItemResult, ...]:
        """The price, without the special price and its dates."""
        check_batch(items, SHEET)
        return _push(account, "/product/price_quantity/update", items, price_payload, send=send, now=now)

    def read_back(self, account: Account, listings: Sequence[str], send: Send, now: datetime) -> tuple[Shown, ...]:
        """One call for each product."""
        wanted = set(listings)
        item_ids = dict.fromkeys(listing_ids(listing, SHEET)[0] for listing in listings)
        shown: list[Shown] = []
        for item_id in item_ids:
            product = _product(account, item_id, send, now)
            if product is not None:
                shown += [each for each in read_product(product) if each.listing in wanted]
        return tuple(shown)

    def list_stock(self, account: Account, cursor: str | None, send: Send, now: datetime) -> ShownPage:
        """Products on sale. Lazada lists 10,000 of them this way; more is FINAL, "too_many"."""
        offset = int(cursor or "0")
        if offset >= MOST_PRODUCTS_OFFSET:
            raise ChannelError(Kind.FINAL, "too_many", f"Lazada lists no more than {MOST_PRODUCTS_OFFSET} products")
        asked = {"filter": "live", "offset": str(offset), "limit": str(PRODUCTS_A_PAGE)}
        rows = get(account, "/products/get", asked, send=send, now=now)["data"].rows_of("products")
        following = str(offset + PRODUCTS_A_PAGE) if len(rows) >= PRODUCTS_A_PAGE else None
        return ShownPage(shown=tuple(shown for row in rows for shown in read_product(row)), next=following)


CHANNEL = Lazada()


def _push(  # a call has this many sides, and most are named
    account: Account,
    path: str,
    items: Sequence[Item],
    payload: Callable[[Sequence[Item]], str],
    *,
    send: Send,
    now: datetime,
) -> tuple[ItemResult, ...]:
    """A batch that is refused without saying for which SKU is sent again SKU by SKU."""
    try:
        told = post(account, path, {"payload": payload(items)}, send=send, now=now)
    except ChannelError as error:
        listings = list(dict.fromkeys(item.listing for item in items))
        if not is_of_one_sku(error):
            raise
        if len(listings) == 1:
            return tuple(ItemResult(listing=item.listing, written=False, error=error) for item in items)
        found: list[ItemResult] = []
        for listing in listings:
            alone = [item for item in items if item.listing == listing]
            found += _push_alone(account, path, alone, payload, send=send, now=now)
        return tuple(found)
    return results(items, told, account)


def _push_alone(  # as above
    account: Account,
    path: str,
    items: Sequence[Item],
    payload: Callable[[Sequence[Item]], str],
    *,
    send: Send,
    now: datetime,
) -> tuple[ItemResult, ...]:
    """Others of the batch have been written by now: whatever goes wrong is this listing's result."""
    try:
        return _push(account, path, items, payload, send=send, now=now)
    except ChannelError as error:
        return tuple(ItemResult(listing=item.listing, written=False, error=error) for item in items)


def _fetch_orders(account: Account, order_ids: list[str], send: Send, now: datetime) -> tuple[MarketOrder, ...]:
    """One unknown id fails the whole call: then each half is asked for on its own."""
    asked = {"order_ids": f"[{','.join(order_ids)}]"}
    try:
        rows = get(account, "/orders/items/get", asked, send=send, now=now)["data"].rows()
    except ChannelError as error:
        if error.code not in NOT_FOUND:
            raise
        if len(order_ids) == 1:
            return ()
        half = len(order_ids) // 2
        first = _fetch_orders(account, order_ids[:half], send, now)
        return first + _fetch_orders(account, order_ids[half:], send, now)
    return tuple(order for row in rows if (order := read_order(row)) is not None)


def _product(account: Account, item_id: str, send: Send, now: datetime) -> Told | None:
    try:
        return get(account, "/product/item/get", {"item_id": item_id}, send=send, now=now)["data"]
    except ChannelError as error:
        if error.code in NOT_FOUND:
            return None
        raise


def _following(changed: Sequence[OrderChanged], *, begin: datetime, offset: int) -> str:
    last = max(each.at for each in changed if each.at is not None) - ONE_SECOND
    if last > begin:
        return _cursor(last, 0)
    if offset + SHEET.orders_page > MOST_OFFSET:
        raise ChannelError(Kind.FINAL, "too_many", f"more than {MOST_OFFSET} orders changed within a second")
    return _cursor(begin, offset + SHEET.orders_page)


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds")


def _cursor(begin: datetime, offset: int) -> str:
    return f"{int(begin.timestamp())}:{offset}"


def _read_cursor(cursor: str | None, since: datetime) -> tuple[datetime, int]:
    if cursor is None:
        return since, 0
    begin, _, offset = cursor.partition(":")
    return datetime.fromtimestamp(int(begin), UTC), int(offset)
