"""Tiki, Haravan, Shopify, WooCommerce: an answer with any one member missing or of another kind is a ChannelError.

Or it is a result, where the member does not matter. Nothing else is ever raised: a page must not stop a poll for ever.
"""

import copy
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from holdfast.channels.protocol import Account, Answer, Channel, ChannelError, PriceItem, Request, Send, StockItem
from holdfast.channels.registry import channel
from tests.support.scripted_send import path_of

NOW = datetime(2026, 3, 4, tzinfo=UTC)
LISTINGS = {"tiki": "93", "haravan": "93~733", "shopify": "93~733", "woocommerce": "93~733"}
AT = "2026-03-04T00:00:00Z"

TOKENS = {"access_token": "a", "refresh_token": "r", "expires_in": 3600}
TIKI_ORDER = {
    "code": "1",
    "status": "closed",
    "created_at": "2026-03-04 00:00:00",
    "updated_at": "2026-03-04 00:00:00",
    "items": [{"qty": 1, "inventory_type": "backorder", "product": {"id": 93}, "invoice": {"quantity": 1}}],
    "status_histories": [{"status": "queueing"}],
}
TIKI_PRODUCT = {"product_id": 93, "price": 1, "name": "Áo", "original_sku": "A", "inventory": {"quantity_sellable": 1}}
HARAVAN_ORDER = {
    "id": 1,
    "created_at": AT,
    "updated_at": AT,
    "financial_status": "paid",
    "cancelled_status": "uncancelled",
    "line_items": [{"id": 5, "product_id": 93, "variant_id": 733, "quantity": 3, "fulfillable_quantity": 1}],
    "refunds": [{"restock": True, "refund_line_items": [{"line_item_id": 5, "quantity": 1}]}],
    "fulfillments": [{"status": "success", "carrier_status_code": "a", "line_items": [{"id": 5, "quantity": 1}]}],
}
BALANCE = {"loc_id": 1, "product_id": 93, "variant_id": 733, "qty_onhand": 2, "qty_available": 1, "updated_at": AT}
WOO_ORDER = {
    "id": 1,
    "status": "processing",
    "date_created_gmt": "2026-03-04T00:00:00",
    "date_modified_gmt": "2026-03-04T00:00:00",
    "refunds": [{"id": 9}],
    "line_items": [
        {
            "id": 5,
            "product_id": 93,
            "variation_id": 733,
            "quantity": 3,
            "meta_data": [{"key": "_restock_refunded_items", "value": "1"}],
        }
    ],
}
WOO_REFUND = {"line_items": [{"quantity": -1, "meta_data": [{"key": "_refunded_item_id", "value": "5"}]}]}
WOO_PRODUCT = {
    "id": 733,
    "type": "simple",
    "parent_id": 93,
    "name": "Áo",
    "sku": "A",
    "regular_price": "1",
    "stock_quantity": 1,
    "stock_status": "instock",
    "date_modified_gmt": "2026-03-04T00:00:00",
}
VARIANT = {
    "id": "gid://shopify/ProductVariant/733",
    "title": "Đỏ",
    "sku": "A",
    "price": "1",
    "product": {"id": "gid://shopify/Product/93", "title": "Áo"},
    "inventoryItem": {
        "id": "gid://shopify/InventoryItem/8",
        "inventoryLevel": {
            "quantities": [
                {"name": "available", "quantity": 1, "updatedAt": AT},
                {"name": "on_hand", "quantity": 1, "updatedAt": AT},
            ]
        },
    },
}
NO_PAGE = {"hasNextPage": False, "endCursor": None}
SHOPIFY_LINE = {
    "id": "gid://shopify/LineItem/5",
    "quantity": 3,
    "currentQuantity": 2,
    "unfulfilledQuantity": 2,
    "variant": {"id": "gid://shopify/ProductVariant/733", "product": {"id": "gid://shopify/Product/93"}},
}
UNIT = {"quantity": 1, "restockType": "CANCEL", "lineItem": {"id": "gid://shopify/LineItem/5"}}
SHOPIFY_DATA = {
    "order": {
        "id": "gid://shopify/Order/1",
        "createdAt": AT,
        "updatedAt": AT,
        "cancelledAt": None,
        "displayFinancialStatus": "PAID",
        "paymentGatewayNames": ["bogus"],
        "lineItems": {"nodes": [SHOPIFY_LINE], "pageInfo": NO_PAGE},
        "refunds": [{"refundLineItems": {"nodes": [UNIT]}}],
        "fulfillments": [{"status": "SUCCESS", "fulfillmentLineItems": {"nodes": [UNIT], "pageInfo": NO_PAGE}}],
    },
    "orders": {"nodes": [{"id": "gid://shopify/Order/1", "updatedAt": AT}], "pageInfo": NO_PAGE},
    "nodes": [VARIANT],
    "productVariants": {"nodes": [VARIANT], "pageInfo": NO_PAGE},
    "inventorySetQuantities": {"userErrors": [{"field": ["input", "quantities", "0"], "message": "m", "code": "C"}]},
    "productVariantsBulkUpdate": {"userErrors": [{"field": ["variants", "0"], "message": "m", "code": "C"}]},
}
# What each address answers, the longest that fits first.
ANSWERS: dict[str, dict[str, Any]] = {
    "tiki": {
        "/sc/oauth2/token": TOKENS,
        "/integration/v2/orders/": TIKI_ORDER,
        "/integration/v2/orders": {"data": [TIKI_ORDER], "paging": {"last_page": 1}},
        "/integration/v1/queues/": {
            "ack_id": "a",
            "events": [{"type": "ORDER_STATUS_UPDATED", "created_at": 1, "payload": {"order_code": "1"}}],
        },
        "/integration/v2/products/updateSku": {"state": "approved"},
        "/integration/v2/products/": TIKI_PRODUCT,
        "/integration/v2/products": {"data": [TIKI_PRODUCT], "paging": {"last_page": 1}},
    },
    "haravan": {
        "/com/orders/": {"order": HARAVAN_ORDER},
        "/com/orders.json": {"orders": [HARAVAN_ORDER]},
        "/com/inventory_locations.json": {"inventory_locations": [BALANCE]},
        "/com/products.json": {
            "products": [{"id": 93, "title": "Áo", "variants": [{"id": 733, "sku": "A", "price": 1}]}]
        },
        "/com/": {"errors": []},
    },
    "woocommerce": {
        "/wp-json/wc/v3/orders/1/refunds": [WOO_REFUND],
        "/wp-json/wc/v3/orders/": WOO_ORDER,
        "/wp-json/wc/v3/orders": [WOO_ORDER],
        "/wp-json/wc/v3/products/93/variations/batch": {
            "update": [{"id": 733, "error": {"code": "c", "message": "m", "data": {"status": 404}}}]
        },
        "/wp-json/wc/v3/products/93/variations": [WOO_PRODUCT],
        "/wp-json/wc/v3/products": [WOO_PRODUCT],
    },
    "shopify": {
        "/admin/oauth/access_token": TOKENS,
        "/admin/api/": {"data": SHOPIFY_DATA, "errors": None, "extensions": {"cost": {"requestedQueryCost": 1}}},
    },
}
THROTTLED = {
    "errors": [{"message": "m", "extensions": {"code": "THROTTLED"}}],
    "extensions": {
        "cost": {"requestedQueryCost": 9, "throttleStatus": {"currentlyAvailable": 1, "restoreRate": 2}},
    },
}
PUSHES: dict[str, list[tuple[str, Any]]] = {
    "haravan": [("orders/create", HARAVAN_ORDER), ("inventorylocationbalances/update", BALANCE)],
    "woocommerce": [("order.updated", WOO_ORDER), ("product.updated", WOO_PRODUCT)],
    "shopify": [
        (
            "orders/updated",
            {
                **HARAVAN_ORDER,
                "payment_gateway_names": ["cod"],
                "refunds": [{"refund_line_items": [{"line_item_id": 5, "quantity": 1, "restock_type": "cancel"}]}],
            },
        ),
        ("inventory_levels/update", {"inventory_item_id": 8, "location_id": 1, "available": 1, "updated_at": AT}),
        ("orders/edited", {"order_edit": {"order_id": 1}}),
        ("refunds/create", {"order_id": 1}),
    ],
}
TOPIC = {"haravan": "x-haravan-topic", "woocommerce": "x-wc-webhook-topic", "shopify": "x-shopify-topic"}

