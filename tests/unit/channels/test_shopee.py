"""Shopee: what is asked, signed how, and what its answers mean. Answers have the shape of the published reference."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from holdfast.channels.protocol import (
    Account,
    ChannelError,
    OrderChanged,
    PriceItem,
    ShopSaid,
    Shown,
    StockItem,
)
from holdfast.channels.sheet import Kind
from holdfast.channels.shopee import CHANNEL
from holdfast.channels.shopee.sheet import SHEET
from holdfast.channels.signing import hex_hmac
from holdfast.domain.market import MarketOrder, OrderLine, Stage
from tests.support.known_signatures import known
from tests.support.scripted_send import ScriptedSend, answered, body_of, path_of, query_of

NOW = datetime.fromtimestamp(1_700_000_300, UTC)
SHOP = Account(
    channel="shopee",
    shop="hanoi",
    api_url="https://partner.shopee.test",
    auth_url="https://auth.shopee.test",
    members={
        "partner_id": "2001887",
        "partner_key": "test_partner_key_0123456789abcdef",
        "shop_id": "727720655",
        "callback_url": "https://holdfast.test/webhooks/shopee/hanoi",
    },
    access_token="testaccesstoken0000000000000001",
    refresh_token="testrefreshtoken000000000000001",
)
SHIRT_RED, SHIRT_BLUE, MUG = "1000~11", "1000~12", "2000~0"


def said(response: Any = None, **others: Any) -> dict[str, Any]:
    return {"error": "", "message": "", "request_id": "r1", "response": response or {}, **others}


def refused(error: str, message: str = "", **others: Any) -> dict[str, Any]:
    return {"error": error, "message": message, "request_id": "r1", **others}


def stock(listing: str, quantity: int, location: str | None = None) -> StockItem:
    return StockItem(listing=listing, quantity=quantity, location=location)


# --- signing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", known("shopee", "request_signing"), ids=lambda vector: vector["name"])
def test_known_signatures_reproduce(vector: dict[str, Any]) -> None:
    assert hex_hmac(key=vector["partner_key"], base=vector["base_string"]) == vector["expected"]


def test_a_request_is_signed_as_others_sign_it() -> None:
    [vector] = [each for each in known("shopee", "request_signing") if each["name"] == "shop_api_get_order_detail"]
    send = ScriptedSend(answered(said({"order_list": []})))
    CHANNEL.fetch_orders(SHOP, ["220810QSK8S7BX"], send, NOW)

    assert path_of(send.request) == vector["path"]
    asked = query_of(send.request)
    assert asked["sign"] == vector["expected"]
    assert (asked["partner_id"], asked["timestamp"], asked["shop_id"]) == ("2001887", "1700000300", "727720655")
    assert asked["access_token"] == SHOP.access_token
    assert asked["order_sn_list"] == "220810QSK8S7BX"


def test_a_public_call_is_signed_without_the_shop() -> None:
    send = ScriptedSend(answered(said({"push_message_list": [], "has_next_page": False})))
    CHANNEL.pull(SHOP, None, send, NOW)

    asked = query_of(send.request)
    assert asked.keys() == {"partner_id", "timestamp", "sign"}
    assert asked["sign"] == hex_hmac(
        key=SHOP.members["partner_key"], base="2001887/api/v2/push/get_lost_push_message1700000300"
    )


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_a_refresh_gives_two_new_tokens() -> None:
    fresh = {"access_token": "new-access", "refresh_token": "new-refresh", "expire_in": 14400, "error": ""}
    send = ScriptedSend(answered(fresh))
    tokens = CHANNEL.refresh(SHOP, send, NOW)

    assert (tokens.access_token, tokens.refresh_token) == ("new-access", "new-refresh")
    assert tokens.expires_at == NOW + timedelta(hours=4)
    assert send.request.url.startswith("https://auth.shopee.test/api/v2/auth/access_token/get?partner_id=2001887&")
    assert body_of(send.request) == {
        "refresh_token": SHOP.refresh_token,
        "partner_id": 2001887,
        "shop_id": 727720655,
    }


def test_an_expiry_told_as_a_time_is_read_as_a_time() -> None:
    fresh = {"access_token": "a", "refresh_token": "r", "expire_in": 1_700_014_700, "error": ""}
    tokens = CHANNEL.refresh(SHOP, ScriptedSend(answered(fresh)), NOW)
    assert tokens.expires_at == NOW + timedelta(hours=4)


@pytest.mark.parametrize("code", ["error_shop_refresh_token", "refresh_token_expired", "shop_access_expired"])
def test_a_spent_refresh_token_needs_the_merchant(code: str) -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.refresh(SHOP, ScriptedSend(answered(refused(code, "Your refresh token is error"), status=403)), NOW)
    assert (error.value.kind, error.value.code) == (Kind.REAUTHORISE, code)


def test_a_spent_refresh_token_told_in_words_needs_the_merchant() -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.refresh(SHOP, ScriptedSend(answered(refused("error_auth", "Your refresh_token expired."))), NOW)
    assert error.value.kind is Kind.REAUTHORISE


@pytest.mark.parametrize(("status", "kind"), [(401, Kind.REAUTHORISE), (429, Kind.PASSING), (502, Kind.UNKNOWN)])
def test_a_refresh_that_is_turned_away_asks_for_no_refresh(status: int, kind: Kind) -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.refresh(SHOP, ScriptedSend(answered(b"", status=status)), NOW)
    assert (error.value.kind, error.value.code) == (kind, f"http_{status}")


def test_an_unreadable_refresh_may_have_spent_the_token() -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.refresh(SHOP, ScriptedSend(answered(b"<html>")), NOW)
    assert error.value.kind is Kind.UNKNOWN


# --- stock ------------------------------------------------------------------------------------------------------------


def test_a_stock_write_names_models_and_their_locations() -> None:
    done = {"failure_list": [], "success_list": [{"model_id": 11, "stock": 7}, {"model_id": 12, "stock": 0}]}
    send = ScriptedSend(answered(said(done)))
    results = CHANNEL.push_stock(SHOP, [stock(SHIRT_RED, 7, "VN1"), stock(SHIRT_BLUE, 0)], send, NOW)

    assert [result.written for result in results] == [True, True]
    assert send.request.method == "POST"
    assert send.request.body == (
        b'{"item_id":1000,"stock_list":[{"model_id":11,"seller_stock":[{"location_id":"VN1","stock":7}]},'
        b'{"model_id":12,"seller_stock":[{"stock":0}]}]}'
    )


def test_success_with_failures_inside_is_read_listing_by_listing() -> None:
    told = said(
        {
            "failure_list": [{"model_id": 12, "failed_reason": "Total stock must be more than reserved stock."}],
            "success_list": [{"model_id": 11, "location_id": "", "stock": 7}],
        }
    )
    red, blue, grey = CHANNEL.push_stock(
        SHOP, [stock(SHIRT_RED, 7), stock(SHIRT_BLUE, 1), stock("1000~13", 2)], ScriptedSend(answered(told)), NOW
    )
    assert (red.listing, red.written, red.error) == (SHIRT_RED, True, None)
    assert blue.error is not None
    assert (blue.written, blue.error.kind) == (False, Kind.PROMOTION_LOCK)
    assert grey.error is not None
    assert (grey.error.kind, grey.error.code) == (Kind.UNKNOWN, "not_told")


def test_the_error_that_means_some_have_failed_keeps_the_others() -> None:
    told = refused(
        "product.error_busi_update_stock_failed",
        "Update stock failed, please check failure_list for detailed reason",
        response={
            "failure_list": [{"model_id": 11, "failed_reason": "error_item_uneditable"}],
            "success_list": [{"model_id": 12, "stock": 3}],
        },
    )
    red, blue = CHANNEL.push_stock(SHOP, [stock(SHIRT_RED, 7), stock(SHIRT_BLUE, 3)], ScriptedSend(answered(told)), NOW)
    assert red.error is not None
    assert (red.error.kind, red.error.code) == (Kind.FINAL, "error_item_uneditable")
    assert blue.written


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("error_rate_limit", "", Kind.PASSING),
        ("error_system_busy", "", Kind.PASSING),
        ("error_inner", "System error, please try again later", Kind.UNKNOWN),
        ("error_network", "Inner http call failed", Kind.UNKNOWN),
        ("error_limit", "", Kind.DAILY_QUOTA),
        ("error_auth", "Invalid access_token, please have a check.", Kind.TOKEN),
        ("invalid_acceess_token", "", Kind.TOKEN),
        ("shop_no_linked", "", Kind.REAUTHORISE),
        ("product.error_auth", "Total stock must be more than reserved stock.", Kind.PROMOTION_LOCK),
        ("error_param", "Can not update item with stock less than reserve stock", Kind.PROMOTION_LOCK),
        ("error_cannt_edit_stock_in_promotion", "", Kind.PROMOTION_LOCK),
        ("error_auth", "Please wait for the holiday mode set then to edit item. Please try later.", Kind.PASSING),
        ("error_busi", "The merchant/shop has multi warehouse, please input location id", Kind.FINAL),
        ("error_item_not_found", "Product not found", Kind.FINAL),
        ("error_never_heard_of", "", Kind.FINAL),
    ],
)
def test_a_no_to_a_stock_write_has_a_meaning(code: str, message: str, kind: Kind) -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.push_stock(SHOP, [stock(MUG, 7)], ScriptedSend(answered(refused(code, message))), NOW)
    assert (error.value.kind, error.value.code) == (kind, code.removeprefix("product."))


@pytest.mark.parametrize(("status", "kind"), [(429, Kind.PASSING), (503, Kind.PASSING), (502, Kind.UNKNOWN)])
def test_a_status_without_a_code_speaks_for_itself(status: int, kind: Kind) -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.push_stock(SHOP, [stock(MUG, 7)], ScriptedSend(answered(b"", status=status)), NOW)
    assert (error.value.kind, error.value.code) == (kind, f"http_{status}")


def test_two_products_in_one_batch_are_the_caller_s_mistake() -> None:
    with pytest.raises(ValueError, match="one product, not of 2"):
        CHANNEL.push_stock(SHOP, [stock(MUG, 1), stock(SHIRT_RED, 1)], ScriptedSend(), NOW)


def test_more_than_50_models_in_one_batch_are_the_caller_s_mistake() -> None:
    with pytest.raises(ValueError, match="1 to 50 listings"):
        CHANNEL.push_stock(SHOP, [stock(f"1000~{number}", 1) for number in range(51)], ScriptedSend(), NOW)


@pytest.mark.parametrize("listing", ["1000", "1000~x", "1000~1~2", "~1", ""])
def test_a_listing_that_is_no_listing_here_is_final(listing: str) -> None:
    with pytest.raises(ChannelError, match="item_id~model_id"):
        CHANNEL.push_stock(SHOP, [stock(listing, 1)], ScriptedSend(), NOW)


def test_prices_are_whole_dong() -> None:
    send = ScriptedSend(answered(said({"success_list": [{"model_id": 0, "original_price": 199000}]})))
    [result] = CHANNEL.push_prices(SHOP, [PriceItem(listing=MUG, amount=Decimal(199000), currency="VND")], send, NOW)
    assert result.written
    assert send.request.body == b'{"item_id":2000,"price_list":[{"model_id":0,"original_price":199000}]}'


@pytest.mark.parametrize(("amount", "currency"), [("199000.5", "VND"), ("0", "VND"), ("19", "USD")])
def test_a_price_that_is_not_in_whole_dong_is_not_sent(amount: str, currency: str) -> None:
    item = PriceItem(listing=MUG, amount=Decimal(amount), currency=currency)
    with pytest.raises(ChannelError, match="bad_price"):
        CHANNEL.push_prices(SHOP, [item], ScriptedSend(), NOW)


# --- orders -----------------------------------------------------------------------------------------------------------


def order(status: str, *rows: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {
        "order_sn": "2404098R48U37H",
        "order_status": status,
        "create_time": 1_712_601_591,
        "update_time": 1_712_801_591,
        "currency": "VND",
        "cod": True,
        "fulfillment_flag": "fulfilled_by_local_seller",
        "item_list": list(rows) or [item()],
        "package_list": [],
        **others,
    }


def item(model_id: int = 11, quantity: int = 2, **others: Any) -> dict[str, Any]:
    return {
        "item_id": 1000,
        "item_name": "Áo thun",
        "model_id": model_id,
        "model_quantity_purchased": quantity,
        "model_discounted_price": 48000,
        "promotion_type": "flash_sale",
        **others,
    }


def fetched(told: dict[str, Any]) -> MarketOrder:
    [found] = CHANNEL.fetch_orders(SHOP, ["x"], ScriptedSend(answered(said({"order_list": [told]}))), NOW)
    return found


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        ("UNPAID", Stage.UNPAID),
        ("PENDING", Stage.PAID),
        ("READY_TO_SHIP", Stage.PAID),
        ("PROCESSED", Stage.PAID),
        ("RETRY_SHIP", Stage.PAID),
        ("IN_CANCEL", Stage.PAID),
        ("INVOICE_PENDING", Stage.PAID),
        ("SHIPPED", Stage.SHIPPED),
        ("TO_CONFIRM_RECEIVE", Stage.SHIPPED),
        ("TO_RETURN", Stage.SHIPPED),
        ("COMPLETED", Stage.SHIPPED),
        ("CANCELLED", Stage.CANCELLED),
    ],
)
def test_every_status_has_a_stage(status: str, stage: Stage) -> None:
    found = fetched(order(status))
    assert found.stage is stage
    assert found.order_id == "2404098R48U37H"
    assert found.created_at == datetime(2024, 4, 8, 18, 39, 51, tzinfo=UTC)
    assert found.updated_at == datetime(2024, 4, 11, 2, 13, 11, tzinfo=UTC)


def test_a_status_nobody_knows_is_not_guessed_at() -> None:
    with pytest.raises(ChannelError, match="a status we know"):
        fetched(order("TELEPORTED"))


def test_a_model_in_a_bundle_and_beside_it_is_one_line() -> None:
    found = fetched(order("READY_TO_SHIP", item(11, 1), item(12, 1), item(11, 3, promotion_group_id=5)))
    assert found.lines == (OrderLine(listing=SHIRT_RED, ordered=4), OrderLine(listing=SHIRT_BLUE, ordered=1))


def test_a_cancelled_order_gives_its_units_back() -> None:
    found = fetched(order("CANCELLED", cancel_by="buyer", cancel_reason="Buyer Request to Cancel"))
    assert found.lines == (OrderLine(listing=SHIRT_RED, ordered=2, cancelled=2),)
    assert found.stage is Stage.CANCELLED


@pytest.mark.parametrize("reason", ["Out of Stock", "OUT_OF_STOCK"])
def test_units_cancelled_because_they_are_not_there_are_withheld(reason: str) -> None:
    found = fetched(order("CANCELLED", cancel_by="seller", cancel_reason=reason))
    assert found.lines == (OrderLine(listing=SHIRT_RED, ordered=2, withheld=2),)


@pytest.mark.parametrize(
    "evidence",
    [{"pickup_done_time": 1_712_700_000}, {"package_list": [{"logistics_status": "LOGISTICS_DELIVERY_FAILED"}]}],
)
def test_an_order_cancelled_after_it_left_gives_nothing_back(evidence: dict[str, Any]) -> None:
    found = fetched(order("CANCELLED", cancel_by="system", cancel_reason="Failed Delivery", **evidence))
    assert found.stage is Stage.SHIPPED
    assert found.lines == (OrderLine(listing=SHIRT_RED, ordered=2),)


@pytest.mark.parametrize("purchased", [5, 3])
def test_a_part_cancelled_for_want_of_stock_is_withheld_whether_or_not_the_purchase_shrinks(purchased: int) -> None:
    found = fetched(order("READY_TO_SHIP", item(11, purchased, active_qty=3, cancelled_qty=2)))
    assert found.stage is Stage.PAID
    assert found.lines == (OrderLine(listing=SHIRT_RED, ordered=5, withheld=2),)
    assert found.lines[0].wanted == 3


@pytest.mark.parametrize(
    "members", [{"cancel_by": "buyer"}, {"cancel_by": "system"}, {"cancel_by": "seller", "cancel_reason": "Other"}]
)
def test_a_part_cancelled_by_another_or_for_another_reason_is_given_back(members: dict[str, str]) -> None:
    found = fetched(order("READY_TO_SHIP", item(11, 5, active_qty=3, cancelled_qty=2), **members))
    assert found.lines == (OrderLine(listing=SHIRT_RED, ordered=5, cancelled=2),)


def test_units_that_left_are_not_given_back_though_their_row_says_cancelled() -> None:
    row = item(11, 2, active_qty=0, cancelled_qty=2)
    found = fetched(order("CANCELLED", row, cancel_reason="Failed Delivery", pickup_done_time=1_712_700_000))
    assert (found.stage, found.lines) == (Stage.SHIPPED, (OrderLine(listing=SHIRT_RED, ordered=2),))


def test_an_order_with_nothing_left_in_it_is_cancelled() -> None:
    assert fetched(order("READY_TO_SHIP", item(11, 2, active_qty=0, cancelled_qty=2))).stage is Stage.CANCELLED


def test_a_split_order_is_shipped_when_its_last_parcel_is() -> None:
    parcels = [{"logistics_status": "LOGISTICS_PICKUP_DONE"}, {"logistics_status": "LOGISTICS_READY"}]
    assert fetched(order("SHIPPED", package_list=parcels)).stage is Stage.PAID
    parcels[1] = parcels[0]
    assert fetched(order("SHIPPED", package_list=parcels)).stage is Stage.SHIPPED


def test_a_return_puts_nothing_on_the_shelf_by_itself() -> None:
    found = fetched(order("COMPLETED", item(11, 2, active_qty=1, returned_qty=1)))
    assert found.lines == (OrderLine(listing=SHIRT_RED, ordered=2),)


def test_what_shopee_ships_from_its_own_warehouse_is_not_ours_to_count() -> None:
    told = said({"order_list": [order("READY_TO_SHIP", fulfillment_flag="fulfilled_by_shopee")]})
    assert CHANNEL.fetch_orders(SHOP, ["x"], ScriptedSend(answered(told)), NOW) == ()


def test_one_unknown_order_does_not_hide_the_others() -> None:
    no = answered(refused("error_not_found", "Wrong parameters, detail: order not found."))
    send = ScriptedSend(no, no, answered(said({"order_list": [order("UNPAID")]})))
    found = CHANNEL.fetch_orders(SHOP, ["gone", "2404098R48U37H"], send, NOW)
    assert [each.order_id for each in found] == ["2404098R48U37H"]
    assert [query_of(each)["order_sn_list"] for each in send.requests] == [
        "gone,2404098R48U37H",
        "gone",
        "2404098R48U37H",
    ]


def test_more_than_50_orders_are_the_caller_s_mistake() -> None:
    with pytest.raises(ValueError, match="up to 50 orders"):
        CHANNEL.fetch_orders(SHOP, [str(number) for number in range(51)], ScriptedSend(), NOW)


def test_no_orders_need_no_call() -> None:
    assert CHANNEL.fetch_orders(SHOP, [], ScriptedSend(), NOW) == ()


@pytest.mark.parametrize("name", ["order_sn", "order_status", "create_time", "update_time", "item_list"])
def test_an_order_without_a_member_it_needs_is_unreadable(name: str) -> None:
    told = order("UNPAID")
    del told[name]
    with pytest.raises(ChannelError, match=f"unreadable.*{name}"):
        fetched(told)


@pytest.mark.parametrize("told", [{}, {"response": None, "error": ""}, {"response": {"order_list": "none"}}, []])
def test_an_answer_of_another_shape_is_unreadable(told: Any) -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.fetch_orders(SHOP, ["x"], ScriptedSend(answered(told)), NOW)
    assert (error.value.kind, error.value.code) == (Kind.FINAL, "unreadable")


def listed(*order_sns: str, more: bool = False, cursor: str = "") -> dict[str, Any]:
    return said({"more": more, "next_cursor": cursor, "order_list": [{"order_sn": each} for each in order_sns]})


def test_a_long_span_is_asked_for_in_pieces_of_15_days() -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    until = datetime(2026, 1, 20, tzinfo=UTC)
    whole = said({"order_list": [order("UNPAID")]})
    send = ScriptedSend(
        *(answered(each) for each in (listed("A", more=True, cursor="20"), whole, listed("B"), whole, listed()))
    )
    cursor: str | None = None
    orders: list[MarketOrder] = []
    for _ in range(3):
        page = CHANNEL.list_orders(SHOP, since=since, until=until, cursor=cursor, send=send, now=NOW)
        orders += page.orders
        cursor = page.next
    assert cursor is None
    assert [each.order_id for each in orders] == ["2404098R48U37H", "2404098R48U37H"]
    asked = [query_of(each) for each in send.requests if path_of(each).endswith("get_order_list")]
    days = [(datetime.fromtimestamp(int(each["time_from"]), UTC).day, each["cursor"]) for each in asked]
    assert days == [(1, ""), (1, "20"), (16, "")]
    assert all(int(each["time_to"]) - int(each["time_from"]) <= 15 * 86_400 for each in asked)
    assert asked[-1]["time_to"] == str(int(until.timestamp()))


def test_a_page_of_100_numbers_is_fetched_in_two_calls_so_that_its_times_are_known() -> None:
    numbers = [f"N{number}" for number in range(100)]
    whole = said({"order_list": [order("UNPAID")]})
    send = ScriptedSend(answered(listed(*numbers)), answered(whole), answered(whole))
    page = CHANNEL.list_orders(SHOP, since=NOW - timedelta(hours=1), until=NOW, cursor=None, send=send, now=NOW)
    assert [each.updated_at.year for each in page.orders] == [2024, 2024]
    asked = [query_of(each)["order_sn_list"].split(",") for each in send.requests[1:]]
    assert asked == [numbers[:50], numbers[50:]]


def test_an_order_that_cannot_be_read_is_named_and_holds_up_no_other() -> None:
    whole = said({"order_list": [{**order("TELEPORTED"), "order_sn": "ODD"}, order("UNPAID")]})
    send = ScriptedSend(answered(listed("ODD", "2404098R48U37H")), answered(whole))
    page = CHANNEL.list_orders(SHOP, since=NOW - timedelta(hours=1), until=NOW, cursor=None, send=send, now=NOW)
    assert page.changed == (OrderChanged(order_id="ODD"),)
    assert [each.order_id for each in page.orders] == ["2404098R48U37H"]


# --- pushes -----------------------------------------------------------------------------------------------------------


def push(code: int, data: Any, **others: Any) -> bytes:
    return json.dumps({"code": code, "data": data, "shop_id": 727720655, "timestamp": 1_660_123_127, **others}).encode()


def changed(order_sn: str) -> OrderChanged:
    return OrderChanged(order_id=order_sn, shop_there="727720655")


def test_an_order_push_names_the_order_and_its_time() -> None:
    [vector] = [each for each in known("shopee", "webhook") if each["name"] == "order_status_push_code3"]
    assert CHANNEL.read_delivery({}, vector["raw_body"].encode()) == (
        OrderChanged(
            order_id="220810QSK8S7BX", at=datetime(2022, 8, 10, 9, 18, 47, tzinfo=UTC), shop_there="727720655"
        ),
    )


@pytest.mark.parametrize("data", [{"ordersn": "A", "status": 2}, {"order_sn": "A", "return_sn": "R"}])
def test_a_return_or_parcel_push_makes_its_order_fetched(data: dict[str, Any]) -> None:
    for code in (29, 30):
        assert CHANNEL.read_delivery({}, push(code, data)) == (changed("A"),)


@pytest.mark.parametrize(
    ("code", "what"), [(2, "deauthorised"), (12, "authorisation_ending"), (7, "promotion"), (9, "promotion")]
)
def test_what_a_person_must_know_is_said(code: int, what: str) -> None:
    [notice] = CHANNEL.read_delivery({}, push(code, {}))
    assert isinstance(notice, ShopSaid)
    assert notice.what == what


@pytest.mark.parametrize("code", [0, 1, 4, 8, 16, 999])
def test_a_push_of_another_kind_says_nothing(code: int) -> None:
    assert CHANNEL.read_delivery({}, push(code, {"anything": 1})) == ()


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"code":"three"}', push(3, {"status": "UNPAID"})])
def test_a_push_that_cannot_be_read_is_final(body: bytes) -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.read_delivery({}, body)
    assert (error.value.kind, error.value.code) == (Kind.FINAL, "unreadable")


def lost(order_sn: str, shop_id: int | None = 727720655, *, as_text: bool = False) -> dict[str, Any]:
    whole = json.loads(push(3, {"ordersn": order_sn, "items": []}))
    row = {"code": 3, "timestamp": 1_660_123_127, "data": json.dumps(whole) if as_text else whole}
    return row if shop_id is None else {**row, "shop_id": shop_id}


def kept(*rows: dict[str, Any], more: bool = False, last: int = 77) -> ScriptedSend:
    return ScriptedSend(
        answered(said({"push_message_list": list(rows), "has_next_page": more, "last_message_id": last}))
    )


def test_lost_pushes_are_read_and_then_confirmed() -> None:
    pulled = CHANNEL.pull(SHOP, None, kept(lost("A"), lost("B", as_text=True), more=True), NOW)
    assert pulled.notices == (changed("A"), changed("B"))
    assert (pulled.position, pulled.more) == ("77", True)

    send = ScriptedSend(answered(said()))
    CHANNEL.acknowledge(SHOP, "77", send, NOW)
    assert path_of(send.request) == "/api/v2/push/confirm_consumed_lost_push_message"
    assert body_of(send.request) == {"last_message_id": 77}


def test_another_shop_s_lost_pushes_are_never_confirmed() -> None:
    rows = (lost("A"), lost("B", shop_id=1))
    pulled = CHANNEL.pull(SHOP, None, kept(*rows, more=True), NOW)
    assert pulled.notices == (changed("A"),)
    assert pulled.position is not None
    assert not pulled.more

    CHANNEL.acknowledge(SHOP, pulled.position, ScriptedSend(), NOW)  # sends nothing
    again = CHANNEL.pull(SHOP, pulled.position, kept(*rows), NOW)
    assert again.notices == ()
    grown = CHANNEL.pull(SHOP, pulled.position, kept(*rows, lost("C"), last=78), NOW)
    assert changed("C") in grown.notices


def test_a_lost_push_that_cannot_be_read_does_not_hold_up_the_next() -> None:
    broken = {"shop_id": 727720655, "code": 3, "data": "{"}
    pulled = CHANNEL.pull(SHOP, None, kept(broken, lost("B")), NOW)
    assert (pulled.notices, pulled.position) == ((changed("B"),), "77")


def test_a_page_of_lost_pushes_that_say_nothing_is_confirmed_at_once() -> None:
    silent = {"shop_id": 727720655, "code": 8, "data": {"code": 8, "data": {}}}
    send = ScriptedSend(
        answered(said({"push_message_list": [silent], "has_next_page": True, "last_message_id": 77})), answered(said())
    )
    pulled = CHANNEL.pull(SHOP, None, send, NOW)
    assert (pulled.notices, pulled.position, pulled.more) == ((), None, True)
    assert body_of(send.requests[1]) == {"last_message_id": 77}


def test_nothing_lost_is_nothing_to_confirm() -> None:
    pulled = CHANNEL.pull(SHOP, None, kept(), NOW)
    assert (pulled.notices, pulled.position, pulled.more) == ((), None, False)


# --- what is shown ----------------------------------------------------------------------------------------------------


def stock_info(own: int, reserved: int = 0) -> dict[str, Any]:
    return {
        "summary_info": {"total_reserved_stock": reserved, "total_available_stock": own + 100},
        "seller_stock": [{"location_id": "", "stock": own, "if_saleable": True}],
        "shopee_stock": [{"location_id": "FBS", "stock": "100"}],
    }


ITEMS = said(
    {
        "item_list": [
            {"item_id": 1000, "item_name": "Áo thun", "item_sku": "AO", "has_model": True},
            {
                "item_id": 2000,
                "item_name": "Cốc",
                "item_sku": "COC",
                "has_model": False,
                "price_info": [{"currency": "VND", "original_price": 199000, "current_price": 150000}],
                "stock_info_v2": stock_info(4),
            },
        ]
    }
)
MODELS = said(
    {
        "model": [
            {"model_id": 11, "model_sku": "AO-DO", "price_info": [], "stock_info_v2": stock_info(7, 3)},
            {"model_id": 12, "model_sku": "AO-XANH", "price_info": [], "stock_info_v2": stock_info(8)},
        ]
    }
)


def test_read_back_shows_the_seller_s_own_stock_and_what_a_promotion_locks() -> None:
    send = ScriptedSend(answered(ITEMS), answered(MODELS))
    shown = CHANNEL.read_back(SHOP, [SHIRT_RED, MUG, "3000~0"], send, NOW)
    assert shown == (
        Shown(listing=SHIRT_RED, quantity=7, locked=3, title="Áo thun", merchant_sku="AO-DO"),
        Shown(listing=MUG, quantity=4, price=Decimal(199000), title="Cốc", merchant_sku="COC"),
    )
    assert query_of(send.requests[0])["item_id_list"] == "1000,2000,3000"
    assert query_of(send.requests[1])["item_id"] == "1000"


def test_a_whole_shop_is_listed_page_by_page() -> None:
    page = said({"item": [{"item_id": 1000}, {"item_id": 2000}], "has_next_page": True, "next_offset": 20})
    send = ScriptedSend(answered(page), answered(ITEMS), answered(MODELS))
    shown = CHANNEL.list_stock(SHOP, None, send, NOW)
    assert [each.listing for each in shown.shown] == [SHIRT_RED, SHIRT_BLUE, MUG]
    assert shown.next == "20"
    assert send.requests[0].url.endswith("&offset=0&page_size=20&item_status=NORMAL&item_status=UNLIST")

    empty = ScriptedSend(answered(said({"item": [], "has_next_page": False})))
    assert CHANNEL.list_stock(SHOP, "20", empty, NOW).next is None


def test_the_sheet_names_every_member_of_a_listing_s_key() -> None:
    assert SHEET.listing_parts == ("item_id", "model_id")
    assert SHEET.errors["error_limit"] is Kind.DAILY_QUOTA
    assert SHEET.quota_resets is not None
