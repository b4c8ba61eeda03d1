"""Haravan: what is asked and what its answers mean. Answers have the shape of the examples in its Omni API pages."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from holdfast.channels.haravan import CHANNEL
from holdfast.channels.protocol import (
    Account,
    Answer,
    ChannelError,
    Notice,
    OrderChanged,
    OrderTold,
    PriceItem,
    Request,
    ShopSaid,
    Shown,
    StockChanged,
    StockItem,
)
from holdfast.channels.sheet import Kind
from holdfast.domain.market import MarketOrder, OrderLine, Stage
from tests.support.scripted_send import ScriptedSend, answered, body_of, path_of, query_of

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
SHOP = Account(
    channel="haravan",
    shop="home",
    api_url="https://apis.haravan.test",
    auth_url="https://accounts.haravan.test",
    members={
        "app_secret": "test-app-secret-1",
        "org_id": "200000012345",
        "location_id": "963414",
        "verify_token": "test-verify",
    },
    access_token="test-access-token",
)
SHIRT = "1035729103~1078450814"


def line(quantity: object = 3, **others: Any) -> dict[str, Any]:
    return {
        "id": 1308268732,
        "product_id": 1035729103,
        "variant_id": 1078450814,
        "sku": "S0710A-2",
        "quantity": quantity,
        "price": 15000000.0000,
        "fulfillable_quantity": quantity,
        "fulfillment_status": "notfulfilled",
        **others,
    }


def order(*lines: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {
        "id": 1231656323,
        "created_at": "2026-03-01T01:50:17.1Z",
        "updated_at": "2026-03-01T01:55:00.558Z",
        "financial_status": "paid",
        "fulfillment_status": "notfulfilled",
        "cancelled_status": "uncancelled",
        "confirmed_status": "unconfirmed",
        "gateway_code": "momo",
        "cancelled_at": None,
        "line_items": list(lines) or [line()],
        "refunds": [],
        "fulfillments": [],
        **others,
    }


def refund(quantity: int, *, restock: bool | None) -> dict[str, Any]:
    return {
        "id": 1011637849,
        "restock": restock,
        "refund_line_items": [
            {
                "id": 1013304743,
                "line_item": {"id": 0, "variant_id": 1078450814, "quantity": 3},
                "line_item_id": 1308268732,
                "quantity": quantity,
            }
        ],
    }


MONEY_ONLY = {"id": 1011638030, "restock": None, "refund_line_items": None}


def fulfilled(quantity: int, **others: Any) -> dict[str, Any]:
    return {
        "id": 1058608514,
        "status": "success",
        "carrier_status_code": "delivered",
        "line_items": [{"id": 1308268732, "quantity": quantity}],
        **others,
    }


def fetched(told: dict[str, Any]) -> MarketOrder:
    [found] = CHANNEL.fetch_orders(SHOP, ["1231656323"], ScriptedSend(answered({"order": told})), NOW)
    return found


def delivered(topic: str, told: object, **others: str) -> tuple[Notice, ...]:
    return CHANNEL.read_delivery({"X-Haravan-Topic": topic, **others}, json.dumps(told).encode())


def stock(*variants: int, quantity: int = 5) -> list[StockItem]:
    return [StockItem(listing=f"7~{variant}", quantity=quantity) for variant in variants]


# --- orders -----------------------------------------------------------------------------------------------------------


def test_an_order_is_told() -> None:
    assert fetched(order()) == MarketOrder(
        order_id="1231656323",
        stage=Stage.PAID,
        created_at=datetime(2026, 3, 1, 1, 50, 17, 100_000, tzinfo=UTC),
        updated_at=datetime(2026, 3, 1, 1, 55, 0, 558_000, tzinfo=UTC),
        lines=(OrderLine(listing=SHIRT, ordered=3),),
    )


@pytest.mark.parametrize(
    ("told", "stage"),
    [
        (order(financial_status="pending"), Stage.UNPAID),
        (order(financial_status="voided"), Stage.UNPAID),
        (order(financial_status="pending", gateway_code="COD"), Stage.PAID),
        (order(financial_status="pending", confirmed_status="confirmed"), Stage.PAID),
        (order(financial_status="partially_paid"), Stage.PAID),
        (order(fulfillments=[fulfilled(2)]), Stage.PAID),
        (order(fulfillments=[fulfilled(2), fulfilled(1)]), Stage.SHIPPED),
        (order(fulfillments=[fulfilled(3, status="cancelled")]), Stage.PAID),
        (order(fulfillments=[fulfilled(3, carrier_status_code="cancel")]), Stage.PAID),
        (order(cancelled_status="cancelled"), Stage.CANCELLED),
        (order(cancelled_at="2026-03-01T01:55:00Z"), Stage.CANCELLED),
    ],
)
def test_each_state_has_its_stage(told: dict[str, Any], stage: Stage) -> None:
    assert fetched(told).stage is stage


@pytest.mark.parametrize(
    ("told", "settled"),
    [
        # Haravan's cancel restocks nothing unless it is told to.
        (order(cancelled_status="cancelled", refunds=[MONEY_ONLY]), {"withheld": 3}),
        (order(cancelled_status="cancelled", refunds=[refund(3, restock=True)]), {"cancelled": 3}),
        (order(cancelled_status="cancelled", refunds=[refund(3, restock=False)]), {"withheld": 3}),
        (order(cancelled_status="cancelled", refunds=[refund(1, restock=True)]), {"cancelled": 1, "withheld": 2}),
        (order(line(fulfillable_quantity=2), refunds=[refund(1, restock=True)]), {"cancelled": 1}),
        (order(line(fulfillable_quantity=2), refunds=[refund(1, restock=None)]), {"withheld": 1}),
        (
            order(line(fulfillable_quantity=0), fulfillments=[fulfilled(3)], refunds=[refund(2, restock=True)]),
            {"returned": 2},
        ),
        (order(line(fulfillable_quantity=0), fulfillments=[fulfilled(3)], refunds=[refund(2, restock=False)]), {}),
        (order(refunds=[MONEY_ONLY]), {}),
    ],
)
def test_only_what_was_restocked_is_given_back(told: dict[str, Any], settled: dict[str, int]) -> None:
    assert fetched(told).lines == (OrderLine(listing=SHIRT, ordered=3, **settled),)


def test_a_line_without_a_variant_is_nothing_we_keep() -> None:
    gift_wrap = line(variant_id=None, product_id=None, id=5)
    assert fetched(order(line(), gift_wrap)).lines == (OrderLine(listing=SHIRT, ordered=3),)


def test_several_orders_are_fetched_together_and_what_is_missing_by_itself() -> None:
    send = ScriptedSend(
        answered({"orders": [order()]}),
        answered({"errors": "Not Found"}, status=404),
        answered({"order": order(id=3)}),
    )
    found = CHANNEL.fetch_orders(SHOP, ["1231656323", "2", "3"], send, NOW)
    assert [each.order_id for each in found] == ["1231656323", "3"]
    assert query_of(send.requests[0]) == {"ids": "1231656323,2,3", "limit": "50", "status": "any"}
    assert [path_of(each) for each in send.requests[1:]] == ["/com/orders/2.json", "/com/orders/3.json"]


def test_orders_are_listed_by_the_time_of_their_last_change() -> None:
    send = ScriptedSend(answered({"orders": [order()]}))
    found = CHANNEL.list_orders(SHOP, since=NOW, until=NOW + timedelta(hours=1), cursor=None, send=send, now=NOW)

    assert query_of(send.request) == {
        "updated_at_min": "2026-03-01T01:59:59Z",
        "updated_at_max": "2026-03-01T03:00:01Z",
        "status": "any",
        "order": "updated_at asc",
        "limit": "50",
        "page": "1",
    }
    assert send.request.headers["authorization"] == "Bearer test-access-token"
    assert ([each.order_id for each in found.orders], found.next) == (["1231656323"], None)


def test_a_full_page_is_followed_by_one_from_its_last_time_on() -> None:
    rows = [order(id=n, updated_at=f"2026-03-01T02:{n:02}:00Z") for n in range(50)]
    first = CHANNEL.list_orders(
        SHOP, since=NOW, until=NOW, cursor=None, send=ScriptedSend(answered({"orders": rows})), now=NOW
    )
    send = ScriptedSend(answered({"orders": []}))
    second = CHANNEL.list_orders(SHOP, since=NOW, until=NOW, cursor=first.next, send=send, now=NOW)
    asked = query_of(send.request)
    assert (asked["updated_at_min"], asked["page"]) == ("2026-03-01T02:48:59Z", "1")
    assert (second.orders, second.next) == ((), None)


def test_an_order_that_cannot_be_read_is_named_and_stops_no_other() -> None:
    broken = order(line(quantity="three"), id=9)
    send = ScriptedSend(answered({"orders": [broken, order()]}))
    found = CHANNEL.list_orders(SHOP, since=NOW, until=NOW, cursor=None, send=send, now=NOW)
    assert [each.order_id for each in found.orders] == ["1231656323"]
    assert [each.order_id for each in found.changed] == ["9"]


# --- pushes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "topic", ["orders/create", "orders/update", "orders/updated", "orders/paid", "orders/cancelled"]
)
def test_a_push_of_an_order_tells_it_whole(topic: str) -> None:
    [notice] = delivered(topic, order())
    assert notice == OrderTold(order=fetched(order()))


def test_a_push_of_a_refund_names_its_order() -> None:
    assert delivered("refunds/create", {**refund(1, restock=True), "order_id": 1231656323}) == (
        OrderChanged(order_id="1231656323"),
    )
    assert delivered("orders/delete", {"id": 1231656323}) == (OrderChanged(order_id="1231656323"),)


def test_a_push_of_a_balance_tells_what_is_for_sale() -> None:
    balance = {
        "loc_id": 963414,
        "product_id": 7,
        "variant_id": 1064240649,
        "qty_available": -7,
        "updated_at": "2026-03-01T02:00:00Z",
    }
    told = StockChanged(item="7~1064240649", location="963414", quantity=0, at=NOW)
    assert delivered("inventorylocationbalances/update", balance) == (told,)
    del balance["updated_at"]
    assert delivered("inventorylocationbalances/update", balance) == ()


def test_a_removed_app_is_told() -> None:
    [notice] = delivered("app/uninstalled", {})
    assert isinstance(notice, ShopSaid)
    assert notice.what == "deauthorised"


@pytest.mark.parametrize("topic", ["products/update", "shop/update", "a/topic/of/tomorrow"])
def test_other_topics_say_nothing(topic: str) -> None:
    assert delivered(topic, {"id": 1}) == ()


def test_a_test_post_is_no_order() -> None:
    assert delivered("orders/create", order(), **{"x-haravan-test": "true"}) == ()


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"id": 1}', b"\xff", b'{"id": 1, "line_items": {}}'])
def test_a_push_that_cannot_be_read_is_an_error_of_the_channel(body: bytes) -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.read_delivery({"x-haravan-topic": "orders/create"}, body)
    assert (error.value.kind, error.value.code) == (Kind.FINAL, "unreadable")


def test_a_push_without_its_topic_cannot_be_read() -> None:
    with pytest.raises(ChannelError, match="X-Haravan-Topic"):
        CHANNEL.read_delivery({}, b"{}")


# --- writing ----------------------------------------------------------------------------------------------------------


def test_numbers_are_set_and_never_added() -> None:
    send = ScriptedSend(answered({"inventory": {"id": 1206854680}}))
    items = [StockItem(listing=SHIRT, quantity=0), StockItem(listing="7~8", quantity=12)]
    assert [each.written for each in CHANNEL.push_stock(SHOP, items, send, NOW)] == [True, True]

    assert (send.request.method, path_of(send.request)) == ("POST", "/com/inventories/adjustorset.json")
    inventory = body_of(send.request)["inventory"]
    assert (inventory["type"], inventory["location_id"]) == ("set", 963414)
    assert inventory["line_items"] == [
        {"product_id": 1035729103, "product_variant_id": 1078450814, "quantity": 0},
        {"product_id": 7, "product_variant_id": 8, "quantity": 12},
    ]


def test_a_line_that_a_success_does_not_name_is_not_taken_for_written() -> None:
    named = {"product_id": 7, "product_variant_id": 2, "quantity": 1}
    send = ScriptedSend(answered({"inventory": {"id": 1206854680, "line_items": [named]}}))
    first, second = CHANNEL.push_stock(SHOP, stock(1, 2), send, NOW)
    assert first.error is not None
    assert (first.written, first.error.kind, second.written) == (False, Kind.UNKNOWN, True)


def test_each_location_is_written_by_itself() -> None:
    send = ScriptedSend(answered({}), answered({"errors": "no such location"}, status=404))
    items = [StockItem(listing="7~1", quantity=1), StockItem(listing="7~2", quantity=1, location="55")]
    first, second = CHANNEL.push_stock(SHOP, items, send, NOW)
    assert first.written
    assert second.error is not None
    assert second.error.detail == "no such location"
    assert [body_of(each)["inventory"]["location_id"] for each in send.requests] == [963414, 55]


class Stockroom:
    """Refuses every list that holds a variant it does not know, as a whole."""

    def __init__(self, *unknown: int, status: int = 400) -> None:
        self.unknown = set(unknown)
        self.status = status
        self.calls = 0
        self.set: dict[int, int] = {}

    def __call__(self, request: Request) -> Answer:
        self.calls += 1
        lines = body_of(request)["inventory"]["line_items"]
        if any(each["product_variant_id"] in self.unknown for each in lines):
            return answered({"errors": "variant not found"}, status=self.status)
        self.set |= {each["product_variant_id"]: each["quantity"] for each in lines}
        return answered({"inventory": {}})


def test_one_bad_line_of_a_hundred_is_found_and_keeps_no_other() -> None:
    room = Stockroom(37)
    results = CHANNEL.push_stock(SHOP, stock(*range(100)), room, NOW)
    assert [result.listing for result in results if not result.written] == ["7~37"]
    assert set(room.set) == set(range(100)) - {37}
    assert room.calls <= 15


def test_the_search_for_bad_lines_ends() -> None:
    room = Stockroom(*range(100))
    results = CHANNEL.push_stock(SHOP, stock(*range(100)), room, NOW)
    assert room.calls == 30
    assert not any(result.written for result in results)
    assert {result.error.kind for result in results if result.error} == {Kind.FINAL, Kind.PASSING}


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, Kind.REAUTHORISE), (403, Kind.FINAL), (429, Kind.PASSING), (500, Kind.UNKNOWN)],
)
def test_an_error_of_the_shop_is_not_searched_for(status: int, kind: Kind) -> None:
    send = ScriptedSend(answered({"errors": "no"}, status=status, headers={"retry-after": "2.0"}))
    with pytest.raises(ChannelError) as error:
        CHANNEL.push_stock(SHOP, stock(1, 2), send, NOW)
    assert (error.value.kind, error.value.retry_after_s) == (kind, 2.0)


def test_an_error_of_the_shop_on_the_way_leaves_what_was_written() -> None:
    send = ScriptedSend(
        answered({"errors": "bad line"}, status=400),
        answered({}),
        ChannelError(Kind.UNKNOWN, "timeout", ""),
    )
    results = CHANNEL.push_stock(SHOP, stock(1, 2, 3, 4), send, NOW)
    assert [result.written for result in results] == [True, True, False, False]
    assert {result.error.kind for result in results if result.error} == {Kind.UNKNOWN}


@pytest.mark.parametrize(("told", "written"), [({"errors": ["x"]}, False), ({"errors": []}, True)])
def test_a_success_with_errors_is_none(told: dict[str, Any], written: bool) -> None:
    [result] = CHANNEL.push_stock(SHOP, stock(1), ScriptedSend(answered(told)), NOW)
    assert result.written is written


def test_prices_are_written_one_variant_a_call() -> None:
    send = ScriptedSend(answered({"variant": {}}))
    items = [
        PriceItem(listing=SHIRT, amount=Decimal(200000), currency="VND"),
        PriceItem(listing="7~8", amount=Decimal("0.5"), currency="VND"),
    ]
    first, second = CHANNEL.push_prices(SHOP, items, send, NOW)
    assert (send.request.method, path_of(send.request)) == ("PUT", "/com/variants/1078450814.json")
    assert body_of(send.request) == {"variant": {"id": 1078450814, "price": 200000}}
    assert first.written
    assert second.error is not None
    assert second.error.code == "bad_price"


def test_prices_stop_before_the_bucket_runs_over() -> None:
    nearly_full = answered({"variant": {}}, headers={"x-haravan-api-call-limit": "72/80"})
    items = [PriceItem(listing=f"7~{n}", amount=Decimal(1000), currency="VND") for n in range(3)]
    results = CHANNEL.push_prices(SHOP, items, ScriptedSend(nearly_full), NOW)
    assert [result.written for result in results] == [True, False, False]
    [full, not_sent] = [result.error for result in results if result.error]
    assert (full.kind, full.code, full.retry_after_s) == (Kind.PASSING, "bucket_full", 8.0)
    assert (not_sent.kind, not_sent.retry_after_s) == (Kind.PASSING, 8.0)


# --- reading back -----------------------------------------------------------------------------------------------------


def balance(variant: int, *, on_hand: int, available: int) -> dict[str, Any]:
    return {
        "id": 1003098484,
        "loc_id": 963414,
        "product_id": 7,
        "variant_id": variant,
        "qty_onhand": on_hand,
        "qty_commited": on_hand - available,
        "qty_available": available,
    }


def test_what_is_for_sale_is_read_back() -> None:
    rows = [balance(1, on_hand=9, available=4), balance(2, on_hand=0, available=-7)]
    send = ScriptedSend(answered({"inventory_locations": rows}))
    shown = CHANNEL.read_back(SHOP, ["7~1", "7~2", "7~3"], send, NOW)
    assert shown == (Shown(listing="7~1", quantity=4, on_hand=9), Shown(listing="7~2", quantity=0, on_hand=0))
    assert query_of(send.request) == {"location_ids": "963414", "variant_ids": "1,2,3", "limit": "250"}


def test_a_variant_named_by_a_push_is_read_back() -> None:
    send = ScriptedSend(answered({"inventory_locations": [balance(1, on_hand=9, available=4)]}))
    assert CHANNEL.read_back(SHOP, ["1"], send, NOW) == (Shown(listing="7~1", quantity=4, on_hand=9),)


def test_a_variant_of_another_product_is_not_this_listing() -> None:
    send = ScriptedSend(answered({"inventory_locations": [balance(1, on_hand=9, available=4)]}))
    assert CHANNEL.read_back(SHOP, ["8~1"], send, NOW) == ()


def test_what_lies_there_is_listed_for_the_first_import() -> None:
    product = {
        "id": 7,
        "title": "Áo thun",
        "variants": [{"id": 1, "sku": "AO-1", "price": 199000}, {"id": 2, "sku": None}],
    }
    send = ScriptedSend(
        answered({"products": [product]}),
        answered({"inventory_locations": [balance(1, on_hand=9, available=4)]}),
    )
    page = CHANNEL.list_stock(SHOP, None, send, NOW)
    assert page.shown == (
        Shown(listing="7~1", quantity=4, on_hand=9, price=Decimal(199000), title="Áo thun", merchant_sku="AO-1"),
        Shown(listing="7~2", quantity=0, on_hand=0, title="Áo thun"),
    )
    assert page.next is None
    assert query_of(send.requests[0]) == {"limit": "20", "since_id": "0"}


def test_the_list_goes_on_after_the_last_product_of_a_full_page() -> None:
    products = [{"id": n, "title": "x", "variants": []} for n in range(1, 21)]
    assert CHANNEL.list_stock(SHOP, "40", ScriptedSend(answered({"products": products})), NOW).next == "20"


def test_more_than_fifty_balances_take_more_calls() -> None:
    product = {"id": 7, "title": "x", "variants": [{"id": n} for n in range(1, 61)]}
    send = ScriptedSend(
        answered({"products": [product]}), answered({"inventory_locations": []}), answered({"inventory_locations": []})
    )
    assert len(CHANNEL.list_stock(SHOP, None, send, NOW).shown) == 60
    assert [len(query_of(each)["variant_ids"].split(",")) for each in send.requests[1:]] == [50, 10]


def test_the_token_is_not_refreshed() -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.refresh(SHOP, ScriptedSend(), NOW)
    assert error.value.kind is Kind.REAUTHORISE


def test_nothing_waits_in_a_queue() -> None:
    pulled = CHANNEL.pull(SHOP, None, ScriptedSend(), NOW)
    assert (pulled.notices, pulled.more) == ((), False)
    CHANNEL.acknowledge(SHOP, "1", ScriptedSend(), NOW)


def test_the_sheet_says_what_haravan_can() -> None:
    assert CHANNEL.sheet.can_be_stock_home
    assert set(CHANNEL.needs()) == set(SHOP.members)
