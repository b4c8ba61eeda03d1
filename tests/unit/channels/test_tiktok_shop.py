"""TikTok Shop: what is asked, signed how, and what its answers mean. Answers have the shape of the reference."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from holdfast.channels.protocol import Account, ChannelError, OrderChanged, PriceItem, ShopSaid, Shown, StockItem
from holdfast.channels.sheet import Kind
from holdfast.channels.signing import sorted_pairs
from holdfast.channels.tiktok_shop import CHANNEL
from holdfast.channels.tiktok_shop.calls import sign
from holdfast.domain.market import MarketOrder, OrderLine, Stage
from tests.support.known_signatures import known
from tests.support.scripted_send import ScriptedSend, answered, body_of, path_of, query_of

NOW = datetime.fromtimestamp(1_700_000_000, UTC)
SHOP = Account(
    channel="tiktok_shop",
    shop="hanoi",
    api_url="https://open-api.tiktok.test",
    auth_url="https://auth.tiktok.test",
    members={
        "app_key": "68xu9ks5p4i8",
        "app_secret": "test_app_secret_tts",
        "shop_id": "7494049642642441621",
        "shop_cipher": "ROW_xkMbgAAAeVAQra0eZWebFQq5aIK",
    },
    access_token="TTP_test_access_token",
    refresh_token="TTP_test_refresh_token",
)
SOCKS = "1729592969712207008~2729382476852921560"
SHIRT_RED, SHIRT_BLUE, MUG = "1000~11", "1000~12", "2000~21"
SIGNED = known("tiktok_shop", "request_signing")


def said(data: Any = None, **others: Any) -> dict[str, Any]:
    return {"code": 0, "message": "Success", "request_id": "r1", "data": data if data is not None else {}, **others}


def refused(code: int, message: str = "") -> dict[str, Any]:
    return {"code": code, "message": message, "request_id": "r1"}


def stock(listing: str, quantity: int, location: str | None = None) -> StockItem:
    return StockItem(listing=listing, quantity=quantity, location=location)


def vector_named(name: str) -> dict[str, Any]:
    [vector] = [each for each in SIGNED if each["name"] == name]
    return vector


# --- signing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", SIGNED, ids=lambda vector: vector["name"])
def test_known_signatures_reproduce(vector: dict[str, Any]) -> None:
    body = (vector["raw_body"] or "").encode()
    asked, secret, kind = vector["query"], vector["app_secret"], vector["content_type"]
    assert sign(vector["path"], asked, body, app_secret=secret, content_type=kind) == vector["expected"]


@pytest.mark.parametrize(
    "vector", [each for each in SIGNED if "base_string" in each], ids=lambda vector: vector["name"]
)
def test_the_base_of_a_signature_is_the_known_one(vector: dict[str, Any]) -> None:
    signed = {name: value for name, value in vector["query"].items() if name not in {"sign", "access_token"}}
    secret = vector["app_secret"]
    base = f"{secret}{vector['path']}{sorted_pairs(signed)}{vector['raw_body'] or ''}{secret}"
    assert base == vector["base_string"]


def test_a_stock_write_is_byte_for_byte_what_others_sign() -> None:
    vector = vector_named("inventory_update")
    send = ScriptedSend(answered(said()))
    [result] = CHANNEL.push_stock(SHOP, [stock(SOCKS, 12, "7068517275539719942")], send, NOW)
    assert result.written
    assert send.request.method == "POST"
    assert path_of(send.request) == vector["path"]
    assert send.request.body.decode() == vector["raw_body"]
    assert query_of(send.request)["sign"] == vector["expected"]
    assert send.request.headers["x-tts-access-token"] == SHOP.access_token
    assert "access_token" not in query_of(send.request)


def test_a_price_write_is_byte_for_byte_what_others_sign() -> None:
    vector = vector_named("price_update")
    send = ScriptedSend(answered(said()))
    item = PriceItem(listing=SOCKS, amount=Decimal(199000), currency="VND")
    [result] = CHANNEL.push_prices(SHOP, [item], send, NOW)
    assert result.written
    assert (path_of(send.request), send.request.body.decode()) == (vector["path"], vector["raw_body"])
    assert query_of(send.request)["sign"] == vector["expected"]


def test_a_page_of_orders_is_asked_for_as_others_sign_it() -> None:
    vector = vector_named("orders_search")
    send = ScriptedSend(answered(said({"orders": [], "total_count": 0})))
    since = datetime.fromtimestamp(1_699_990_000, UTC)
    page = CHANNEL.list_orders(SHOP, since=since, until=NOW, cursor="aGVsbG8=", send=send, now=NOW)
    assert (page.orders, page.next) == ((), None)
    assert (path_of(send.request), send.request.body.decode()) == (vector["path"], vector["raw_body"])
    assert query_of(send.request)["sign"] == vector["expected"]


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_a_refresh_tells_its_expiry_as_a_time() -> None:
    fresh = {
        "access_token": "new",
        "access_token_expire_in": 1_700_604_800,
        "refresh_token": "new-refresh",
        "refresh_token_expire_in": 1_731_536_000,
    }
    send = ScriptedSend(answered(said(fresh)))
    tokens = CHANNEL.refresh(SHOP, send, NOW)
    assert (tokens.access_token, tokens.refresh_token) == ("new", "new-refresh")
    assert tokens.expires_at == NOW + timedelta(days=7)
    assert send.request.url.startswith("https://auth.tiktok.test/api/v2/token/refresh?")
    assert query_of(send.request) == {
        "app_key": "68xu9ks5p4i8",
        "app_secret": "test_app_secret_tts",
        "refresh_token": "TTP_test_refresh_token",
        "grant_type": "refresh_token",
    }


@pytest.mark.parametrize(("code", "message"), [(98001006, ""), (36004004, ""), (1, "refresh_token is invalid")])
def test_a_refresh_token_that_has_ended_needs_the_merchant(code: int, message: str) -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.refresh(SHOP, ScriptedSend(answered(refused(code, message))), NOW)
    assert (error.value.kind, error.value.code) == (Kind.REAUTHORISE, str(code))


@pytest.mark.parametrize(("status", "kind"), [(401, Kind.REAUTHORISE), (429, Kind.PASSING), (502, Kind.UNKNOWN)])
def test_a_refresh_that_is_turned_away_asks_for_no_refresh(status: int, kind: Kind) -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.refresh(SHOP, ScriptedSend(answered(b"", status=status)), NOW)
    assert (error.value.kind, error.value.code) == (kind, f"http_{status}")


def test_an_unreadable_refresh_may_have_changed_the_token() -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.refresh(SHOP, ScriptedSend(answered(said({"access_token": "new"}))), NOW)
    assert (error.value.kind, error.value.code) == (Kind.UNKNOWN, "unreadable")


# --- stock ------------------------------------------------------------------------------------------------------------


def test_the_warehouses_of_a_sku_go_together() -> None:
    send = ScriptedSend(answered(said()))
    results = CHANNEL.push_stock(
        SHOP, [stock(SHIRT_RED, 7, "W1"), stock(SHIRT_RED, 2, "W2"), stock(SHIRT_BLUE, 3)], send, NOW
    )
    assert [result.written for result in results] == [True, True, True]
    assert body_of(send.request) == {
        "skus": [
            {
                "id": "11",
                "inventory": [{"warehouse_id": "W1", "quantity": 7}, {"warehouse_id": "W2", "quantity": 2}],
            },
            {"id": "12", "inventory": [{"quantity": 3}]},
        ]
    }


def check_failed(sku_id: str | None, code: int, message: str) -> dict[str, Any]:
    detail: dict[str, Any] = {"extra_errors": [{"warehouse_id": "W1", "code": code, "message": message}]}
    if sku_id:
        detail["sku_id"] = sku_id
    return {"code": 12052990, "message": "Check failed", "detail": detail}


def test_success_with_failures_inside_is_read_listing_by_listing() -> None:
    told = said({"errors": [check_failed("12", 12052097, "The warehouse does not exist")]})
    red, blue = CHANNEL.push_stock(SHOP, [stock(SHIRT_RED, 7), stock(SHIRT_BLUE, 3)], ScriptedSend(answered(told)), NOW)
    assert (red.listing, red.written) == (SHIRT_RED, True)
    assert blue.error is not None
    assert (blue.error.kind, blue.error.code) == (Kind.FINAL, "12052097")
    assert blue.error.detail == "The warehouse does not exist"


def test_a_failure_inside_that_names_no_sku_may_be_any_of_them() -> None:
    told = said({"errors": [{"code": 12052393, "message": "Product locked for Promotion"}]})
    both = CHANNEL.push_stock(SHOP, [stock(SHIRT_RED, 7), stock(SHIRT_BLUE, 3)], ScriptedSend(answered(told)), NOW)
    assert [result.error.code for result in both if result.error] == ["not_told", "not_told"]
    [alone] = CHANNEL.push_stock(SHOP, [stock(SHIRT_RED, 7)], ScriptedSend(answered(told)), NOW)
    assert alone.error is not None
    assert alone.error.kind is Kind.PROMOTION_LOCK


def test_a_zero_is_written_as_a_zero() -> None:
    send = ScriptedSend(answered(said()))
    [result] = CHANNEL.push_stock(SHOP, [stock(MUG, 0)], send, NOW)
    assert result.written
    assert send.request.body == b'{"skus":[{"id":"21","inventory":[{"quantity":0}]}]}'


def test_a_zero_that_is_refused_asks_a_person_to_hide_the_product() -> None:
    inside = said({"errors": [check_failed("11", 12052055, "must be within allowed limits")]})
    red, blue = CHANNEL.push_stock(
        SHOP, [stock(SHIRT_RED, 0), stock(SHIRT_BLUE, 3)], ScriptedSend(answered(inside)), NOW
    )
    assert blue.written
    assert red.error is not None
    assert (red.error.kind, red.error.code) == (Kind.FINAL, "zero_refused")

    whole = answered(refused(12019024, "stock count is invalid"))
    with pytest.raises(ChannelError, match=r"zero_refused.*hide its product"):
        CHANNEL.push_stock(SHOP, [stock(MUG, 0)], ScriptedSend(whole), NOW)
    with pytest.raises(ChannelError, match="12019024"):
        CHANNEL.push_stock(SHOP, [stock(MUG, 5)], ScriptedSend(whole), NOW)


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (36009002, "Too many requests.", Kind.PASSING),
        (36009003, "Internal error. Please try again.", Kind.UNKNOWN),
        (36009007, "Request timeout.", Kind.UNKNOWN),
        (105002, "Expired credentials.", Kind.TOKEN),
        (36009004, "Invalid credentials. The `x-tts-access-token` header is invalid.", Kind.TOKEN),
        (36009004, "Invalid timestamp.", Kind.FINAL),
        (105005, "The access scopes granted for the app or the access token do not contain it.", Kind.FINAL),
        (106001, "Invalid credentials. The `sign` query parameter is invalid.", Kind.FINAL),
        (36009033, "Access denied. Your IP address is not in the IP allow list", Kind.FINAL),
        (12052393, "Product locked for Promotion and stock can't be updated below current stock", Kind.PROMOTION_LOCK),
        (12052901, "The product in its current status is not available", Kind.FINAL),
        (12052556, "never heard of", Kind.FINAL),
    ],
)
@pytest.mark.parametrize("status", [200, 401])
def test_a_no_to_a_stock_write_has_a_meaning(code: int, message: str, kind: Kind, status: int) -> None:
    answer = answered(refused(code, message), status=status)
    with pytest.raises(ChannelError) as error:
        CHANNEL.push_stock(SHOP, [stock(MUG, 7)], ScriptedSend(answer), NOW)
    assert (error.value.kind, error.value.code) == (kind, str(code))


def test_an_internal_error_while_reading_is_only_passing() -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.fetch_orders(SHOP, ["1"], ScriptedSend(answered(refused(36009003))), NOW)
    assert error.value.kind is Kind.PASSING


def test_being_throttled_says_how_long() -> None:
    answer = answered(refused(36009002), status=429, headers={"retry-after": "3"})
    with pytest.raises(ChannelError) as error:
        CHANNEL.push_stock(SHOP, [stock(MUG, 7)], ScriptedSend(answer), NOW)
    assert (error.value.kind, error.value.retry_after_s) == (Kind.PASSING, 3.0)


def test_two_products_in_one_batch_are_the_caller_s_mistake() -> None:
    with pytest.raises(ValueError, match="one product, not of 2"):
        CHANNEL.push_stock(SHOP, [stock(MUG, 1), stock(SHIRT_RED, 1)], ScriptedSend(), NOW)


@pytest.mark.parametrize(("amount", "currency"), [("199000.5", "VND"), ("19.9", "USD")])
def test_a_price_that_is_not_in_whole_dong_is_not_sent(amount: str, currency: str) -> None:
    with pytest.raises(ChannelError, match="bad_price"):
        CHANNEL.push_prices(
            SHOP, [PriceItem(listing=MUG, amount=Decimal(amount), currency=currency)], ScriptedSend(), NOW
        )


# --- orders -----------------------------------------------------------------------------------------------------------


def unit(status: str = "AWAITING_SHIPMENT", sku_id: str = "11", **others: Any) -> dict[str, Any]:
    return {
        "id": "577086512123755123",
        "product_id": "1000",
        "sku_id": sku_id,
        "seller_sku": "AO-DO",
        "display_status": status,
        "is_gift": False,
        **others,
    }


def order(status: str, *rows: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {
        "id": "576461413038785752",
        "status": status,
        "create_time": 1_712_601_591,
        "update_time": 1_712_801_591,
        "fulfillment_type": "FULFILLMENT_BY_SELLER",
        "line_items": list(rows) or [unit(status)],
        **others,
    }


def fetched(told: dict[str, Any]) -> MarketOrder:
    [found] = CHANNEL.fetch_orders(SHOP, ["1"], ScriptedSend(answered(said({"orders": [told]}))), NOW)
    return found


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        ("UNPAID", Stage.UNPAID),
        ("ON_HOLD", Stage.PAID),
        ("AWAITING_SHIPMENT", Stage.PAID),
        ("PARTIALLY_SHIPPING", Stage.PAID),
        ("AWAITING_COLLECTION", Stage.PAID),
        ("IN_TRANSIT", Stage.SHIPPED),
        ("DELIVERED", Stage.SHIPPED),
        ("COMPLETED", Stage.SHIPPED),
        ("CANCELLED", Stage.CANCELLED),
        ("CANCEL", Stage.CANCELLED),
    ],
)
def test_every_status_has_a_stage(status: str, stage: Stage) -> None:
    found = fetched(order(status))
    assert found.stage is stage
    assert found.order_id == "576461413038785752"
    assert found.created_at == datetime(2024, 4, 8, 18, 39, 51, tzinfo=UTC)
    assert found.updated_at == datetime(2024, 4, 11, 2, 13, 11, tzinfo=UTC)


def test_a_status_nobody_knows_is_not_guessed_at() -> None:
    with pytest.raises(ChannelError, match="a status we know"):
        fetched(order("TELEPORTED", unit("UNPAID")))
    with pytest.raises(ChannelError, match="a status we know"):
        fetched(order("UNPAID", unit("TELEPORTED")))


def test_rows_of_single_units_are_summed() -> None:
    found = fetched(order("AWAITING_SHIPMENT", unit(), unit(sku_id="12"), unit(), unit("CANCELLED")))
    red = OrderLine(listing=SHIRT_RED, ordered=3, cancelled=1)
    assert found.lines == (red, OrderLine(listing=SHIRT_BLUE, ordered=1))
    assert red.wanted == 2


def test_an_order_is_as_far_as_its_last_unit() -> None:
    assert fetched(order("PARTIALLY_SHIPPING", unit("IN_TRANSIT"), unit("AWAITING_SHIPMENT"))).stage is Stage.PAID
    assert fetched(order("IN_TRANSIT", unit("IN_TRANSIT"), unit("CANCELLED"))).stage is Stage.SHIPPED


def test_a_cancelled_order_cancels_every_line_whatever_they_say() -> None:
    found = fetched(order("CANCELLED", unit("AWAITING_SHIPMENT")))
    assert (found.stage, found.lines[0].wanted) == (Stage.CANCELLED, 0)


GIVEN_BACK = OrderLine(listing=SHIRT_RED, ordered=1, cancelled=1)
WITHHELD = OrderLine(listing=SHIRT_RED, ordered=1, withheld=1)


@pytest.mark.parametrize(
    ("members", "line"),
    [
        ({"cancel_user": "SELLER", "cancel_reason": "Out of stock"}, WITHHELD),
        ({"cancel_user": "SELLER", "cancel_reason": "seller_cancel_reason_out_of_stock"}, WITHHELD),
        ({"cancel_user": "BUYER", "cancel_reason": "Out of stock"}, GIVEN_BACK),
        ({"cancel_user": "SELLER", "cancel_reason": "Pricing error"}, GIVEN_BACK),
        ({}, GIVEN_BACK),
    ],
)
def test_units_cancelled_because_they_are_not_there_are_withheld(members: dict[str, str], line: OrderLine) -> None:
    assert fetched(order("CANCELLED", unit("CANCELLED", **members))).lines == (line,)


def test_the_reason_may_stand_at_the_order() -> None:
    told = order("CANCELLED", cancellation_initiator="SELLER", cancel_reason="Out of stock")
    assert fetched(told).lines == (OrderLine(listing=SHIRT_RED, ordered=1, withheld=1),)


def test_a_unit_cancelled_on_its_way_gives_nothing_back_and_one_that_stayed_does() -> None:
    left = unit("CANCELLED", package_id="1153132168123859123")
    found = fetched(order("CANCELLED", left, unit("CANCELLED", sku_id="12"), collection_time=1_712_700_000))
    assert found.stage is Stage.SHIPPED
    assert found.lines == (
        OrderLine(listing=SHIRT_RED, ordered=1),
        OrderLine(listing=SHIRT_BLUE, ordered=1, cancelled=1),
    )
    assert fetched(order("CANCELLED", left)).stage is Stage.CANCELLED


def test_what_tiktok_ships_from_its_own_warehouse_is_not_ours_to_count() -> None:
    told = said({"orders": [order("AWAITING_SHIPMENT", fulfillment_type="FULFILLMENT_BY_TIKTOK")]})
    assert CHANNEL.fetch_orders(SHOP, ["1"], ScriptedSend(answered(told)), NOW) == ()


def test_one_order_of_another_shop_does_not_hide_the_others() -> None:
    no = answered(refused(21008111, "The order or package does not belong to the current seller."))
    send = ScriptedSend(no, no, answered(said({"orders": [order("UNPAID")]})))
    assert len(CHANNEL.fetch_orders(SHOP, ["1", "2"], send, NOW)) == 1
    assert [query_of(each)["ids"] for each in send.requests] == ["1,2", "1", "2"]


@pytest.mark.parametrize("name", ["id", "status", "create_time", "update_time", "line_items"])
def test_an_order_without_a_member_it_needs_is_unreadable(name: str) -> None:
    told = order("UNPAID")
    del told[name]
    with pytest.raises(ChannelError, match=f"unreadable.*{name}"):
        fetched(told)


def test_an_order_without_lines_is_unreadable() -> None:
    with pytest.raises(ChannelError, match="at least one line"):
        fetched({**order("UNPAID"), "line_items": []})


@pytest.mark.parametrize("told", [[], {}, {"code": 0}, said({"orders": {}}), said([]), {"message": "ok"}])
def test_an_answer_of_another_shape_is_unreadable(told: Any) -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.fetch_orders(SHOP, ["1"], ScriptedSend(answered(told)), NOW)
    assert (error.value.kind, error.value.code) == (Kind.FINAL, "unreadable")


def test_a_page_tells_its_orders_whole_and_the_way_to_the_next() -> None:
    told = said({"orders": [order("UNPAID")], "next_page_token": "b2Zm", "total_count": 70})
    send = ScriptedSend(answered(told))
    page = CHANNEL.list_orders(SHOP, since=NOW - timedelta(hours=1), until=NOW, cursor=None, send=send, now=NOW)
    assert [each.order_id for each in page.orders] == ["576461413038785752"]
    assert page.next == "b2Zm"
    asked = query_of(send.request)
    assert "page_token" not in asked
    assert (asked["sort_field"], asked["sort_order"]) == ("update_time", "ASC")

    last = ScriptedSend(answered(said({"orders": [], "next_page_token": ""})))
    assert CHANNEL.list_orders(SHOP, since=NOW, until=NOW, cursor="b2Zm", send=last, now=NOW).next is None


def test_an_order_that_cannot_be_read_is_named_and_holds_up_no_other() -> None:
    told = said({"orders": [{**order("TELEPORTED"), "id": "7"}, order("UNPAID")]})
    page = CHANNEL.list_orders(
        SHOP, since=NOW - timedelta(hours=1), until=NOW, cursor=None, send=ScriptedSend(answered(told)), now=NOW
    )
    assert page.changed == (OrderChanged(order_id="7"),)
    assert [each.order_id for each in page.orders] == ["576461413038785752"]


# --- pushes -----------------------------------------------------------------------------------------------------------


def push(kind: int, data: Any) -> bytes:
    return json.dumps({"type": kind, "shop_id": "7494049642642441621", "timestamp": 1, "data": data}).encode()


def test_an_order_push_names_the_order_and_its_time() -> None:
    [vector] = [each for each in known("tiktok_shop", "webhook") if each["name"] == "ecomphp_test_type1"]
    assert CHANNEL.read_delivery({}, vector["raw_body"].encode()) == (
        OrderChanged(
            order_id="576684019603311365",
            at=datetime(2022, 9, 25, 8, 46, 50, tzinfo=UTC),
            shop_there="7494726673780148744",
        ),
    )


@pytest.mark.parametrize("kind", [11, 12])
def test_a_push_of_a_cancellation_or_a_return_makes_its_order_fetched(kind: int) -> None:
    data = {"order_id": "576486316948490001", "cancel_status": "CANCELLATION_REQUEST_SUCCESS"}
    told = OrderChanged(order_id="576486316948490001", shop_there="7494049642642441621")
    assert CHANNEL.read_delivery({}, push(kind, data)) == (told,)


@pytest.mark.parametrize(("kind", "what"), [(6, "deauthorised"), (7, "authorisation_ending"), (39, "promotion")])
def test_what_a_person_must_know_is_said(kind: int, what: str) -> None:
    [notice] = CHANNEL.read_delivery({}, push(kind, {"message": "m"}))
    assert isinstance(notice, ShopSaid)
    assert notice.what == what


@pytest.mark.parametrize("kind", [3, 4, 5, 27, 999])
def test_a_push_of_another_kind_says_nothing(kind: int) -> None:
    assert CHANNEL.read_delivery({}, push(kind, {})) == ()


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", push(1, {}), push(1, "A"), b'{"type": null}'])
def test_a_push_that_cannot_be_read_is_final(body: bytes) -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.read_delivery({}, body)
    assert (error.value.kind, error.value.code) == (Kind.FINAL, "unreadable")


def test_tiktok_keeps_no_lost_pushes() -> None:
    pulled = CHANNEL.pull(SHOP, None, ScriptedSend(), NOW)
    assert (pulled.notices, pulled.position, pulled.more) == ((), None, False)
    CHANNEL.acknowledge(SHOP, "1", ScriptedSend(), NOW)


# --- what is shown ----------------------------------------------------------------------------------------------------

INVENTORY = said(
    {
        "inventory": [
            {
                "product_id": "1000",
                "skus": [
                    {
                        "id": "11",
                        "seller_sku": "AO-DO",
                        "total_available_quantity": 100,
                        "total_committed_quantity": 10,
                        "warehouse_inventory": [{"warehouse_id": "W1", "available_quantity": 100}],
                        "total_available_inventory_distribution": {
                            "campaign_inventory": [{"quantity": 30, "campaign_name": "Big Sale"}],
                            "creator_inventory": [{"quantity": 20, "creator_name": "py001"}],
                            "in_shop_inventory": {"quantity": 50},
                        },
                    },
                    {"id": "12", "total_available_quantity": 0, "total_committed_quantity": 0},
                ],
            }
        ]
    }
)


def test_read_back_shows_what_a_write_sets_and_what_campaigns_keep() -> None:
    send = ScriptedSend(answered(INVENTORY))
    shown = CHANNEL.read_back(SHOP, [SHIRT_RED, MUG], send, NOW)
    assert shown == (Shown(listing=SHIRT_RED, quantity=100, locked=50, merchant_sku="AO-DO"),)
    assert body_of(send.request) == {"sku_ids": ["11", "21"]}


def test_nothing_to_read_back_needs_no_call() -> None:
    assert CHANNEL.read_back(SHOP, [], ScriptedSend(), NOW) == ()


def test_a_whole_shop_is_listed_page_by_page() -> None:
    page = said({"products": [{"id": "1000", "title": "Áo thun", "skus": []}], "next_page_token": "b2Zm"})
    send = ScriptedSend(answered(page), answered(INVENTORY))
    shown = CHANNEL.list_stock(SHOP, None, send, NOW)
    assert [(each.listing, each.title) for each in shown.shown] == [(SHIRT_RED, "Áo thun"), (SHIRT_BLUE, "Áo thun")]
    assert shown.next == "b2Zm"
    assert body_of(send.requests[0]) == {"status": "ACTIVATE"}
    assert body_of(send.requests[1]) == {"product_ids": ["1000"]}

    empty = ScriptedSend(answered(said({"products": []})))
    assert CHANNEL.list_stock(SHOP, "b2Zm", empty, NOW).next is None
