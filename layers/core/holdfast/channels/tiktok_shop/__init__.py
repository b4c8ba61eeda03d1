"""TikTok Shop (202309), Vietnam. What is certain about it, and what is not, stands in docs/channels/tiktok_shop.md."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from holdfast.channels.batches import one_product
from holdfast.channels.listed import page_of
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
from holdfast.channels.reading import read_json, refreshing
from holdfast.channels.signing import query
from holdfast.domain.market import MarketOrder

from .calls import call, read
from .listings import price_body, read_inventory, results, sku_id, stock_body, told_of_zero
from .orders import read_order
from .pushes import read_push
from .sheet import NOT_FOUND, SHEET

Item = TypeVar("Item", StockItem, PriceItem)

MOST_ORDERS = 50
PRODUCTS_A_PAGE = 50


class TikTokShop:
    """Members of the secret: `app_key`, `app_secret`, `shop_id`, `shop_cipher`."""

    sheet = SHEET

    def needs(self) -> tuple[str, ...]:
        return ("app_key", "app_secret", "shop_id", "shop_cipher")

    def refresh(self, account: Account, send: Send, now: datetime) -> Tokens:
        """By GET, with the secrets in the query: so it is documented. Expiry is told as a time."""
        del now
        asked = {
            "app_key": account.members["app_key"],
            "app_secret": account.members["app_secret"],
            "refresh_token": account.refresh_token or "",
            "grant_type": "refresh_token",
        }
        answer = send(Request(method="GET", url=f"{account.auth_url}/api/v2/token/refresh?{query(asked)}"))
        with refreshing():
            told = read(answer, account, writes=True)["data"]
        return Tokens(
            access_token=told["access_token"].id(),
            refresh_token=told["refresh_token"].id(),
            expires_at=told["access_token_expire_in"].seconds(),
        )

    def read_delivery(self, headers: Mapping[str, str], body: bytes) -> tuple[Notice, ...]:
        """A push tells that an order has changed, never its lines."""
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
        """Orders told whole, oldest change first. `until` itself is not within: the next call's `since` may be it."""
        asked = {
            "page_size": str(SHEET.orders_page),
            "sort_field": "update_time",
            "sort_order": "ASC",
            **({"page_token": cursor} if cursor else {}),
        }
        body = {"update_time_ge": int(since.timestamp()), "update_time_lt": int(until.timestamp())}
        told = call(account, "/order/202309/orders/search", send=send, now=now, asked=asked, body=body)["data"]
        token = told.get("next_page_token")
        following = (token.code() or None) if token else None
        return page_of(told.rows_of("orders"), read_order, id_member="id", following=following)

    def pull(self, account: Account, position: str | None, send: Send, now: datetime) -> Pulled:
        """TikTok Shop keeps nothing for us."""
        del account, position, send, now
        return Pulled(notices=(), position=None, more=False)

    def acknowledge(self, account: Account, position: str, send: Send, now: datetime) -> None:
        del account, position, send, now

    def push_stock(
        self, account: Account, items: Sequence[StockItem], send: Send, now: datetime
    ) -> tuple[ItemResult, ...]:
        """While a promotion locks a product its stock cannot fall: PROMOTION_LOCK."""
        try:
            return _push(account, "inventory", items, stock_body, send=send, now=now)
        except ChannelError as error:
            if all(item.quantity == 0 for item in items):
                raise told_of_zero(error) from None
            raise

    def push_prices(
        self, account: Account, items: Sequence[PriceItem], send: Send, now: datetime
    ) -> tuple[ItemResult, ...]:
        return _push(account, "prices", items, price_body, send=send, now=now)

    def read_back(self, account: Account, listings: Sequence[str], send: Send, now: datetime) -> tuple[Shown, ...]:
        """One call, which tells no prices."""
        if not listings:
            return ()
        body = {"sku_ids": list(dict.fromkeys(sku_id(listing) for listing in listings))}
        told = call(account, "/product/202309/inventory/search", send=send, now=now, body=body)
        wanted = set(listings)
        return tuple(shown for shown in read_inventory(told, {}) if shown.listing in wanted)

    def list_stock(self, account: Account, cursor: str | None, send: Send, now: datetime) -> ShownPage:
        """Products on sale, and then their stock."""
        asked = {"page_size": str(PRODUCTS_A_PAGE), **({"page_token": cursor} if cursor else {})}
        path = "/product/202309/products/search"
        told = call(account, path, send=send, now=now, asked=asked, body={"status": "ACTIVATE"})["data"]
        titles = {row["id"].id(): row["title"].text() for row in told.rows_of("products")}
        following = told.get("next_page_token")
        cursor = (following.code() or None) if following else None
        if not titles:
            return ShownPage(shown=(), next=cursor)
        body = {"product_ids": list(titles)}
        stock = call(account, "/product/202309/inventory/search", send=send, now=now, body=body)
        return ShownPage(shown=read_inventory(stock, titles), next=cursor)


CHANNEL = TikTokShop()


def _push(  # a call has this many sides, and most are named
    account: Account,
    what: str,
    items: Sequence[Item],
    body: Callable[[Sequence[Item]], Mapping[str, Any]],
    *,
    send: Send,
    now: datetime,
) -> tuple[ItemResult, ...]:
    path = f"/product/202309/products/{one_product(items, SHEET)}/{what}/update"
    told = call(account, path, send=send, now=now, body=body(items), writes=True)
    return results(items, told, account)


def _fetch_orders(account: Account, order_ids: list[str], send: Send, now: datetime) -> tuple[MarketOrder, ...]:
    """One order of another shop may fail the whole call: then each half is asked for on its own."""
    asked = {"ids": ",".join(order_ids)}
    try:
        rows = call(account, "/order/202309/orders", send=send, now=now, asked=asked)["data"].rows_of("orders")
    except ChannelError as error:
        if error.code not in NOT_FOUND:
            raise
        if len(order_ids) == 1:
            return ()
        half = len(order_ids) // 2
        first = _fetch_orders(account, order_ids[:half], send, now)
        return first + _fetch_orders(account, order_ids[half:], send, now)
    return tuple(order for row in rows if (order := read_order(row)) is not None)
