"""WooCommerce: how requests are signed and what answers mean. Answers have the shape of its REST API's documents."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from holdfast.channels.protocol import (
    Account,
    ChannelError,
    Notice,
    OrderChanged,
    OrderTold,
    PriceItem,
    Shown,
    StockChanged,
    StockItem,
)
from holdfast.channels.sheet import Kind
from holdfast.channels.woocommerce import CHANNEL
from holdfast.channels.woocommerce.signing import base_string, oauth_parameters, signature
from holdfast.domain.market import MarketOrder, OrderLine, Stage
from tests.support.known_signatures import known
from tests.support.scripted_send import ScriptedSend, answered, body_of, path_of, query_of

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


def shop(api_url: str = "https://shop.test") -> Account:
    return Account(
        channel="woocommerce",
        shop="web",
        api_url=api_url,
        auth_url=api_url,
        members={"consumer_key": "ck_test_0123456789", "consumer_secret": "cs_test_0123456789"},
    )


SHOP = shop()


def line(
    quantity: object = 3, *, restocked: int | None = None, kept_off: int | None = None, **others: Any
) -> dict[str, Any]:
    notes = [{"id": 1, "key": "_reduced_stock", "value": str(quantity if kept_off is None else kept_off)}]
    if restocked is not None:
        notes.append({"id": 2, "key": "_restock_refunded_items", "value": str(restocked)})
    return {
        "id": 315,
        "name": "Áo thun",
        "product_id": 93,
        "variation_id": 733,
        "quantity": quantity,
        "sku": "AO-1",
        "meta_data": notes,
        **others,
    }


def order(status: str = "processing", *lines: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {
        "id": 727,
        "status": status,
        "date_created_gmt": "2026-03-01T01:50:17",
        "date_modified_gmt": "2026-03-01T01:55:00",
        "date_completed_gmt": None,
        "line_items": list(lines) or [line()],
        "refunds": [],
        **others,
    }


REFUNDED: dict[str, Any] = {"refunds": [{"id": 726, "reason": "", "total": "-10.00"}]}
COMPLETED: dict[str, Any] = {"date_completed_gmt": "2026-03-01T01:54:00"}


def refund(quantity: int) -> dict[str, Any]:
    return {
        "id": 726,
        "line_items": [
            {
                "id": 900,
                "product_id": 93,
                "variation_id": 733,
                "quantity": -quantity,
                "meta_data": [{"key": "_refunded_item_id", "value": "315"}],
            }
        ],
    }


def fetched(told: dict[str, Any], *refunds: dict[str, Any]) -> MarketOrder:
    answers = [answered(told), *([answered(list(refunds))] if told["refunds"] else [])]
    [found] = CHANNEL.fetch_orders(SHOP, ["727"], ScriptedSend(*answers), NOW)
    return found


def delivered(topic: str, told: object) -> tuple[Notice, ...]:
    return CHANNEL.read_delivery({"X-WC-Webhook-Topic": topic}, json.dumps(told).encode())


# --- signing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", known("woocommerce", "request_signing"), ids=lambda vector: vector["name"])
def test_known_signatures_reproduce(vector: dict[str, Any]) -> None:
    parts = urlsplit(vector["url"])
    parameters = {
        **dict(parse_qsl(parts.query)),
        "oauth_consumer_key": vector["consumer_key"],
        "oauth_timestamp": str(vector["oauth_timestamp"]),
        "oauth_nonce": vector["oauth_nonce"],
        "oauth_signature_method": vector["oauth_signature_method"],
    }
    base = base_string(method=vector["method"], url=vector["url"].split("?")[0], parameters=parameters)
    assert base == vector["base_string"]
    assert signature(base, consumer_secret=vector["consumer_secret"]) == vector["expected"]


def test_over_http_the_query_is_signed_and_the_secret_stays_here() -> None:
    send = ScriptedSend(answered([]))
    CHANNEL.list_orders(shop("http://127.0.0.1:8080"), since=NOW, until=NOW, cursor=None, send=send, now=NOW)
    asked = query_of(send.request)
    told = asked.pop("oauth_signature")
    base = base_string(method="GET", url="http://127.0.0.1:8080/wp-json/wc/v3/orders", parameters=asked)
    assert told == signature(base, consumer_secret="cs_test_0123456789")
    assert (asked["oauth_timestamp"], asked["oauth_consumer_key"]) == ("1772330400", "ck_test_0123456789")
    assert "authorization" not in send.request.headers
    assert "cs_test" not in send.request.url


def test_no_nonce_is_used_twice() -> None:
    nonces = {
        oauth_parameters(
            consumer_key="ck", consumer_secret="cs", method="GET", url="http://a.test", parameters={}, now=NOW
        )["oauth_nonce"]
        for _ in range(50)
    }
    assert len(nonces) == 50


def test_over_https_the_keys_are_sent_as_they_are() -> None:
    send = ScriptedSend(answered([]))
    CHANNEL.read_back(SHOP, ["93~0"], send, NOW)
    opens = b64encode(b"ck_test_0123456789:cs_test_0123456789").decode()
    assert send.request.headers["authorization"] == f"Basic {opens}"
    assert "oauth" not in send.request.url


# --- orders -----------------------------------------------------------------------------------------------------------


def test_an_order_is_told() -> None:
    assert fetched(order()) == MarketOrder(
        order_id="727",
        stage=Stage.PAID,
        created_at=datetime(2026, 3, 1, 1, 50, 17, tzinfo=UTC),
        updated_at=datetime(2026, 3, 1, 1, 55, tzinfo=UTC),
        lines=(OrderLine(listing="93~733", ordered=3),),
    )


@pytest.mark.parametrize(
    ("status", "stage", "settled"),
    [
        ("pending", Stage.UNPAID, {}),
        ("on-hold", Stage.UNPAID, {}),
        ("processing", Stage.PAID, {}),
        ("awaiting-pickup", Stage.PAID, {}),
        ("completed", Stage.SHIPPED, {}),
        ("cancelled", Stage.CANCELLED, {"cancelled": 3}),
        ("failed", Stage.CANCELLED, {"cancelled": 3}),
        ("refunded", Stage.CANCELLED, {"withheld": 3}),
        ("trash", Stage.CANCELLED, {"withheld": 3}),
    ],
)
def test_each_status_has_its_stage(status: str, stage: Stage, settled: dict[str, int]) -> None:
    found = fetched(order(status))
    assert (found.stage, found.lines) == (stage, (OrderLine(listing="93~733", ordered=3, **settled),))


@pytest.mark.parametrize(
    ("told", "refunds", "settled"),
    [
        (order("processing", line(restocked=1), **REFUNDED), [refund(1)], {"cancelled": 1}),
        (order("processing", line(), **REFUNDED), [refund(1)], {"withheld": 1}),
        (order("processing", line(restocked=1), **REFUNDED), [refund(1), refund(1)], {"cancelled": 1, "withheld": 1}),
        (order("processing", line(kept_off=2), **REFUNDED), [refund(1)], {"cancelled": 1}),
        (order("processing", line(meta_data=[]), **REFUNDED), [refund(1)], {"withheld": 1}),
        (order("refunded", line(restocked=3), **REFUNDED), [refund(3)], {"cancelled": 3}),
        (order("completed", line(restocked=2), **REFUNDED, **COMPLETED), [refund(2)], {"returned": 2}),
        (order("completed", line(), **REFUNDED, **COMPLETED), [refund(2)], {}),
        (order("refunded", line(restocked=1), **REFUNDED, **COMPLETED), [refund(3)], {"returned": 1}),
        (order("cancelled", line(), **COMPLETED), [], {}),
        (order("processing", line(), **REFUNDED), [{"id": 726, "line_items": []}], {}),
    ],
)
def test_only_what_was_restocked_is_given_back(
    told: dict[str, Any], refunds: list[dict[str, Any]], settled: dict[str, int]
) -> None:
    assert fetched(told, *refunds).lines == (OrderLine(listing="93~733", ordered=3, **settled),)


def test_a_simple_product_s_variation_is_0() -> None:
    assert fetched(order("processing", line(variation_id=0))).lines == (OrderLine(listing="93~0", ordered=3),)


def test_a_fee_entered_as_a_line_is_nothing_we_keep() -> None:
    told = order("processing", line(), line(id=316, product_id=0, variation_id=0))
    assert fetched(told).lines == (OrderLine(listing="93~733", ordered=3),)


def test_several_orders_are_fetched_together_and_what_lies_in_the_bin_by_itself() -> None:
    gone = {"code": "woocommerce_rest_shop_order_invalid_id", "message": "Invalid ID.", "data": {"status": 404}}
    send = ScriptedSend(answered([order()]), answered(order("trash", id=2)), answered(gone, status=404))
    found = CHANNEL.fetch_orders(SHOP, ["727", "2", "3"], send, NOW)
    assert [(each.order_id, each.stage) for each in found] == [("727", Stage.PAID), ("2", Stage.CANCELLED)]
    assert query_of(send.requests[0]) == {"include": "727,2,3", "per_page": "100", "status": "any"}


def test_a_checkout_that_has_not_ended_is_no_order() -> None:
    assert CHANNEL.fetch_orders(SHOP, ["727"], ScriptedSend(answered(order("checkout-draft"))), NOW) == ()


def test_orders_are_listed_by_the_time_of_their_last_change() -> None:
    send = ScriptedSend(answered([order(), order(id=728, **REFUNDED)]))
    found = CHANNEL.list_orders(SHOP, since=NOW, until=NOW, cursor=None, send=send, now=NOW)
    assert query_of(send.request) == {
        "modified_after": "2026-03-01T01:59:59",
        "dates_are_gmt": "true",
        "orderby": "modified",
        "order": "asc",
        "per_page": "100",
        "page": "1",
        "status": "any",
    }
    assert [each.order_id for each in found.orders] == ["727"]
    assert found.changed == (OrderChanged(order_id="728", at=datetime(2026, 3, 1, 1, 55, tzinfo=UTC)),)
    assert found.next is None


def test_a_full_page_is_followed_until_the_window_ends() -> None:
    rows = [order(id=n, date_modified_gmt=f"2026-03-01T02:{n // 60:02}:{n % 60:02}") for n in range(100)]
    send = ScriptedSend(answered(rows))
    found = CHANNEL.list_orders(SHOP, since=NOW, until=NOW + timedelta(hours=1), cursor=None, send=send, now=NOW)
    send = ScriptedSend(answered([]))
    CHANNEL.list_orders(SHOP, since=NOW, until=NOW, cursor=found.next, send=send, now=NOW)
    assert query_of(send.request)["modified_after"] == "2026-03-01T02:01:38"

    send = ScriptedSend(answered(rows))
    ended = CHANNEL.list_orders(SHOP, since=NOW, until=NOW + timedelta(seconds=9), cursor=None, send=send, now=NOW)
    assert (len(ended.orders), ended.next) == (10, None)


def test_an_order_that_cannot_be_read_is_named_and_stops_no_other() -> None:
    send = ScriptedSend(answered([order("processing", line(quantity=None), id=9), order()]))
    found = CHANNEL.list_orders(SHOP, since=NOW, until=NOW, cursor=None, send=send, now=NOW)
    assert [each.order_id for each in found.orders] == ["727"]
    assert [each.order_id for each in found.changed] == ["9"]


# --- pushes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("topic", ["order.created", "order.updated", "order.restored"])
def test_a_push_of_an_order_tells_it_whole(topic: str) -> None:
    assert delivered(topic, order()) == (OrderTold(order=fetched(order())),)


def test_an_order_with_refunds_is_fetched_since_the_push_leaves_out_their_lines() -> None:
    at = datetime(2026, 3, 1, 1, 55, tzinfo=UTC)
    assert delivered("order.updated", order(**REFUNDED)) == (OrderChanged(order_id="727", at=at),)


def test_a_deleted_order_is_named() -> None:
    assert delivered("order.deleted", {"id": 727}) == (OrderChanged(order_id="727"),)


def test_the_ping_of_a_new_webhook_says_nothing() -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert CHANNEL.read_delivery(headers, b"webhook_id=1") == ()


def product(**others: Any) -> dict[str, Any]:
    return {
        "id": 93,
        "type": "simple",
        "parent_id": 0,
        "name": "Áo thun",
        "sku": "AO-1",
        "regular_price": "199000",
        "manage_stock": True,
        "stock_quantity": 7,
        "stock_status": "instock",
        "date_modified_gmt": "2026-03-01T02:00:00",
        **others,
    }


@pytest.mark.parametrize(
    ("told", "item", "quantity"),
    [
        (product(), "93~0", 7),
        (product(id=733, type="variation", parent_id=93, stock_quantity=-2), "93~733", 0),
    ],
)
def test_a_push_of_a_product_tells_its_number(told: dict[str, Any], item: str, quantity: int) -> None:
    assert delivered("product.updated", told) == (StockChanged(item=item, location=None, quantity=quantity, at=NOW),)


@pytest.mark.parametrize("told", [product(stock_quantity=None), product(type="variable")])
def test_a_product_without_a_number_of_its_own_tells_nothing(told: dict[str, Any]) -> None:
    assert delivered("product.updated", told) == ()


@pytest.mark.parametrize("topic", ["coupon.created", "customer.updated", "action.woocommerce_add_to_cart"])
def test_other_topics_say_nothing(topic: str) -> None:
    assert delivered(topic, {"id": 1}) == ()


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"id": 1}', b"\xff"])
def test_a_push_that_cannot_be_read_is_an_error_of_the_channel(body: bytes) -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.read_delivery({"x-wc-webhook-topic": "order.updated"}, body)
    assert (error.value.kind, error.value.code) == (Kind.FINAL, "unreadable")


# --- writing ----------------------------------------------------------------------------------------------------------


def stock(*listings: str, quantity: int = 7) -> list[StockItem]:
    return [StockItem(listing=each, quantity=quantity) for each in listings]


def test_variations_of_a_product_are_written_together_and_counted() -> None:
    rows = [{"id": 733, "manage_stock": True, "stock_quantity": 7}, {"id": 734}]
    send = ScriptedSend(answered({"update": rows}))
    results = CHANNEL.push_stock(SHOP, stock("93~733", "93~734"), send, NOW)
    assert [each.written for each in results] == [True, True]
    assert (send.request.method, path_of(send.request)) == ("POST", "/wp-json/wc/v3/products/93/variations/batch")
    assert body_of(send.request) == {
        "update": [
            {"id": 733, "manage_stock": True, "stock_quantity": 7},
            {"id": 734, "manage_stock": True, "stock_quantity": 7},
        ]
    }


def test_simple_products_have_a_batch_of_their_own() -> None:
    send = ScriptedSend(answered({"update": [{"id": 93, "stock_quantity": 7}, {"id": 94, "stock_quantity": 7}]}))
    assert all(each.written for each in CHANNEL.push_stock(SHOP, stock("93~0", "94~0"), send, NOW))
    assert path_of(send.request) == "/wp-json/wc/v3/products/batch"


def test_errors_inside_a_success_are_told_by_line() -> None:
    gone = {
        "code": "woocommerce_rest_product_variation_invalid_id",
        "message": "Invalid ID.",
        "data": {"status": 404},
    }
    broken = {"code": "db_error", "message": "Deadlock", "data": {"status": 500}}
    rows = [{"id": 733, "stock_quantity": 7}, {"id": 9, "error": gone}, {"id": 10, "error": broken}]
    send = ScriptedSend(answered({"update": rows}))
    results = CHANNEL.push_stock(SHOP, stock("93~733", "93~9", "93~10", "93~11", "oops"), send, NOW)
    assert results[0].written
    assert [(each.error.kind, each.error.code) for each in results if each.error] == [
        (Kind.FINAL, "woocommerce_rest_product_variation_invalid_id"),
        (Kind.UNKNOWN, "db_error"),
        (Kind.UNKNOWN, "not_told"),
        (Kind.FINAL, "bad_listing"),
    ]


@pytest.mark.parametrize(
    "row",
    [
        {"id": 733, "manage_stock": False, "stock_quantity": None},
        {"id": 733, "manage_stock": "parent", "stock_quantity": 40},
        {"id": 733, "manage_stock": True, "stock_quantity": 6},
    ],
)
def test_a_number_the_shop_does_not_keep_is_not_written(row: dict[str, Any]) -> None:
    [result] = CHANNEL.push_stock(SHOP, stock("93~733"), ScriptedSend(answered({"update": [row]})), NOW)
    assert result.error is not None
    assert (result.error.kind, result.error.code) == (Kind.FINAL, "not_kept")


def test_a_product_that_is_gone_keeps_no_other_product() -> None:
    gone = {"code": "woocommerce_rest_product_invalid_id", "message": "Invalid product ID.", "data": {"status": 404}}
    send = ScriptedSend(answered(gone, status=404), answered({"update": [{"id": 1, "stock_quantity": 7}]}))
    first, second = CHANNEL.push_stock(SHOP, stock("93~733", "94~1"), send, NOW)
    assert first.error is not None
    assert first.error.kind is Kind.FINAL
    assert second.written


def test_after_an_error_of_the_shop_the_rest_is_not_sent() -> None:
    send = ScriptedSend(answered({"update": [{"id": 733, "stock_quantity": 7}]}), answered(b"slow down", status=429))
    results = CHANNEL.push_stock(SHOP, stock("93~733", "94~1", "95~1"), send, NOW)
    assert [each.error and each.error.code for each in results] == [None, "http_429", "not_sent"]


@pytest.mark.parametrize(
    ("status", "told", "kind"),
    [
        (401, {"code": "woocommerce_rest_authentication_error", "message": "Invalid signature"}, Kind.REAUTHORISE),
        (401, {"code": "woocommerce_rest_cannot_batch", "message": "Sorry"}, Kind.REAUTHORISE),
        (413, {"code": "woocommerce_rest_request_entity_too_large", "message": "100"}, Kind.FINAL),
        (429, {}, Kind.PASSING),
        (503, {}, Kind.PASSING),
        (500, {"code": "internal_server_error", "message": "critical error"}, Kind.UNKNOWN),
    ],
)
def test_an_error_of_the_whole_call_holds_for_all(status: int, told: dict[str, str], kind: Kind) -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.push_stock(SHOP, stock("93~733", "93~734"), ScriptedSend(answered(told, status=status)), NOW)
    assert error.value.kind is kind


def test_prices_are_texts_of_whole_dong() -> None:
    send = ScriptedSend(answered({"update": [{"id": 733}]}))
    items = [
        PriceItem(listing="93~733", amount=Decimal(199000), currency="VND"),
        PriceItem(listing="93~734", amount=Decimal("1.5"), currency="VND"),
    ]
    first, second = CHANNEL.push_prices(SHOP, items, send, NOW)
    assert body_of(send.request) == {"update": [{"id": 733, "regular_price": "199000"}]}
    assert first.written
    assert second.error is not None
    assert second.error.code == "bad_price"


# --- reading back -----------------------------------------------------------------------------------------------------


def test_listings_are_read_back_from_where_they_live() -> None:
    send = ScriptedSend(
        answered([product()]),
        answered([{"id": 733, "stock_quantity": 2, "regular_price": ""}]),
    )
    shown = CHANNEL.read_back(SHOP, ["93~0", "95~733", "95~734"], send, NOW)
    assert shown == (
        Shown(listing="93~0", quantity=7, price=Decimal(199000), title="Áo thun", merchant_sku="AO-1"),
        Shown(listing="95~733", quantity=2),
    )
    assert [path_of(each) for each in send.requests] == [
        "/wp-json/wc/v3/products",
        "/wp-json/wc/v3/products/95/variations",
    ]
    assert query_of(send.requests[1])["include"] == "733,734"


@pytest.mark.parametrize(("status", "quantity"), [("instock", 1_000_000), ("outofstock", 0), ("onbackorder", 0)])
def test_what_is_not_counted_is_sold_as_long_as_it_is_called_in_stock(status: str, quantity: int) -> None:
    send = ScriptedSend(answered([product(manage_stock=False, stock_quantity=None, stock_status=status)]))
    [shown] = CHANNEL.read_back(SHOP, ["93~0"], send, NOW)
    assert shown.quantity == quantity


def test_variations_of_a_product_that_is_gone_are_left_out() -> None:
    gone = {"code": "woocommerce_rest_product_invalid_id", "data": {"status": 404}}
    assert CHANNEL.read_back(SHOP, ["95~733"], ScriptedSend(answered(gone, status=404)), NOW) == ()


def test_the_shop_s_stock_is_listed_with_its_variations() -> None:
    send = ScriptedSend(
        answered([product(), product(id=95, type="variable"), product(id=96, type="grouped")]),
        answered([{"id": 733, "stock_quantity": 2, "sku": "AO-2"}]),
    )
    page = CHANNEL.list_stock(SHOP, None, send, NOW)
    assert [(each.listing, each.quantity, each.merchant_sku) for each in page.shown] == [
        ("93~0", 7, "AO-1"),
        ("95~733", 2, "AO-2"),
    ]
    assert page.next is None


def test_keys_are_not_refreshed() -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.refresh(SHOP, ScriptedSend(), NOW)
    assert error.value.kind is Kind.REAUTHORISE


def test_nothing_waits_in_a_queue() -> None:
    pulled = CHANNEL.pull(SHOP, None, ScriptedSend(), NOW)
    assert (pulled.notices, pulled.more) == ((), False)
    CHANNEL.acknowledge(SHOP, "1", ScriptedSend(), NOW)


def test_the_sheet_says_what_woocommerce_can() -> None:
    assert CHANNEL.sheet.batch_of_one_product
    assert set(CHANNEL.needs()) == set(SHOP.members)
