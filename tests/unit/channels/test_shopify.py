"""Shopify: what is asked and what its answers mean. Shapes: its 2026-04 reference, its REST samples."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest

from holdfast.channels.protocol import (
    Account,
    Answer,
    ChannelError,
    ItemResult,
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
from holdfast.channels.shopify import CHANNEL, queries
from holdfast.domain.market import MarketOrder, OrderLine, Stage
from tests.support.scripted_send import ScriptedSend, answered, body_of

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
SHOP = Account(
    channel="shopify",
    shop="web",
    api_url="https://shop.myshopify.test",
    auth_url="https://shop.myshopify.test",
    members={
        "client_id": "test-client-id",
        "client_secret": "test-client-secret",
        "shop_domain": "shop.myshopify.test",
        "location_id": "905684977",
    },
    access_token="shpat-test-access-token",
    refresh_token="shprt-test-refresh-token",
)
SHIRT, MUG, LAMP = "632910392~808950810", "632910392~49148385", "921728736~447654529"


def data(**told: Any) -> Answer:
    return answered({"data": told, "extensions": {"cost": {"requestedQueryCost": 10}}})


def failed(code: str, **extensions: Any) -> Answer:
    told = {"errors": [{"message": "no", "extensions": {"code": code}}], "extensions": extensions}
    return answered(told)


def page(nodes: list[Any], *, cursor: str | None = None) -> dict[str, Any]:
    return {"nodes": nodes, "pageInfo": {"hasNextPage": cursor is not None, "endCursor": cursor}}


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_a_refresh_gives_two_new_tokens() -> None:
    send = ScriptedSend(answered({"access_token": "a2", "refresh_token": "r2", "expires_in": 3600, "scope": "x"}))
    tokens = CHANNEL.refresh(SHOP, send, NOW)
    assert (tokens.access_token, tokens.refresh_token, tokens.expires_at) == ("a2", "r2", NOW + timedelta(hours=1))
    assert send.request.url == "https://shop.myshopify.test/admin/oauth/access_token"
    assert parse_qs(send.request.body.decode()) == {
        "client_id": ["test-client-id"],
        "client_secret": ["test-client-secret"],
        "grant_type": ["refresh_token"],
        "refresh_token": ["shprt-test-refresh-token"],
    }


def test_an_app_of_the_merchant_s_own_organisation_needs_no_refresh_token() -> None:
    own = replace(SHOP, access_token=None, refresh_token=None)
    send = ScriptedSend(answered({"access_token": "a2", "expires_in": 86399}))
    assert CHANNEL.refresh(own, send, NOW).refresh_token is None
    assert parse_qs(send.request.body.decode())["grant_type"] == ["client_credentials"]


@pytest.mark.parametrize(("status", "code"), [(400, "invalid_grant"), (400, "invalid_request"), (401, "http_401")])
def test_a_spent_refresh_token_needs_the_merchant(status: int, code: str) -> None:
    told = (
        {} if code.startswith("http") else {"error": code, "error_description": "This request requires an active token"}
    )
    with pytest.raises(ChannelError) as error:
        CHANNEL.refresh(SHOP, ScriptedSend(answered(told, status=status)), NOW)
    assert (error.value.kind, error.value.code) == (Kind.REAUTHORISE, code)


def test_a_lost_answer_to_a_refresh_may_have_spent_the_token() -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.refresh(SHOP, ScriptedSend(answered(b"", status=502)), NOW)
    assert error.value.kind is Kind.UNKNOWN


# --- calls ------------------------------------------------------------------------------------------------------------


def read_back(*answers: Answer) -> tuple[Shown, ...]:
    return CHANNEL.read_back(SHOP, [SHIRT], ScriptedSend(*answers), NOW)


def test_a_call_bears_the_token_and_names_the_version() -> None:
    send = ScriptedSend(data(nodes=[]))
    CHANNEL.read_back(SHOP, [SHIRT], send, NOW)
    assert send.request.url == "https://shop.myshopify.test/admin/api/2026-04/graphql.json"
    assert send.request.headers["x-shopify-access-token"] == "shpat-test-access-token"
    assert body_of(send.request)["variables"] == {
        "ids": ["gid://shopify/ProductVariant/808950810"],
        "locationId": "gid://shopify/Location/905684977",
    }


def test_a_throttled_query_tells_when_the_bucket_holds_enough() -> None:
    state = {"maximumAvailable": 2000.0, "currentlyAvailable": 52, "restoreRate": 100.0}
    with pytest.raises(ChannelError) as error:
        read_back(failed("THROTTLED", cost={"requestedQueryCost": 252, "throttleStatus": state}))
    assert (error.value.kind, error.value.code, error.value.retry_after_s) == (Kind.PASSING, "THROTTLED", 2.0)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (failed("ACCESS_DENIED"), Kind.REAUTHORISE),
        (failed("INTERNAL_SERVER_ERROR"), Kind.PASSING),
        (failed("MAX_COST_EXCEEDED"), Kind.FINAL),
        (failed("A_CODE_OF_TOMORROW"), Kind.FINAL),
        (answered({"errors": "[API] Invalid API key or access token"}, status=401), Kind.TOKEN),
        (answered({"errors": "Unavailable Shop"}, status=423), Kind.FINAL),
        (answered({"errors": "Throttled"}, status=429, headers={"retry-after": "2.0"}), Kind.PASSING),
        (answered(b"<html>", status=503), Kind.PASSING),
    ],
)
def test_errors_of_a_read_are_told_by_kind(answer: Answer, kind: Kind) -> None:
    with pytest.raises(ChannelError) as error:
        read_back(answer)
    assert error.value.kind is kind


def test_an_answer_with_errors_beside_its_data_is_none() -> None:
    with pytest.raises(ChannelError):
        read_back(answered({"data": {"nodes": []}, "errors": [{"message": "a part is missing"}]}))


@pytest.mark.parametrize("told", [{}, {"data": None}, {"data": {}}, {"data": {"nodes": {}}}, {"errors": []}])
def test_a_malformed_answer_is_an_error_of_the_channel(told: dict[str, Any]) -> None:
    with pytest.raises(ChannelError) as error:
        read_back(answered(told))
    assert error.value.code == "unreadable"


FIELD_OR_END = re.compile(r"(\w+)\s*(\([^)]*\))?\s*\{|\}")
SIZE = re.compile(r"first: (\d+|\$first)|ids: \$ids")


def cost(document: str, *, first: int, ids: int) -> int:
    """By the documented rule, or above it: 1 for each object there may be, 2 for a connection itself."""
    points, times = 0, [1]
    for found in FIELD_OR_END.finditer(document, document.index("{") + 1):
        field, arguments = found[1], found[2] or ""
        if field is None:
            times.pop()
            continue
        if field in {"nodes", "pageInfo"} and not arguments:
            times.append(times[-1])  # counted with the connection it belongs to
            continue
        told = SIZE.search(arguments)
        size = 1 if told is None else ids if told[1] is None else first if told[1] == "$first" else int(told[1])
        points += times[-1] * (size + 2 if told else 1)
        times.append(times[-1] * size)
    return points


def test_the_cost_of_a_query_is_counted_as_documented() -> None:
    assert cost("query { a(first: 10) { nodes { id b { id } } } }", first=1, ids=1) == 12 + 10


@pytest.mark.parametrize("name", ["ORDER", "ORDER_REMOVALS", "ORDERS", "VARIANTS_BY_ID", "VARIANTS", "ITEMS_BY_ID"])
def test_no_query_costs_more_than_one_may(name: str) -> None:
    first = CHANNEL.sheet.orders_page if name == "ORDERS" else 50
    assert cost(getattr(queries, name), first=first, ids=CHANNEL.sheet.batch) <= 1_000


# --- orders -----------------------------------------------------------------------------------------------------------


def node(
    quantity: int = 3, *, current: int | None = None, unfulfilled: int | None = None, line: int = 466157049
) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/LineItem/{line}",
        "quantity": quantity,
        "currentQuantity": quantity if current is None else current,
        "unfulfilledQuantity": quantity if unfulfilled is None else unfulfilled,
        "variant": {
            "id": "gid://shopify/ProductVariant/808950810",
            "product": {"id": "gid://shopify/Product/632910392"},
        },
    }


def order(*lines: dict[str, Any], cursor: str | None = None, **others: Any) -> dict[str, Any]:
    return {
        "id": "gid://shopify/Order/450789469",
        "createdAt": "2026-03-01T08:50:17+07:00",
        "updatedAt": "2026-03-01T01:55:00Z",
        "cancelledAt": None,
        "displayFinancialStatus": "PAID",
        "paymentGatewayNames": ["bogus"],
        "lineItems": page(list(lines) or [node()], cursor=cursor),
        **others,
    }


def removals(
    *refunds: tuple[int, str], shipped: int = 0, status: str = "SUCCESS", more: bool = False
) -> dict[str, Any]:
    line = {"id": "gid://shopify/LineItem/466157049"}
    refunded = [{"quantity": units, "restockType": kind, "lineItem": line} for units, kind in refunds]
    lines = page([{"quantity": shipped, "lineItem": line}], cursor="c1" if more else None)
    sent = [{"status": status, "fulfillmentLineItems": lines}]
    return {
        "id": "gid://shopify/Order/450789469",
        "refunds": [{"refundLineItems": {"nodes": refunded}}],
        "fulfillments": sent if shipped else [],
    }


def fetched(*told: dict[str, Any]) -> MarketOrder:
    send = ScriptedSend(*[data(order=each) for each in told])
    [found] = CHANNEL.fetch_orders(SHOP, ["450789469"], send, NOW)
    assert len(send.requests) == len(told)
    return found


def test_an_order_is_fetched_in_one_call() -> None:
    assert fetched(order()) == MarketOrder(
        order_id="450789469",
        stage=Stage.PAID,
        created_at=datetime(2026, 3, 1, 1, 50, 17, tzinfo=UTC),
        updated_at=datetime(2026, 3, 1, 1, 55, tzinfo=UTC),
        lines=(OrderLine(listing=SHIRT, ordered=3),),
    )


@pytest.mark.parametrize(
    ("told", "stage"),
    [
        (order(displayFinancialStatus="PENDING"), Stage.UNPAID),
        (order(displayFinancialStatus="EXPIRED"), Stage.UNPAID),
        (order(displayFinancialStatus="PENDING", paymentGatewayNames=["Cash on Delivery (COD)"]), Stage.PAID),
        (order(displayFinancialStatus="PENDING", paymentGatewayNames=["Thanh toán khi giao hàng (COD)"]), Stage.PAID),
        (order(displayFinancialStatus="PENDING", paymentGatewayNames=["gift code"]), Stage.UNPAID),
        (order(displayFinancialStatus="AUTHORIZED"), Stage.PAID),
        (order(node(unfulfilled=1)), Stage.PAID),
        (order(node(unfulfilled=0)), Stage.SHIPPED),
    ],
)
def test_each_state_has_its_stage(told: dict[str, Any], stage: Stage) -> None:
    assert fetched(told).stage is stage


REMOVED: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, int]]] = {
    "cancelled and restocked": (
        order(node(current=0, unfulfilled=0), cancelledAt="2026-03-01T01:54:00Z"),
        removals((3, "CANCEL")),
        {"cancelled": 3},
    ),
    "cancelled, not restocked": (
        order(node(current=0, unfulfilled=0), cancelledAt="2026-03-01T01:54:00Z"),
        removals((3, "NO_RESTOCK")),
        {"withheld": 3},
    ),
    "cancelled, nothing refunded": (order(cancelledAt="2026-03-01T01:54:00Z"), removals(), {"withheld": 3}),
    "one refunded before it was sent": (
        order(node(current=2, unfulfilled=2)),
        removals((1, "CANCEL")),
        {"cancelled": 1},
    ),
    "one refunded before it was sent, not restocked": (
        order(node(current=2, unfulfilled=2)),
        removals((1, "NO_RESTOCK")),
        {"withheld": 1},
    ),
    "one taken out by an edit": (order(node(current=2, unfulfilled=2)), removals(), {"withheld": 1}),
    "two came back": (
        order(node(current=1, unfulfilled=0)),
        removals((2, "RETURN"), shipped=3),
        {"returned": 2},
    ),
    "two were paid back and stay away": (
        order(node(current=1, unfulfilled=0)),
        removals((2, "NO_RESTOCK"), shipped=3),
        {},
    ),
    "one came back, one was never sent": (
        order(node(current=1, unfulfilled=0)),
        removals((1, "RETURN"), (1, "CANCEL"), shipped=2),
        {"cancelled": 1, "returned": 1},
    ),
    "an old refund says only that it was put back": (
        order(node(current=2, unfulfilled=2)),
        removals((1, "LEGACY_RESTOCK")),
        {"cancelled": 1},
    ),
    "shipments too long to be read give nothing back but what was put back": (
        order(node(current=1, unfulfilled=0)),
        removals((1, "NO_RESTOCK"), (1, "CANCEL"), shipped=1, more=True),
        {"cancelled": 1},
    ),
    "a shipment that failed sent nothing": (
        order(node(current=2, unfulfilled=2)),
        removals((1, "CANCEL"), shipped=1, status="CANCELLED"),
        {"cancelled": 1},
    ),
}


@pytest.mark.parametrize(("told", "removed", "settled"), REMOVED.values(), ids=REMOVED.keys())
def test_only_what_was_restocked_is_given_back(
    told: dict[str, Any], removed: dict[str, Any], settled: dict[str, int]
) -> None:
    assert fetched(told, removed).lines == (OrderLine(listing=SHIRT, ordered=3, **settled),)


def test_the_lines_of_a_long_order_are_read_page_by_page() -> None:
    send = ScriptedSend(data(order=order(cursor="c1")), data(order=order(node(2, line=5))))
    [found] = CHANNEL.fetch_orders(SHOP, ["450789469"], send, NOW)
    assert found.lines == (OrderLine(listing=SHIRT, ordered=5),)
    assert [body_of(each)["variables"]["after"] for each in send.requests] == [None, "c1"]


def test_an_order_without_end_is_refused() -> None:
    with pytest.raises(ChannelError, match="too_many_lines"):
        CHANNEL.fetch_orders(SHOP, ["1"], ScriptedSend(*[data(order=order(cursor="c"))] * 10), NOW)


def test_an_order_that_does_not_exist_is_left_out() -> None:
    assert CHANNEL.fetch_orders(SHOP, ["1"], ScriptedSend(data(order=None)), NOW) == ()


def test_a_line_of_a_product_that_was_deleted_is_left_out() -> None:
    gone = {**node(line=5), "variant": None}
    assert fetched(order(node(), gone)).lines == (OrderLine(listing=SHIRT, ordered=3),)


def test_orders_are_listed_by_the_time_of_their_last_change() -> None:
    rows = [{"id": "gid://shopify/Order/450789469", "updatedAt": "2026-03-01T01:55:00Z"}]
    send = ScriptedSend(data(orders=page(rows, cursor="c1")))
    found = CHANNEL.list_orders(SHOP, since=NOW - timedelta(hours=1), until=NOW, cursor=None, send=send, now=NOW)
    told = body_of(send.request)
    assert told["variables"] == {
        "first": 100,
        "after": None,
        "query": "updated_at:>='2026-03-01T01:00:00Z' AND updated_at:<='2026-03-01T02:00:00Z'",
    }
    assert "sortKey: UPDATED_AT" in told["query"]
    assert found.changed == (OrderChanged(order_id="450789469", at=datetime(2026, 3, 1, 1, 55, tzinfo=UTC)),)
    assert found.next == "c1"


# --- pushes -----------------------------------------------------------------------------------------------------------


def pushed(*lines: dict[str, Any], **others: Any) -> dict[str, Any]:
    line = {
        "id": 466157049,
        "variant_id": 808950810,
        "product_id": 632910392,
        "sku": "AO-1",
        "quantity": 3,
        "current_quantity": 3,
        "fulfillable_quantity": 3,
    }
    return {
        "id": 450789469,
        "admin_graphql_api_id": "gid://shopify/Order/450789469",
        "created_at": "2026-03-01T08:50:17+07:00",
        "updated_at": "2026-03-01T08:55:00+07:00",
        "cancelled_at": None,
        "financial_status": "paid",
        "payment_gateway_names": ["bogus"],
        "line_items": list(lines) or [line],
        "refunds": [],
        "fulfillments": [],
        **others,
    }


def delivered(topic: str, told: object) -> tuple[Notice, ...]:
    return CHANNEL.read_delivery({"X-Shopify-Topic": topic}, json.dumps(told).encode())


@pytest.mark.parametrize(
    "topic", ["orders/create", "orders/updated", "orders/paid", "orders/cancelled", "orders/fulfilled"]
)
def test_a_push_of_an_order_tells_it_whole_and_as_the_api_does(topic: str) -> None:
    assert delivered(topic, pushed()) == (OrderTold(order=fetched(order())),)


PUSHED: dict[str, tuple[dict[str, Any], Stage, dict[str, int]]] = {
    "cancelled and restocked": (
        {"cancelled_at": "2026-03-01T08:54:00+07:00", "refunds": [(3, "cancel")], "to_ship": 0},
        Stage.CANCELLED,
        {"cancelled": 3},
    ),
    "cancelled, not restocked": (
        {"cancelled_at": "2026-03-01T08:54:00+07:00", "refunds": [(3, "no_restock")], "to_ship": 0},
        Stage.CANCELLED,
        {"withheld": 3},
    ),
    "one refunded before it was sent": ({"refunds": [(1, "cancel")], "to_ship": 2}, Stage.PAID, {"cancelled": 1}),
    "all sent": ({"shipped": 3, "to_ship": 0}, Stage.SHIPPED, {}),
    "all sent, two came back": (
        {"shipped": 3, "to_ship": 0, "refunds": [(2, "return")]},
        Stage.SHIPPED,
        {"returned": 2},
    ),
    "one sent, the rest given up": (
        {"shipped": 1, "to_ship": 0, "refunds": [(2, "no_restock")]},
        Stage.SHIPPED,
        {"withheld": 2},
    ),
}


@pytest.mark.parametrize(("facts", "stage", "settled"), PUSHED.values(), ids=PUSHED.keys())
def test_a_push_tells_what_was_restocked(facts: dict[str, Any], stage: Stage, settled: dict[str, int]) -> None:
    told = pushed(cancelled_at=facts.get("cancelled_at"))
    told["line_items"][0]["fulfillable_quantity"] = facts["to_ship"]
    told["refunds"] = [
        {"refund_line_items": [{"line_item_id": 466157049, "quantity": units, "restock_type": kind}]}
        for units, kind in facts.get("refunds", [])
    ]
    if "shipped" in facts:
        told["fulfillments"] = [{"status": "success", "line_items": [{"id": 466157049, "quantity": facts["shipped"]}]}]
    [notice] = delivered("orders/updated", told)
    assert isinstance(notice, OrderTold)
    assert (notice.order.stage, notice.order.lines) == (stage, (OrderLine(listing=SHIRT, ordered=3, **settled),))


@pytest.mark.parametrize(
    ("topic", "told"),
    [
        ("refunds/create", {"id": 1, "order_id": 450789469}),
        ("orders/edited", {"order_edit": {"id": 1, "order_id": 450789469}}),
        ("orders/delete", {"id": 450789469}),
    ],
)
def test_other_pushes_of_an_order_name_it(topic: str, told: dict[str, Any]) -> None:
    assert delivered(topic, told) == (OrderChanged(order_id="450789469"),)


def test_a_push_of_a_level_tells_what_is_available() -> None:
    level = {
        "inventory_item_id": 39072856,
        "location_id": 905684977,
        "available": 6,
        "updated_at": "2026-03-01T09:00:00+07:00",
    }
    told = StockChanged(item="39072856", location="905684977", quantity=6, at=NOW)
    assert delivered("inventory_levels/update", level) == (told,)
    assert delivered("inventory_levels/update", {**level, "available": None}) == ()


def test_a_removed_app_is_told() -> None:
    [notice] = delivered("app/uninstalled", {"id": 1})
    assert isinstance(notice, ShopSaid)
    assert notice.what == "deauthorised"


@pytest.mark.parametrize("topic", ["products/update", "shop/redact", "a/topic/of/tomorrow"])
def test_other_topics_say_nothing(topic: str) -> None:
    assert delivered(topic, {"id": 1}) == ()


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"id": 1}', b"\xff"])
def test_a_push_that_cannot_be_read_is_an_error_of_the_channel(body: bytes) -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.read_delivery({"x-shopify-topic": "orders/create"}, body)
    assert (error.value.kind, error.value.code) == (Kind.FINAL, "unreadable")


def test_a_push_without_its_topic_cannot_be_read() -> None:
    with pytest.raises(ChannelError, match="X-Shopify-Topic"):
        CHANNEL.read_delivery({}, b"{}")


# --- stock ------------------------------------------------------------------------------------------------------------


class Storefront:
    """A shop that keeps numbers: reads, compares and sets, and answers a key it knows with its first answer.

    `before_write` runs between a read and the write after it.
    """

    def __init__(self, **numbers: int) -> None:
        self.numbers = {f"gid://shopify/ProductVariant/{variant[1:]}": number for variant, number in numbers.items()}
        self.products = {"808950810": "632910392", "49148385": "632910392", "447654529": "921728736"}
        self.changed = 0
        self.answers: dict[str, dict[str, Any]] = {}
        self.keys: list[str] = []
        self.refuses: dict[str, str] = {}
        self.before_write: Callable[[], None] = lambda: None

    def sells(self, variant: str, number: int) -> None:
        self.numbers[f"gid://shopify/ProductVariant/{variant}"] = number
        self.changed += 1

    def __call__(self, request: Request) -> Answer:
        told = body_of(request)
        if "mutation" not in told["query"]:
            return data(nodes=[self._variant(each) for each in told["variables"]["ids"]])
        self.before_write()
        key, written = told["variables"]["key"], told["variables"]["input"]
        assert "@idempotent(key: $key)" in told["query"]
        assert written["name"] == "available"
        self.keys.append(key)
        if key not in self.answers:
            self.answers[key] = self._set(written["quantities"])
        return data(inventorySetQuantities=self.answers[key])

    def _variant(self, gid: str) -> dict[str, Any] | None:
        if gid not in self.numbers:
            return None
        number = gid.rpartition("/")[2]
        since = (NOW + timedelta(seconds=self.changed)).isoformat()
        names = ("available", "on_hand")
        level = {"quantities": [{"name": name, "quantity": self.numbers[gid], "updatedAt": since} for name in names]}
        return {
            "id": gid,
            "product": {"id": f"gid://shopify/Product/{self.products[number]}"},
            "inventoryItem": {"id": f"gid://shopify/InventoryItem/{number}", "inventoryLevel": level},
        }

    def _set(self, lines: list[dict[str, Any]]) -> dict[str, Any]:
        """All or nothing, as far as is known."""
        errors = []
        for place, line in enumerate(lines):
            number = line["inventoryItemId"].rpartition("/")[2]
            gid = f"gid://shopify/ProductVariant/{number}"
            code = self.refuses.get(number)
            if code is None and line["changeFromQuantity"] != self.numbers[gid]:
                code = "CHANGE_FROM_QUANTITY_STALE"
            if code is not None:
                errors.append({"field": ["input", "quantities", str(place)], "message": "no", "code": code})
        if not errors:
            for line in lines:
                self.sells(line["inventoryItemId"].rpartition("/")[2], line["quantity"])
        return {"inventoryAdjustmentGroup": None, "userErrors": errors}


def push(store: Callable[[Request], Answer], **quantities: int) -> tuple[ItemResult, ...]:
    listings = {"shirt": SHIRT, "mug": MUG, "lamp": LAMP}
    items = [StockItem(listing=listings[name], quantity=number) for name, number in quantities.items()]
    return CHANNEL.push_stock(SHOP, items, store, NOW)


def test_numbers_are_set_against_what_was_read() -> None:
    store = Storefront(v808950810=9, v49148385=4)
    assert [each.written for each in push(store, shirt=5, mug=0)] == [True, True]
    assert set(store.numbers.values()) == {5, 0}


def test_what_shows_the_number_already_is_not_written_again() -> None:
    store = Storefront(v808950810=5)
    assert push(store, shirt=5)[0].written
    assert store.keys == []


def test_a_sale_between_read_and_write_is_not_written_over_unseen() -> None:
    store = Storefront(v808950810=9)
    sales = [lambda: store.sells("808950810", 8)]
    store.before_write = lambda: sales.pop()() if sales else None
    assert push(store, shirt=5)[0].written
    assert len(store.keys) == 2
    assert store.keys[0] != store.keys[1]


def test_a_number_that_keeps_changing_is_left_for_later() -> None:
    store = Storefront(v808950810=9, v49148385=4)
    store.before_write = lambda: store.sells("808950810", store.changed + 100)
    shirt, mug = push(store, shirt=5, mug=3)
    assert [each.error and (each.error.kind, each.error.code) for each in (shirt, mug)] == [
        (Kind.PASSING, "stale"),
        (Kind.PASSING, "stale"),
    ]
    assert len(store.keys) == 3


def test_one_bad_line_keeps_no_other() -> None:
    store = Storefront(v808950810=9, v49148385=4)
    store.refuses["49148385"] = "NON_MUTABLE_INVENTORY_ITEM"
    shirt, mug = push(store, shirt=5, mug=3)
    assert shirt.written
    assert mug.error is not None
    assert (mug.error.kind, mug.error.code) == (Kind.FINAL, "NON_MUTABLE_INVENTORY_ITEM")
    assert store.numbers["gid://shopify/ProductVariant/808950810"] == 5


def test_a_variant_that_is_gone_or_not_stocked_there_is_told() -> None:
    store = Storefront(v808950810=9)
    shirt, mug = push(store, shirt=5, mug=3)
    assert shirt.written
    assert mug.error is not None
    assert (mug.error.kind, mug.error.code) == (Kind.FINAL, "no_such_variant")

    nowhere = Storefront(v808950810=9)._variant("gid://shopify/ProductVariant/808950810") or {}
    nowhere["inventoryItem"]["inventoryLevel"] = None
    [result] = push(ScriptedSend(data(nodes=[nowhere])), shirt=5)
    assert result.error is not None
    assert result.error.code == "ITEM_NOT_STOCKED_AT_LOCATION"


def test_a_variant_of_another_product_is_not_this_listing() -> None:
    store = Storefront(v447654529=9)
    [result] = CHANNEL.push_stock(SHOP, [StockItem(listing="632910392~447654529", quantity=5)], store, NOW)
    assert result.error is not None
    assert result.error.code == "no_such_variant"
    assert store.numbers["gid://shopify/ProductVariant/447654529"] == 9


class Lossy:
    """Does what it is asked and loses the answer to its first write."""

    def __init__(self, store: Storefront) -> None:
        self.store = store
        self.lost = False

    def __call__(self, request: Request) -> Answer:
        answer = self.store(request)
        if "mutation" in body_of(request)["query"] and not self.lost:
            self.lost = True
            raise ChannelError(Kind.UNKNOWN, "timeout", "")
        return answer


def test_a_lost_answer_is_unknown_and_the_same_push_again_sees_what_became_of_it() -> None:
    store = Storefront(v808950810=9)
    send = Lossy(store)
    with pytest.raises(ChannelError) as error:
        push(send, shirt=5)
    assert error.value.kind is Kind.UNKNOWN
    assert push(send, shirt=5)[0].written
    assert len(store.keys) == 1


def test_a_repeat_of_the_same_push_has_the_same_key() -> None:
    keys = []
    for _ in range(2):
        store = Storefront(v808950810=9, v49148385=4)
        push(store, shirt=5, mug=3)
        keys += store.keys
    assert len(keys) == 2
    assert keys[0] == keys[1]


def test_the_same_numbers_later_on_have_another_key_and_are_written() -> None:
    """A key that only told the numbers would be answered from memory, and the shop would show 3."""
    store = Storefront(v808950810=3)
    assert push(store, shirt=5)[0].written
    store.sells("808950810", 3)
    assert push(store, shirt=5)[0].written
    assert store.numbers["gid://shopify/ProductVariant/808950810"] == 5
    assert store.keys[0] != store.keys[1]


def test_the_same_push_some_minutes_later_has_another_key_so_that_a_refusal_does_not_last() -> None:
    keys = set()
    for later in (timedelta(0), timedelta(minutes=10)):
        store = Storefront(v808950810=9)
        CHANNEL.push_stock(SHOP, [StockItem(listing=SHIRT, quantity=5)], store, NOW + later)
        keys |= set(store.keys)
    assert len(keys) == 2


def test_another_shop_or_location_has_another_key() -> None:
    keys = set()
    for location in ("905684977", "1"):
        store = Storefront(v808950810=9)
        CHANNEL.push_stock(SHOP, [StockItem(listing=SHIRT, quantity=5, location=location)], store, NOW)
        keys |= set(store.keys)
    assert len(keys) == 2


def test_a_user_error_without_a_line_holds_for_all() -> None:
    store = Storefront(v808950810=9)
    refused = {"userErrors": [{"field": ["input", "locationId"], "message": "no", "code": "INVALID_LOCATION"}]}
    reads = data(nodes=[store._variant("gid://shopify/ProductVariant/808950810")])
    with pytest.raises(ChannelError, match="INVALID_LOCATION"):
        push(ScriptedSend(reads, data(inventorySetQuantities=refused)), shirt=5)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (failed("INTERNAL_SERVER_ERROR"), Kind.UNKNOWN),
        (failed("IDEMPOTENCY_CONCURRENT_REQUEST"), Kind.PASSING),
        (answered(b"", status=502), Kind.UNKNOWN),
    ],
)
def test_errors_of_a_write_are_told_by_kind(answer: Answer, kind: Kind) -> None:
    reads = data(nodes=[Storefront(v808950810=9)._variant("gid://shopify/ProductVariant/808950810")])
    with pytest.raises(ChannelError) as error:
        push(ScriptedSend(reads, answer), shirt=5)
    assert error.value.kind is kind


def test_a_listing_or_location_that_is_none_sends_nothing() -> None:
    items = [StockItem(listing="x", quantity=1), StockItem(listing=SHIRT, quantity=1, location="home")]
    results = CHANNEL.push_stock(SHOP, items, ScriptedSend(), NOW)
    assert [each.error and each.error.code for each in results] == ["bad_listing", "bad_location"]


# --- prices and reading back ------------------------------------------------------------------------------------------


def priced(listing: str, amount: str) -> PriceItem:
    return PriceItem(listing=listing, amount=Decimal(amount), currency="VND")


def test_prices_are_texts_written_product_by_product() -> None:
    told = {
        "field": ["variants", "1", "price"],
        "message": "Price must be positive",
        "code": "GREATER_THAN_OR_EQUAL_TO",
    }
    send = ScriptedSend(
        data(productVariantsBulkUpdate={"productVariants": [], "userErrors": [told]}),
        data(productVariantsBulkUpdate={"productVariants": [], "userErrors": []}),
    )
    items = [priced(SHIRT, "199000"), priced(MUG, "5000"), priced(LAMP, "70000"), priced("1~2", "0.5")]
    results = CHANNEL.push_prices(SHOP, items, send, NOW)
    assert [each.error and each.error.code for each in results] == [None, "GREATER_THAN_OR_EQUAL_TO", None, "bad_price"]
    assert body_of(send.requests[0])["variables"] == {
        "productId": "gid://shopify/Product/632910392",
        "variants": [
            {"id": "gid://shopify/ProductVariant/808950810", "price": "199000"},
            {"id": "gid://shopify/ProductVariant/49148385", "price": "5000"},
        ],
    }


def test_after_an_error_of_the_shop_the_other_prices_are_not_sent() -> None:
    send = ScriptedSend(data(productVariantsBulkUpdate={"userErrors": []}), failed("THROTTLED"))
    items = [priced(SHIRT, "1000"), priced(LAMP, "1000"), priced("1~2", "1000")]
    results = CHANNEL.push_prices(SHOP, items, send, NOW)
    assert [each.error and each.error.code for each in results] == [None, "THROTTLED", "not_sent"]


def variant(quantity: int, **others: Any) -> dict[str, Any]:
    return {
        "id": "gid://shopify/ProductVariant/808950810",
        "title": "Đỏ / M",
        "sku": "AO-1",
        "price": "199000.00",
        "product": {"id": "gid://shopify/Product/632910392", "title": "Áo thun"},
        "inventoryItem": {
            "id": "gid://shopify/InventoryItem/1",
            "inventoryLevel": {
                "quantities": [
                    {"name": "on_hand", "quantity": 9, "updatedAt": None},
                    {"name": "available", "quantity": quantity, "updatedAt": None},
                ]
            },
        },
        **others,
    }


def test_listings_are_read_back() -> None:
    assert read_back(data(nodes=[variant(-3)])) == (
        Shown(
            listing=SHIRT,
            quantity=0,
            on_hand=9,
            price=Decimal("199000.00"),
            title="Áo thun / Đỏ / M",
            merchant_sku="AO-1",
        ),
    )
    assert read_back(data(nodes=[None])) == ()


def test_an_inventory_item_named_by_a_push_is_read_back() -> None:
    known = {"id": "gid://shopify/InventoryItem/39072856", "variant": node()["variant"]}
    send = ScriptedSend(data(nodes=[known, None]), data(nodes=[variant(6)]))
    [shown] = CHANNEL.read_back(SHOP, ["39072856", "1"], send, NOW)
    assert (shown.listing, shown.quantity) == (SHIRT, 6)
    assert CHANNEL.read_back(SHOP, ["1"], ScriptedSend(data(nodes=[None])), NOW) == ()


def test_what_lies_there_is_listed_for_the_first_import() -> None:
    send = ScriptedSend(data(productVariants=page([variant(4, title="Default Title", sku=None)], cursor="c1")))
    found = CHANNEL.list_stock(SHOP, None, send, NOW)
    assert [(each.listing, each.quantity, each.on_hand, each.title) for each in found.shown] == [
        (SHIRT, 4, 9, "Áo thun")
    ]
    assert found.next == "c1"


def test_nothing_waits_in_a_queue() -> None:
    pulled = CHANNEL.pull(SHOP, None, ScriptedSend(), NOW)
    assert (pulled.notices, pulled.more) == ((), False)
    CHANNEL.acknowledge(SHOP, "1", ScriptedSend(), NOW)


def test_the_sheet_says_what_shopify_can() -> None:
    assert CHANNEL.sheet.compare_and_swap
    assert set(CHANNEL.needs()) == set(SHOP.members)