Ask = Callable[[Channel, Account, Send, str], object]
ASKS: dict[str, Ask] = {
    "refresh": lambda ch, account, send, _: ch.refresh(account, send, NOW),
    "fetch one": lambda ch, account, send, _: ch.fetch_orders(account, ["1"], send, NOW),
    "fetch two": lambda ch, account, send, _: ch.fetch_orders(account, ["1", "2"], send, NOW),
    "list": lambda ch, account, send, _: ch.list_orders(account, since=NOW, until=NOW, cursor=None, send=send, now=NOW),
    "pull": lambda ch, account, send, _: ch.pull(account, None, send, NOW),
    "stock": lambda ch, account, send, listing: ch.push_stock(
        account, [StockItem(listing=listing, quantity=0)], send, NOW
    ),
    "price": lambda ch, account, send, listing: ch.push_prices(
        account, [PriceItem(listing=listing, amount=Decimal(199000), currency="VND")], send, NOW
    ),
    "read back": lambda ch, account, send, listing: ch.read_back(account, [listing], send, NOW),
    "list stock": lambda ch, account, send, _: ch.list_stock(account, None, send, NOW),
}
OTHERS: tuple[object, ...] = (None, True, -1, 1.5, "", "x", [], [None], {}, 10**17, 10**30)
GONE = object()


