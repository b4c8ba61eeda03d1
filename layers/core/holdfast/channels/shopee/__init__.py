"""Shopee Open Platform v2, Vietnam. What is certain about it, and what is not, stands in docs/channels/shopee.md."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from holdfast.channels.batches import listing_ids, one_product, whole_dong
from holdfast.channels.listed import page_of
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
from holdfast.channels.reading import Told, read_json, refreshing
from holdfast.domain.market import MarketOrder

from .calls import call, is_not_found
from .listings import model_id, results, show
from .orders import ORDER_FIELDS, read_order
from .pushes import read_lost, read_push, shop_of
from .sheet import SHEET

WINDOW = timedelta(days=SHEET.orders_window_days or 0)
MOST_ORDERS = 50
ITEMS_A_PAGE = 20  # each item with models costs a call of its own
MOST_EXPIRE_IN_S = 10**9  # above it `expire_in` is a time: one of the documented answers shows it so
SHARED = "+"  # at the end of a position: the page also holds other shops' messages


class Shopee:
    """Members of the secret: `partner_id`, `partner_key`, `shop_id`; `callback_url` is for the pushes' signatures."""

    sheet = SHEET

    def needs(self) -> tuple[str, ...]:
        return ("partner_id", "partner_key", "shop_id", "callback_url")

    def refresh(self, account: Account, send: Send, now: datetime) -> Tokens:
        """The refresh token is good once: after a lost answer the second try most likely gets REAUTHORISE."""
        members = {
            "refresh_token": account.refresh_token or "",
            "partner_id": int(account.members["partner_id"]),
            "shop_id": int(account.members["shop_id"]),
        }
        path = "/api/v2/auth/access_token/get"
        with refreshing():
            told = call(
                account, path, send=send, now=now, body=members, for_shop=False, base=account.auth_url, writes=True
            )
        life_s = told["expire_in"].whole(least=1)
        expires = datetime.fromtimestamp(life_s, UTC) if life_s > MOST_EXPIRE_IN_S else now + timedelta(seconds=life_s)
        return Tokens(
            access_token=told["access_token"].id(), refresh_token=told["refresh_token"].id(), expires_at=expires
        )

    def read_delivery(self, headers: Mapping[str, str], body: bytes) -> tuple[Notice, ...]:
        """A push tells that an order has changed, never its lines. Kinds of push we do not know say nothing."""
        del headers
        return read_push(read_json(body))

    def fetch_orders(
        self, account: Account, order_ids: Sequence[str], send: Send, now: datetime
    ) -> tuple[MarketOrder, ...]:
        if len(order_ids) > MOST_ORDERS:
            raise ValueError(f"up to {MOST_ORDERS} orders at a time, not {len(order_ids)}")
        orders = (read_order(row) for row in _rows(account, order_ids, send, now))
        return tuple(order for order in orders if order is not None)

    def list_orders(
        self, account: Account, *, since: datetime, until: datetime, cursor: str | None, send: Send, now: datetime
    ) -> OrderPage:
        """Orders told whole, in no order that is promised. A span over 15 days is asked for in pieces.

        The list itself tells numbers only, without a time of change: each page is fetched at once.
        """
        begin, place = _read_cursor(cursor, since)
        end = min(begin + WINDOW, until)
        asked = {
            "time_range_field": "update_time",
            "time_from": str(int(begin.timestamp())),
            "time_to": str(max(int(end.timestamp()), int(begin.timestamp()) + 1)),
            "page_size": str(SHEET.orders_page),
            "cursor": place,
            "request_order_status_pending": "true",
        }
        told = call(account, "/api/v2/order/get_order_list", send=send, now=now, asked=asked)["response"]
        following = None
        if told["more"].flag():
            following = _cursor(begin, told["next_cursor"].id())
        elif end < until:
            following = _cursor(end, "")
        order_ids = [row["order_sn"].id() for row in told.rows_of("order_list")]
        rows = [
            row
            for start in range(0, len(order_ids), MOST_ORDERS)
            for row in _rows(account, order_ids[start : start + MOST_ORDERS], send, now)
        ]
        return page_of(rows, read_order, id_member="order_sn", following=following)

    def pull(self, account: Account, position: str | None, send: Send, now: datetime) -> Pulled:
        """The oldest 100 pushes that were lost within three days, of all shops of the app.

        Confirming confirms them all, so a page that holds another shop's is never confirmed; it is told once, as long
        as its `position` is handed in again, and the polling of the orders finds the rest.
        """
        told = call(account, "/api/v2/push/get_lost_push_message", send=send, now=now, for_shop=False)["response"]
        rows = told.rows_of("push_message_list")
        if not rows:
            return Pulled(notices=(), position=None, more=False)
        ours = [row for row in rows if shop_of(row) in {None, account.members["shop_id"]}]
        last = told["last_message_id"].id()
        if len(ours) < len(rows):
            seen = last + SHARED
            notices = () if position == seen else read_lost(ours)
            return Pulled(notices=notices, position=seen, more=False)
        notices, more = read_lost(ours), told["has_next_page"].flag()
        if not notices:
            self.acknowledge(account, last, send, now)  # a page of news that is none must not stand before the next
            return Pulled(notices=(), position=None, more=more)
        return Pulled(notices=notices, position=last, more=more)

    def acknowledge(self, account: Account, position: str, send: Send, now: datetime) -> None:
        if position.endswith(SHARED):
            return
        path = "/api/v2/push/confirm_consumed_lost_push_message"
        call(account, path, send=send, now=now, body={"last_message_id": int(position)}, for_shop=False)

    def push_stock(
        self, account: Account, items: Sequence[StockItem], send: Send, now: datetime
    ) -> tuple[ItemResult, ...]:
        """A number below what a promotion reserves is refused with PROMOTION_LOCK, never raised to it here."""
        rows: dict[str, dict[str, Any]] = {}
        item_id = one_product(items, SHEET)
        for item in items:
            model = rows.setdefault(item.listing, {"model_id": model_id(item.listing), "seller_stock": []})
            place = {"location_id": item.location} if item.location else {}
            model["seller_stock"].append({**place, "stock": item.quantity})
        body = {"item_id": int(item_id), "stock_list": list(rows.values())}
        told = call(account, "/api/v2/product/update_stock", send=send, now=now, body=body, writes=True)
        return results(items, told, account)

    def push_prices(
        self, account: Account, items: Sequence[PriceItem], send: Send, now: datetime
    ) -> tuple[ItemResult, ...]:
        item_id = one_product(items, SHEET)
        rows = [{"model_id": model_id(item.listing), "original_price": whole_dong(item)} for item in items]
        body = {"item_id": int(item_id), "price_list": rows}
        told = call(account, "/api/v2/product/update_price", send=send, now=now, body=body, writes=True)
        return results(items, told, account)

    def read_back(self, account: Account, listings: Sequence[str], send: Send, now: datetime) -> tuple[Shown, ...]:
        """One call for the items, and one for each of them that has models."""
        wanted = set(listings)
        item_ids = list(dict.fromkeys(listing_ids(listing, SHEET)[0] for listing in listings))
        return tuple(shown for shown in show(account, item_ids, send, now) if shown.listing in wanted)

    def list_stock(self, account: Account, cursor: str | None, send: Send, now: datetime) -> ShownPage:
        path = "/api/v2/product/get_item_list?item_status=NORMAL&item_status=UNLIST"
        asked = {"offset": cursor or "0", "page_size": str(ITEMS_A_PAGE)}
        told = call(account, path, send=send, now=now, asked=asked)["response"]
        item_ids = [row["item_id"].id() for row in told.rows_of("item")]
        following = str(told["next_offset"].whole(least=1)) if told["has_next_page"].flag() else None
        return ShownPage(shown=show(account, item_ids, send, now), next=following)


CHANNEL = Shopee()


def _rows(account: Account, order_ids: Sequence[str], send: Send, now: datetime) -> tuple[Told, ...]:
    """The orders as they are told. One unknown id may fail the whole call: then each half is asked for on its own."""
    if not order_ids:
        return ()
    asked = {
        "order_sn_list": ",".join(order_ids),
        "response_optional_fields": ORDER_FIELDS,
        "request_order_status_pending": "true",
    }
    try:
        told = call(account, "/api/v2/order/get_order_detail", send=send, now=now, asked=asked)
    except ChannelError as error:
        if not is_not_found(error):
            raise
        if len(order_ids) == 1:
            return ()
        half = len(order_ids) // 2
        first = _rows(account, order_ids[:half], send, now)
        return first + _rows(account, order_ids[half:], send, now)
    return told["response"].rows_of("order_list")


def _cursor(begin: datetime, place: str) -> str:
    return f"{int(begin.timestamp())}:{place}"


def _read_cursor(cursor: str | None, since: datetime) -> tuple[datetime, str]:
    if cursor is None:
        return since, ""
    begin, _, place = cursor.partition(":")
    return datetime.fromtimestamp(int(begin), UTC), place
