"""Lazada: what is asked, signed how, and what its answers mean. Answers have the shape of the published reference."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest

from holdfast.channels.lazada import CHANNEL
from holdfast.channels.lazada.calls import sign
from holdfast.channels.lazada.sheet import SHEET
from holdfast.channels.protocol import (
    Account,
    ChannelError,
    OrderChanged,
    PriceItem,
    Request,
    ShopSaid,
    Shown,
    StockItem,
)
from holdfast.channels.sheet import Kind
from holdfast.channels.signing import sorted_pairs
from holdfast.domain.market import MarketOrder, OrderLine, Stage
from tests.support.known_signatures import known
from tests.support.scripted_send import ScriptedSend, answered, path_of, query_of

NOW = datetime.fromtimestamp(1_700_000_000, UTC)
SHOP = Account(
    channel="lazada",
    shop="hanoi",
    api_url="https://api.lazada.test/rest",
    auth_url="https://auth.lazada.test/rest",
    members={"app_key": "123456", "app_secret": "test_app_secret_0123456789", "seller_id": "1234567"},
    access_token="test_access_token",
    refresh_token="test_refresh_token",
)
SHIRT_RED, SHIRT_BLUE, MUG = "1000~11", "1000~12", "2000~21"


def said(data: Any = None, **others: Any) -> dict[str, Any]:
    return {"code": "0", "data": data if data is not None else {}, "request_id": "r1", **others}


def refused(code: str, message: str = "", **others: Any) -> dict[str, Any]:
    return {"code": code, "type": "ISP", "message": message, "request_id": "r1", **others}


def stock(listing: str, quantity: int, location: str | None = None) -> StockItem:
    return StockItem(listing=listing, quantity=quantity, location=location)


def form_of(request: Request) -> dict[str, str]:
    return {name: value for name, [value] in parse_qs(request.body.decode(), strict_parsing=True).items()}


# --- signing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", known("lazada", "request_signing"), ids=lambda vector: vector["name"])
def test_known_signatures_reproduce(vector: dict[str, Any]) -> None:
    assert sign(vector["path"], vector["params"], app_secret=vector["app_secret"]) == vector["expected"]


@pytest.mark.parametrize(
    "vector",
    # The published example spells its base without the underscore of sign_method; its signature is made with it.
    [each for each in known("lazada", "request_signing") if each["name"] != "official_doc_order_get"],
    ids=lambda vector: vector["name"],
)
def test_the_base_of_a_signature_is_the_known_one(vector: dict[str, Any]) -> None:
    assert vector["path"] + sorted_pairs(vector["params"]) == vector["base_string"]


def test_a_refresh_is_signed_as_others_sign_it() -> None:
    [vector] = [each for each in known("lazada", "request_signing") if each["name"] == "token_refresh"]
    fresh = {"code": "0", "access_token": "new", "refresh_token": "new-refresh", "expires_in": 2_592_000}
    send = ScriptedSend(answered(fresh))
    tokens = CHANNEL.refresh(SHOP, send, NOW)

    assert send.request.url.startswith("https://auth.lazada.test/rest/auth/token/refresh?")
    assert query_of(send.request)["sign"] == vector["expected"]
    assert form_of(send.request) == {"refresh_token": "test_refresh_token"}
    assert "access_token" not in query_of(send.request)
    assert (tokens.access_token, tokens.refresh_token) == ("new", "new-refresh")
    assert tokens.expires_at == NOW + timedelta(days=30)


def test_the_payload_of_a_write_is_signed_and_goes_in_the_form() -> None:
    send = ScriptedSend(answered(said()))
    CHANNEL.push_stock(SHOP, [stock(MUG, 7)], send, NOW)

    asked = query_of(send.request)
    form = form_of(send.request)
    assert send.request.method == "POST"
    assert path_of(send.request) == "/rest/product/stock/sellable/update"
    assert asked.keys() == {"app_key", "access_token", "timestamp", "sign_method", "sign"}
    assert asked["timestamp"] == "1700000000000"
    signed = {name: value for name, value in asked.items() if name != "sign"} | form
    assert asked["sign"] == sign("/product/stock/sellable/update", signed, app_secret=SHOP.members["app_secret"])


# --- tokens -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["IllegalRefreshToken", "AUTH_TYPE_UNSUPPORTED"])
def test_a_refresh_token_that_has_ended_needs_the_merchant(code: str) -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.refresh(SHOP, ScriptedSend(answered(refused(code, "invalid or expired"))), NOW)
    assert (error.value.kind, error.value.code) == (Kind.REAUTHORISE, code)


@pytest.mark.parametrize(("status", "kind"), [(401, Kind.REAUTHORISE), (429, Kind.PASSING), (502, Kind.UNKNOWN)])
def test_a_refresh_that_is_turned_away_asks_for_no_refresh(status: int, kind: Kind) -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.refresh(SHOP, ScriptedSend(answered(b"", status=status)), NOW)
    assert (error.value.kind, error.value.code) == (kind, f"http_{status}")


def test_an_unreadable_refresh_may_have_changed_the_token() -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.refresh(SHOP, ScriptedSend(answered({"code": "0", "access_token": "new"})), NOW)
    assert (error.value.kind, error.value.code) == (Kind.UNKNOWN, "unreadable")


# --- stock ------------------------------------------------------------------------------------------------------------


def test_a_stock_write_sets_the_sellable_quantity_of_skus_of_several_products() -> None:
    send = ScriptedSend(answered(said()))
    results = CHANNEL.push_stock(SHOP, [stock(SHIRT_RED, 7), stock(MUG, 0)], send, NOW)
    assert [result.written for result in results] == [True, True]
    assert form_of(send.request)["payload"] == (
        "<Request><Product><Skus>"
        "<Sku><ItemId>1000</ItemId><SkuId>11</SkuId><SellableQuantity>7</SellableQuantity></Sku>"
        "<Sku><ItemId>2000</ItemId><SkuId>21</SkuId><SellableQuantity>0</SellableQuantity></Sku>"
        "</Skus></Product></Request>"
    )


def test_warehouses_go_together_in_the_form_for_several() -> None:
    send = ScriptedSend(answered(said()))
    CHANNEL.push_stock(SHOP, [stock(MUG, 7, "VN<1>"), stock(MUG, 2, "VN2")], send, NOW)
    assert (
        "<Sku><ItemId>2000</ItemId><SkuId>21</SkuId><MultiWarehouseInventories>"
        "<MultiWarehouseInventory><WarehouseCode>VN&lt;1&gt;</WarehouseCode><SellableQuantity>7</SellableQuantity>"
        "</MultiWarehouseInventory><MultiWarehouseInventory><WarehouseCode>VN2</WarehouseCode>"
        "<SellableQuantity>2</SellableQuantity></MultiWarehouseInventory></MultiWarehouseInventories></Sku>"
    ) in form_of(send.request)["payload"]


def test_success_with_failures_inside_is_read_listing_by_listing() -> None:
    told = said(detail=[{"code": "E0501", "field": "ItemId", "sku_id": 12, "message": "ITEM_NOT_FOUND"}])
    red, blue = CHANNEL.push_stock(SHOP, [stock(SHIRT_RED, 7), stock(SHIRT_BLUE, 3)], ScriptedSend(answered(told)), NOW)
    assert (red.listing, red.written) == (SHIRT_RED, True)
    assert blue.error is not None
    assert (blue.error.kind, blue.error.code, blue.error.detail) == (Kind.FINAL, "E0501", "ITEM_NOT_FOUND")


def test_a_failure_inside_that_names_no_listing_may_be_any_of_them() -> None:
    told = said(detail=[{"code": "E0501", "field": "ItemId", "message": "ITEM_NOT_FOUND"}])
    results = CHANNEL.push_stock(SHOP, [stock(SHIRT_RED, 7), stock(MUG, 3)], ScriptedSend(answered(told)), NOW)
    assert [result.error.kind for result in results if result.error] == [Kind.UNKNOWN, Kind.UNKNOWN]

    [alone] = CHANNEL.push_stock(SHOP, [stock(MUG, 3)], ScriptedSend(answered(told)), NOW)
    assert alone.error is not None
    assert alone.error.kind is Kind.FINAL


def test_a_refusal_with_detail_says_what_happened_to_those_it_names() -> None:
    told = refused(
        "501",
        "E501: Update product failed",
        detail=[
            {
                "code": "E0501",
                "field": "bizCheck",
                "item_id": 2000,
                "message": "negative sellable on channel inventory, please check",
            }
        ],
    )
    red, mug = CHANNEL.push_stock(SHOP, [stock(SHIRT_RED, 7), stock(MUG, 0)], ScriptedSend(answered(told)), NOW)
    assert red.error is not None
    assert mug.error is not None
    assert (red.error.kind, red.error.code) == (Kind.UNKNOWN, "not_told")
    assert mug.error.kind is Kind.PROMOTION_LOCK


def test_a_refusal_that_names_nobody_is_asked_again_sku_by_sku() -> None:
    lock = refused("4170", "During the Mega campaign, there are restrictions for stock adjustments in effect")
    send = ScriptedSend(answered(lock), answered(said()), answered(lock))
    red, mug = CHANNEL.push_stock(SHOP, [stock(SHIRT_RED, 7), stock(MUG, 0)], send, NOW)
    assert red.written
    assert mug.error is not None
    assert mug.error.kind is Kind.PROMOTION_LOCK
    assert len(send.requests) == 3


def test_what_goes_wrong_while_asking_sku_by_sku_belongs_to_that_sku() -> None:
    lost = ChannelError(Kind.UNKNOWN, "timeout", "POST api.lazada.test")
    send = ScriptedSend(answered(refused("501")), answered(said()), lost)
    red, mug = CHANNEL.push_stock(SHOP, [stock(SHIRT_RED, 7), stock(MUG, 0)], send, NOW)
    assert (red.written, mug.error) == (True, lost)


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("901", "E901: The request is too frequent", Kind.PASSING),
        ("998", "", Kind.PASSING),
        ("6", "E006: Unexpected internal error", Kind.UNKNOWN),
        ("513", "Internal call exception", Kind.UNKNOWN),
        ("1000", "Internal Application Error", Kind.UNKNOWN),
        ("ServiceTimeout", "", Kind.UNKNOWN),
        ("IllegalAccessToken", "The specified access token is invalid or expired", Kind.TOKEN),
        ("IncompleteSignature", "", Kind.FINAL),
        ("NeverHeardOf", "", Kind.FINAL),
    ],
)
def test_a_no_to_the_whole_batch_has_a_meaning(code: str, message: str, kind: Kind) -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.push_stock(
            SHOP, [stock(MUG, 7), stock(SHIRT_RED, 1)], ScriptedSend(answered(refused(code, message))), NOW
        )
    assert (error.value.kind, error.value.code) == (kind, code)


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("4170", "", Kind.PROMOTION_LOCK),
        ("212", "negative sellable", Kind.PROMOTION_LOCK),
        ("501", "THD_IC_ERR_F_IC_ABILITY_PG_003", Kind.PROMOTION_LOCK),
        ("501", "E501: Update product failed", Kind.FINAL),
        ("4225", "", Kind.FINAL),
    ],
)
def test_a_no_to_a_single_listing_is_its_result(code: str, message: str, kind: Kind) -> None:
    [result] = CHANNEL.push_stock(SHOP, [stock(MUG, 7)], ScriptedSend(answered(refused(code, message))), NOW)
    assert result.error is not None
    assert (result.error.kind, result.error.code) == (kind, code)


@pytest.mark.parametrize(("seconds", "kind"), [(0, Kind.PASSING), (5, Kind.PASSING), (40_000, Kind.DAILY_QUOTA)])
def test_a_ban_tells_how_long_it_lasts_and_a_long_one_is_the_day_s(seconds: int, kind: Kind) -> None:
    words = f"Api access frequency exceeds the limit. this ban will last {seconds} seconds"
    with pytest.raises(ChannelError) as error:
        CHANNEL.push_stock(SHOP, [stock(MUG, 7)], ScriptedSend(answered(refused("ApiCallLimit", words))), NOW)
    assert (error.value.kind, error.value.retry_after_s) == (kind, float(seconds))


def test_more_than_20_listings_in_one_batch_are_the_caller_s_mistake() -> None:
    with pytest.raises(ValueError, match="1 to 20 listings"):
        CHANNEL.push_stock(SHOP, [stock(f"1000~{number}", 1) for number in range(21)], ScriptedSend(), NOW)


def test_prices_are_whole_dong() -> None:
    send = ScriptedSend(answered(said()))
    [result] = CHANNEL.push_prices(SHOP, [PriceItem(listing=MUG, amount=Decimal(199000), currency="VND")], send, NOW)
    assert result.written
    assert path_of(send.request) == "/rest/product/price_quantity/update"
    assert "<SkuId>21</SkuId><Price>199000</Price></Sku>" in form_of(send.request)["payload"]

    half = PriceItem(listing=MUG, amount=Decimal("0.5"), currency="VND")
    with pytest.raises(ChannelError, match="bad_price"):
        CHANNEL.push_prices(SHOP, [half], ScriptedSend(), NOW)


# --- orders -----------------------------------------------------------------------------------------------------------


def unit(status: str = "pending", sku_id: int | str = 11, **others: Any) -> dict[str, Any]:
    return {
        "order_item_id": 260422900298363,
        "order_id": 260422900198363,
        "product_id": "1000",
        "sku_id": str(sku_id),
        "sku": "AO-DO",
        "shop_sku": f"1000_VN-{sku_id}",
        "status": status,
        "is_fbl": "0",
        "created_at": "2026-03-04T19:00:00+07:00",
        "updated_at": "2026-03-04T20:00:00+07:00",
        **others,
    }


def order(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"order_number": 260422900198363, "order_id": 260422900198363, "order_items": list(rows)}


def fetched(*rows: dict[str, Any]) -> MarketOrder:
    [found] = CHANNEL.fetch_orders(SHOP, ["260422900198363"], ScriptedSend(answered(said([order(*rows)]))), NOW)
    return found


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        *((each, Stage.UNPAID) for each in ("unpaid",)),
        *(
            (each, Stage.PAID)
            for each in ("pending", "topack", "packed", "repacked", "toship", "ready_to_ship_pending", "ready_to_ship")
        ),
        *(
            (each, Stage.SHIPPED)
            for each in (
                "shipping",
                "shipped",
                "delivered",
                "confirmed",
                "returned",
                "failed",
                "failed_delivery",
                "lost",
                "lost_by_3pl",
                "damaged_by_3pl",
                "shipped_back",
                "shipped_back_success",
                "shipped_back_failed",
                "package_scrapped",
            )
        ),
        ("canceled", Stage.CANCELLED),
    ],
)
def test_every_status_has_a_stage(status: str, stage: Stage) -> None:
    found = fetched(unit(status))
    assert found.stage is stage
    assert found.order_id == "260422900198363"


def test_a_status_nobody_knows_is_not_guessed_at() -> None:
    with pytest.raises(ChannelError, match="a status we know"):
        fetched(unit("teleported"))


def test_rows_of_single_units_are_summed() -> None:
    found = fetched(unit(), unit(sku_id=12), unit(), unit("canceled"))
    assert found.lines == (
        OrderLine(listing=SHIRT_RED, ordered=3, cancelled=1),
        OrderLine(listing=SHIRT_BLUE, ordered=1),
    )
    assert found.lines[0].wanted == 2


def test_an_order_is_as_far_as_its_last_unit() -> None:
    assert fetched(unit("shipped"), unit("ready_to_ship")).stage is Stage.PAID
    assert fetched(unit("shipped"), unit("canceled")).stage is Stage.SHIPPED
    assert fetched(unit("canceled"), unit("canceled")).stage is Stage.CANCELLED


def test_the_order_began_with_its_first_unit_and_changed_with_its_last() -> None:
    found = fetched(unit(), unit(created_at="2026-03-04 18:59:00 +0700", updated_at="2026-03-05 07:00:00 +0700"))
    assert found.created_at == datetime(2026, 3, 4, 11, 59, tzinfo=UTC)
    assert found.updated_at == datetime(2026, 3, 5, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("who", "reason", "line"),
    [
        ("cancellation-seller", "Out of Stock", OrderLine(listing=SHIRT_RED, ordered=1, withheld=1)),
        ("cancellation-seller", "Sourcing Delay", OrderLine(listing=SHIRT_RED, ordered=1, cancelled=1)),
        (
            "cancellation-customer",
            "Item is out of stock elsewhere",
            OrderLine(listing=SHIRT_RED, ordered=1, cancelled=1),
        ),
        ("cancellation-internal", "", OrderLine(listing=SHIRT_RED, ordered=1, cancelled=1)),
    ],
)
def test_units_cancelled_because_they_are_not_there_are_withheld(who: str, reason: str, line: OrderLine) -> None:
    assert fetched(unit("canceled", cancel_return_initiator=who, reason=reason)).lines == (line,)


def test_a_return_puts_nothing_on_the_shelf_by_itself() -> None:
    assert fetched(unit("returned")).lines == (OrderLine(listing=SHIRT_RED, ordered=1),)


def test_what_lazada_ships_from_its_own_warehouse_is_not_ours_to_count() -> None:
    assert fetched(unit(), unit(is_fbl="1")).lines == (OrderLine(listing=SHIRT_RED, ordered=1),)
    told = answered(said([order(unit(is_fbl="1"))]))
    assert CHANNEL.fetch_orders(SHOP, ["1"], ScriptedSend(told), NOW) == ()


def test_the_product_is_read_from_the_shop_sku_where_it_is_not_told() -> None:
    row = unit(sku_id=12)
    del row["product_id"]
    assert fetched(row).lines[0].listing == SHIRT_BLUE
    with pytest.raises(ChannelError, match="unreadable"):
        fetched({**row, "shop_sku": "BE494HLSSSDTSGAMZ-39888"})


def test_one_unknown_order_does_not_hide_the_others() -> None:
    no = answered(refused("37", "E037: One or more order id in the list are incorrect"))
    send = ScriptedSend(no, no, answered(said([order(unit())])))
    found = CHANNEL.fetch_orders(SHOP, ["1", "2"], send, NOW)
    assert len(found) == 1
    assert [query_of(each)["order_ids"] for each in send.requests] == ["[1,2]", "[1]", "[2]"]


@pytest.mark.parametrize("name", ["status", "sku_id", "created_at", "updated_at"])
def test_a_unit_without_a_member_it_needs_is_unreadable(name: str) -> None:
    row = unit()
    del row[name]
    with pytest.raises(ChannelError, match=f"unreadable.*{name}"):
        fetched(row)


@pytest.mark.parametrize("told", [[], {"code": "0"}, said({"orders": 1}), said([{"order_id": 1}]), said("none")])
def test_an_answer_of_another_shape_is_unreadable(told: Any) -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.fetch_orders(SHOP, ["1"], ScriptedSend(answered(told)), NOW)
    assert (error.value.kind, error.value.code) == (Kind.FINAL, "unreadable")


def listed(count: int, *, first: datetime, step: timedelta) -> dict[str, Any]:
    rows = [
        {"order_id": number, "updated_at": (first + number * step).isoformat(), "statuses": ["pending"]}
        for number in range(count)
    ]
    return said({"count": count, "countTotal": 1000, "orders": rows})


def test_pages_follow_the_time_of_change_so_that_no_order_slips_past() -> None:
    since = datetime(2026, 3, 4, tzinfo=UTC)
    until = since + timedelta(hours=1)
    pages = [listed(100, first=since, step=timedelta(seconds=3)), listed(1, first=until, step=timedelta(0))]
    send = ScriptedSend(*map(answered, pages))
    first = CHANNEL.list_orders(SHOP, since=since, until=until, cursor=None, send=send, now=NOW)
    second = CHANNEL.list_orders(SHOP, since=since, until=until, cursor=first.next, send=send, now=NOW)

    assert first.changed[:2] == (
        OrderChanged(order_id="0", at=since),
        OrderChanged(order_id="1", at=since + timedelta(seconds=3)),
    )
    assert second.next is None
    asked = [query_of(request) for request in send.requests]
    assert [each["offset"] for each in asked] == ["0", "0"]
    assert asked[0]["update_after"] == "2026-03-04T00:00:00+00:00"
    assert asked[0]["update_before"] == "2026-03-04T01:00:00+00:00"
    assert (asked[0]["sort_by"], asked[0]["sort_direction"]) == ("updated_at", "ASC")
    assert asked[1]["update_after"] == "2026-03-04T00:04:56+00:00"  # a second before the last of the first page


def test_a_second_with_more_orders_than_a_page_is_read_by_offset_and_has_an_end() -> None:
    since = datetime(2026, 3, 4, tzinfo=UTC)
    cursor: str | None = None
    for page in range(50):
        send = ScriptedSend(answered(listed(100, first=since, step=timedelta(0))))
        cursor = CHANNEL.list_orders(SHOP, since=since, until=NOW, cursor=cursor, send=send, now=NOW).next
        assert query_of(send.request)["offset"] == str(page * 100)
    send = ScriptedSend(answered(listed(100, first=since, step=timedelta(0))))
    with pytest.raises(ChannelError, match="too_many"):
        CHANNEL.list_orders(SHOP, since=since, until=NOW, cursor=cursor, send=send, now=NOW)


# --- pushes -----------------------------------------------------------------------------------------------------------


def push(kind: int, data: Any, **others: Any) -> bytes:
    return json.dumps({"seller_id": "1234567", "message_type": kind, "data": data, **others}).encode()


def test_an_order_push_names_the_order_and_its_time() -> None:
    [vector] = [each for each in known("lazada", "webhook") if each["name"] == "trade_order_unpaid"]
    assert CHANNEL.read_delivery({}, vector["raw_body"].encode()) == (
        OrderChanged(
            order_id="260422900198363", at=datetime(2020, 10, 26, 7, 50, 38, tzinfo=UTC), shop_there="1234567"
        ),
    )


@pytest.mark.parametrize("kind", [10, 14])
def test_a_push_of_a_return_or_a_parcel_makes_its_order_fetched(kind: int) -> None:
    data = {"trade_order_id": 416557324702006, "reverse_status": "RTM_INIT", "buyer_id": 100112802006}
    told = OrderChanged(order_id="416557324702006", shop_there="1234567")
    assert CHANNEL.read_delivery({}, push(kind, data)) == (told,)


def test_the_end_of_the_permission_is_said() -> None:
    [notice] = CHANNEL.read_delivery({}, push(8, {"auth_expiry_time": 1627542238}))
    assert isinstance(notice, ShopSaid)
    assert notice.what == "authorisation_ending"


def test_the_console_s_test_says_nothing() -> None:
    [vector] = [each for each in known("lazada", "webhook") if each["name"] == "body_with_spaces_unicode"]
    assert CHANNEL.read_delivery({}, vector["raw_body"].encode()) == ()
    assert CHANNEL.read_delivery({}, push(6, {"sku_id": 1})) == ()


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", push(0, {"order_status": "unpaid"}), push(0, [])])
def test_a_push_that_cannot_be_read_is_final(body: bytes) -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.read_delivery({}, body)
    assert (error.value.kind, error.value.code) == (Kind.FINAL, "unreadable")


def test_lazada_keeps_no_lost_pushes() -> None:
    pulled = CHANNEL.pull(SHOP, None, ScriptedSend(), NOW)
    assert (pulled.notices, pulled.position, pulled.more) == ((), None, False)
    CHANNEL.acknowledge(SHOP, "1", ScriptedSend(), NOW)


# --- what is shown ----------------------------------------------------------------------------------------------------


def product(item_id: int, *skus: dict[str, Any]) -> dict[str, Any]:
    return {"item_id": item_id, "attributes": {"name": "Áo thun"}, "skus": list(skus)}


RED = {
    "SkuId": 11,
    "SellerSku": "AO-DO",
    "quantity": 12,
    "Available": 12,
    "price": 199000.0,
    "multiWarehouseInventories": [
        {"warehouseCode": "dropshipping", "sellableQuantity": 7, "totalQuantity": 9, "occupyQuantity": 2},
        {"warehouseCode": "VN2", "sellableQuantity": 5, "totalQuantity": 5, "occupyQuantity": 0},
    ],
    "channelInventories": [{"channelName": "c", "sellableQuantity": 3, "startTime": "2022-09-02 12:00:00"}],
    "fblWarehouseInventories": [{"sellableQuantity": 100}],
}
BLUE = {"SkuId": 12, "quantity": 4}
SHOWN_RED = Shown(
    listing=SHIRT_RED, quantity=12, price=Decimal(199000), locked=3, title="Áo thun", merchant_sku="AO-DO"
)


def test_read_back_shows_the_sellable_stock_and_what_a_campaign_locks() -> None:
    send = ScriptedSend(answered(said(product(1000, RED, BLUE))), answered(refused("208", "E208: Item not exist")))
    assert CHANNEL.read_back(SHOP, [SHIRT_RED, MUG], send, NOW) == (SHOWN_RED,)
    assert [query_of(each)["item_id"] for each in send.requests] == ["1000", "2000"]


def test_a_whole_shop_is_listed_page_by_page_to_its_end() -> None:
    page = [product(1000, RED, BLUE), *(product(number, {"SkuId": 1, "quantity": 0}) for number in range(49))]
    shown = CHANNEL.list_stock(SHOP, None, ScriptedSend(answered(said({"products": page}))), NOW)
    assert shown.shown[:2] == (SHOWN_RED, Shown(listing=SHIRT_BLUE, quantity=4, title="Áo thun"))
    assert shown.next == "50"
    assert CHANNEL.list_stock(SHOP, "50", ScriptedSend(answered(said({"products": page[:1]}))), NOW).next is None
    with pytest.raises(ChannelError, match="too_many"):
        CHANNEL.list_stock(SHOP, "10000", ScriptedSend(), NOW)


def test_the_sheet_keeps_below_the_number_that_times_out() -> None:
    assert SHEET.batch == 20
    assert SHEET.webhook is not None
    assert SHEET.webhook.answer_within_s == 0.5