def spoiled(whole: Any) -> Iterator[Any]:
    """The whole with one member missing or of another kind, each member in each way."""
    for path in paths(whole):
        for other in (*OTHERS, GONE):
            yield with_other(whole, path, other)


def paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield before
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inner:
        yield from paths(each, (*before, name))


def with_other(whole: Any, path: tuple[Any, ...], other: object) -> Any:
    if not path:
        return {} if other is GONE else other
    copied = copy.deepcopy(whole)
    inner = copied
    for step in path[:-1]:
        inner = inner[step]
    if other is GONE:
        del inner[path[-1]]
    else:
        inner[path[-1]] = other
    return copied


def account(name: str) -> Account:
    members = dict.fromkeys(channel(name).needs(), "test-member") | {"location_id": "1", "warehouse_id": "1"}
    return Account(
        channel=name,
        shop="s",
        api_url="http://shop.test",
        auth_url="http://shop.test",
        members=members,
        access_token="test-access-token",
        refresh_token="test-refresh-token",
    )


def asked(name: str, ask: Ask, answers: dict[str, Any]) -> str:
    """`result`, or the code of the ChannelError. Anything else fails the test."""

    def send(request: Request) -> Answer:
        address = next(each for each in answers if path_of(request).startswith(each))
        return Answer(status=200, headers={}, body=json.dumps(answers[address]).encode())

    try:
        ask(channel(name), account(name), send, LISTINGS[name])
    except ChannelError as error:
        return error.code
    return "result"


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS.keys())
def test_no_answer_however_spoiled_raises_anything_but_a_channel_error(name: str, ask: Ask) -> None:
    whole = ANSWERS[name]
    assert asked(name, ask, whole) in {"result", "no_refresh"}
    told = {asked(name, ask, {**whole, address: other}) for address in whole for other in spoiled(whole[address])}
    assert told & {"result", "no_refresh"}


def test_a_throttled_answer_however_spoiled_is_a_channel_error() -> None:
    for other in spoiled(THROTTLED):
        assert asked("shopify", ASKS["read back"], {"/admin/api/": other}) != "result"


@pytest.mark.parametrize("name", PUSHES)
def test_no_push_however_spoiled_raises_anything_but_a_channel_error(name: str) -> None:
    codes = set()
    for topic, whole in PUSHES[name]:
        assert channel(name).read_delivery({TOPIC[name]: topic}, json.dumps(whole).encode())
        for other in spoiled(whole):
            try:
                channel(name).read_delivery({TOPIC[name]: topic}, json.dumps(other).encode())
            except ChannelError as error:
                codes.add(error.code)
    assert codes == {"unreadable"}
