"""Tiki: what is asked and what its answers mean. Answers have the shape of the examples on open.tiki.vn."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest

from holdfast.channels.protocol import Account, Answer, ChannelError, OrderChanged, PriceItem, Shown, StockItem
from holdfast.channels.sheet import Kind
from holdfast.channels.tiki import CHANNEL
from holdfast.domain.market import MarketOrder, OrderLine, Stage
from tests.support.scripted_send import ScriptedSend, answered, body_of, path_of, query_of

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
SHOP = Account(
    channel="tiki",
    shop="hue",
    api_url="https://api.tiki.test",
    auth_url="https://auth.tiki.test",
    members={
        "client_id": "7590139168389961",
        "client_secret": "test-client-secret",
        "queue_code": "5a84289f-ed78-4285-9670-9a34508fb4a7",
        "warehouse_id": "1034",
    },
    access_token="test-access-token",
    refresh_token="test-refresh-token",
)
QUEUE = "/integration/v1/queues/5a84289f-ed78-4285-9670-9a34508fb4a7/events/pull"


def item(product: int = 2166152, quantity: int = 2, **others: Any) -> dict[str, Any]:
    return {
        "id": 156453540,
        "product": {"id": product, "name": "Áo thun", "seller_product_code": "AO-DO-M"},
        "invoice": {"price": 199000, "quantity": quantity},
        "qty": quantity,
        **others,
    }


def order(status: str = "queueing", *items: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {
        "code": "745467462",
        "status": status,
        "created_at": "2026-03-01 08:50:17",
        "updated_at": "2026-03-01 08:55:00",
        "items": list(items) or [item()],
        **others,
    }


def fetched(told: dict[str, Any]) -> MarketOrder:
    [found] = CHANNEL.fetch_orders(SHOP, ["745467462"], ScriptedSend(answered(told)), NOW)
    return found


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_a_refresh_token_is_changed_for_two_new_ones() -> None:
    send = ScriptedSend(answered({"access_token": "a2", "refresh_token": "r2", "expires_in": 3600}))
    tokens = CHANNEL.refresh(SHOP, send, NOW)

    assert (tokens.access_token, tokens.refresh_token, tokens.expires_at) == ("a2", "r2", NOW + timedelta(hours=1))
    assert send.request.url == "https://auth.tiki.test/sc/oauth2/token"
    opens = b64encode(b"7590139168389961:test-client-secret").decode()
    assert send.request.headers["authorization"] == f"Basic {opens}"
    assert parse_qs(send.request.body.decode()) == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["test-refresh-token"],
        "client_id": ["7590139168389961"],
    }


def test_an_app_of_the_shop_s_own_needs_no_refresh_token() -> None:
    own = Account(channel="tiki", shop="hue", api_url="https://a.test", auth_url="https://a.test", members=SHOP.members)
    send = ScriptedSend(answered({"access_token": "a2", "expires_in": 86399, "token_type": "bearer"}))
    assert CHANNEL.refresh(own, send, NOW).refresh_token is None
    form = parse_qs(send.request.body.decode())
    assert (form["grant_type"], form["scope"]) == (["client_credentials"], ["offline product order inventory"])


@pytest.mark.parametrize(("status", "code"), [(400, "invalid_grant"), (401, "invalid_client")])
def test_a_spent_refresh_token_needs_the_merchant(status: int, code: str) -> None:
    with pytest.raises(ChannelError) as error:
        CHANNEL.refresh(SHOP, ScriptedSend(answered({"error": code}, status=status)), NOW)
    assert (error.value.kind, error.value.code) == (Kind.REAUTHORISE, code)


# --- the queue --------------------------------------------------------------------------------------------------------


def test_a_pull_from_the_beginning_tells_which_orders_changed_and_where_to_go_on() -> None:
    events = [
        {
            "id": "e1",
            "type": "ORDER_CREATED_SUCCESSFULLY",
            "version": "v1",
            "created_at": 1772330400000,
            "payload": {"order_code": "745467462", "status": "queueing"},
        },
        {"id": "e2", "type": "PRODUCT_INVENTORY_UPDATED", "payload": {"product_id": 2166152}},
        {"id": "e3", "type": "ORDER_STATUS_UPDATED", "payload": {"order_code": 896493516, "status": "canceled"}},
    ]
    send = ScriptedSend(answered({"ack_id": "ack-3", "events": events}))
    pulled = CHANNEL.pull(SHOP, None, send, NOW)

    assert (path_of(send.request), body_of(send.request)) == (QUEUE, {"ack_id": None})
    assert send.request.headers["authorization"] == "Bearer test-access-token"
    assert pulled.notices == (
        OrderChanged(order_id="745467462", at=datetime(2026, 3, 1, 2, 0, tzinfo=UTC)),
        OrderChanged(order_id="896493516"),
    )
    assert (pulled.position, pulled.more) == ("ack-3", True)


def test_a_pull_acknowledges_what_the_one_before_brought() -> None:
    send = ScriptedSend(answered({"ack_id": "ack-3", "events": []}))
    pulled = CHANNEL.pull(SHOP, "ack-3", send, NOW)
    assert body_of(send.request) == {"ack_id": "ack-3"}
    assert (pulled.notices, pulled.position, pulled.more) == ((), "ack-3", False)


def test_acknowledging_sends_nothing_since_the_next_pull_does() -> None:
    CHANNEL.acknowledge(SHOP, "ack-3", ScriptedSend(), NOW)


@pytest.mark.parametrize(
    ("created_at", "at"),
    [
        (1772330400, NOW),
        ("1772330400000", NOW),
        ("2026-03-01 09:00:00", NOW),
        ("2026-03-01T02:00:00Z", NOW),
        (None, None),
    ],
)
def test_the_time_of_an_event_is_read_in_any_of_its_shapes(created_at: object, at: datetime | None) -> None:
    event = {"type": "ORDER_STATUS_UPDATED", "created_at": created_at, "payload": {"order_code": "1"}}
    [notice] = CHANNEL.pull(SHOP, None, ScriptedSend(answered({"ack_id": "a", "events": [event]})), NOW).notices
    assert notice == OrderChanged(order_id="1", at=at)


def test_nobody_calls_us() -> None:
    with pytest.raises(ChannelError, match="unreadable"):
        CHANNEL.read_delivery({}, b"{}")


# --- orders -----------------------------------------------------------------------------------------------------------


def test_an_order_is_told_with_times_in_utc() -> None:
    assert fetched(order()) == MarketOrder(
        order_id="745467462",
        stage=Stage.PAID,
        created_at=datetime(2026, 3, 1, 1, 50, 17, tzinfo=UTC),
        updated_at=datetime(2026, 3, 1, 1, 55, tzinfo=UTC),
        lines=(OrderLine(listing="2166152", ordered=2),),
    )


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        ("waiting_payment", Stage.UNPAID),
        ("processing", Stage.UNPAID),
        ("payment_review", Stage.UNPAID),
        ("queueing", Stage.PAID),
        ("paid", Stage.PAID),
        ("holded", Stage.PAID),
        ("picking", Stage.PAID),
        ("packaging", Stage.PAID),
        ("finished_packing", Stage.PAID),
        ("ready_to_ship", Stage.PAID),
        ("handover_to_partner", Stage.SHIPPED),
        ("shipping", Stage.SHIPPED),
        ("successful_delivery", Stage.SHIPPED),
        ("delivered", Stage.SHIPPED),
        ("complete", Stage.SHIPPED),
        ("returned", Stage.SHIPPED),
        ("canceled", Stage.CANCELLED),
        ("closed", Stage.CANCELLED),
    ],
)
def test_each_status_has_its_stage(status: str, stage: Stage) -> None:
    assert fetched(order(status)).stage is stage


def test_a_status_nobody_explained_is_an_error() -> None:
    with pytest.raises(ChannelError, match="unreadable"):
        fetched(order("a_word_of_tomorrow"))


@pytest.mark.parametrize(
    ("status", "histories", "line"),
    [
        ("canceled", [], OrderLine(listing="2166152", ordered=2, cancelled=2)),
        ("closed", [], OrderLine(listing="2166152", ordered=2, withheld=2)),
        ("canceled", [{"status": "queueing"}, {"status": "shipping"}], OrderLine(listing="2166152", ordered=2)),
        ("returned", [], OrderLine(listing="2166152", ordered=2)),
    ],
)
def test_only_what_was_never_handed_over_is_given_back(
    status: str, histories: list[dict[str, str]], line: OrderLine
) -> None:
    assert fetched(order(status, status_histories=histories)).lines == (line,)


def test_what_lies_in_tiki_s_warehouse_is_not_taken_from_ours() -> None:
    told = order("queueing", item(1, 5, inventory_type="instock"), item(2, 1, inventory_type="backorder"))
    assert fetched(told).lines == (OrderLine(listing="2", ordered=1),)
    none = order("queueing", item(1, 5, inventory_type="instock"))
    assert CHANNEL.fetch_orders(SHOP, ["1"], ScriptedSend(answered(none)), NOW) == ()


def test_the_quantity_may_stand_in_the_invoice() -> None:
    line = item()
    del line["qty"]
    assert fetched(order("queueing", line)).lines == (OrderLine(listing="2166152", ordered=2),)


def test_an_order_that_does_not_exist_is_left_out() -> None:
    send = ScriptedSend(answered({"errors": ["not found"]}, status=404), answered(order()))
    found = CHANNEL.fetch_orders(SHOP, ["1/2", "745467462"], send, NOW)
    assert [each.order_id for each in found] == ["745467462"]
    assert path_of(send.requests[0]) == "/integration/v2/orders/1%2F2"


def page(*orders: dict[str, Any], last: int) -> dict[str, Any]:
    return {"data": list(orders), "paging": {"total": 120, "current_page": 1, "per_page": 50, "last_page": last}}


def test_the_window_is_asked_for_in_vietnamese_time() -> None:
    send = ScriptedSend(answered(page(order(), last=1)))
    found = CHANNEL.list_orders(SHOP, since=NOW, until=NOW + timedelta(hours=1), cursor=None, send=send, now=NOW)

    asked = query_of(send.request)
    assert (asked["updated_from_date"], asked["updated_to_date"]) == ("2026-03-01 09:00:00", "2026-03-01 10:00:01")
    assert (asked["page"], asked["limit"]) == ("1", "50")
    assert ([each.order_id for each in found.orders], found.next) == (["745467462"], None)


def test_pages_are_read_from_the_last_to_the_first() -> None:
    cursor, seen = None, []
    for _ in range(10):
        send = ScriptedSend(answered(page(last=3)))
        found = CHANNEL.list_orders(SHOP, since=NOW, until=NOW, cursor=cursor, send=send, now=NOW)
        seen.append(query_of(send.request)["page"])
        cursor = found.next
        if cursor is None:
            break
    assert seen == ["1", "3", "2", "1"]


def test_an_order_that_cannot_be_read_is_named_and_stops_no_other() -> None:
    broken = {**order(), "code": "9", "status": None}
    send = ScriptedSend(answered(page(broken, order(), last=1)))
    found = CHANNEL.list_orders(SHOP, since=NOW, until=NOW, cursor=None, send=send, now=NOW)
    assert [each.order_id for each in found.orders] == ["745467462"]
    assert [each.order_id for each in found.changed] == ["9"]


@pytest.mark.parametrize("missing", ["code", "status", "created_at", "items"])
def test_a_malformed_order_is_an_error_of_the_channel(missing: str) -> None:
    told = order()
    del told[missing]
    with pytest.raises(ChannelError) as error:
        fetched(told)
    assert error.value.code == "unreadable"


# --- writing and reading back -----------------------------------------------------------------------------------------


def looked_up(product_id: str, *, reserved: int = 0) -> Answer:
    return answered({"product_id": int(product_id), "inventory": {"quantity_reserved": reserved}})


def test_stock_is_written_one_product_a_call() -> None:
    approved = answered({"state": "approved"})
    send = ScriptedSend(looked_up("2166152"), approved, looked_up("2166153", reserved=2), approved)
    items = [StockItem(listing="2166152", quantity=0), StockItem(listing="2166153", quantity=7, location="1015")]
    results = CHANNEL.push_stock(SHOP, items, send, NOW)

    assert [(result.listing, result.written) for result in results] == [("2166152", True), ("2166153", True)]
    looked, first, _, second = send.requests
    assert (looked.method, path_of(looked)) == ("GET", "/integration/v2/products/2166152")
    assert (first.method, path_of(first)) == ("PUT", "/integration/v2/products/updateSku")
    assert body_of(first) == {
        "product_id": 2166152,
        "seller_warehouse": "1034",
        "warehouse_quantities": [{"warehouse_id": 1034, "qty_available": 0}],
    }
    assert body_of(second)["warehouse_quantities"] == [{"warehouse_id": 1015, "qty_available": 9}], (
        "seven for sale, and two that orders wait for"
    )


def test_a_bad_line_is_told_by_itself() -> None:
    refused = answered({"errors": ["Product not found"]}, status=422)
    send = ScriptedSend(looked_up("1"), refused, looked_up("2"), answered({"state": "approved"}))
    items = [StockItem(listing=each, quantity=1) for each in ("1", "x", "2")]
    first, second, third = CHANNEL.push_stock(SHOP, items, send, NOW)
    assert first.error is not None
    assert second.error is not None
    assert (first.error.kind, first.error.detail) == (Kind.FINAL, "Product not found")
    assert second.error.code == "bad_listing"
    assert third.written


def test_a_write_that_waits_for_approval_is_not_written() -> None:
    send = ScriptedSend(looked_up("1"), answered({"state": "awaiting_approve"}))
    [result] = CHANNEL.push_stock(SHOP, [StockItem(listing="1", quantity=1)], send, NOW)
    assert result.error is not None
    assert (result.error.kind, result.error.code) == (Kind.FINAL, "not_approved")


def test_a_success_that_cannot_be_read_may_have_been_written() -> None:
    send = ScriptedSend(looked_up("1"), answered(b"<html>"))
    [result] = CHANNEL.push_stock(SHOP, [StockItem(listing="1", quantity=1)], send, NOW)
    assert result.error is not None
    assert result.error.kind is Kind.UNKNOWN


def test_a_token_that_ended_holds_for_the_whole_batch() -> None:
    items = [StockItem(listing=each, quantity=1) for each in ("1", "2")]
    with pytest.raises(ChannelError) as error:
        CHANNEL.push_stock(SHOP, items, ScriptedSend(answered({"error": "invalid_token"}, status=401)), NOW)
    assert error.value.kind is Kind.TOKEN


def test_prices_are_whole_dong() -> None:
    send = ScriptedSend(answered({"state": "approved"}))
    items = [
        PriceItem(listing="1", amount=Decimal("199000.00"), currency="VND"),
        PriceItem(listing="2", amount=Decimal("199000.5"), currency="VND"),
        PriceItem(listing="3", amount=Decimal(9), currency="USD"),
    ]
    first, second, third = CHANNEL.push_prices(SHOP, items, send, NOW)
    assert first.written
    assert b'"price":199000}' in send.request.body
    assert [each.error.code for each in (second, third) if each.error] == ["bad_price", "bad_price"]


def test_more_than_a_batch_is_the_caller_s_mistake() -> None:
    with pytest.raises(ValueError, match="1 to 20"):
        CHANNEL.push_stock(SHOP, [StockItem(listing=str(n), quantity=1) for n in range(21)], ScriptedSend(), NOW)


def product(product_id: int, **inventory: int) -> dict[str, Any]:
    return {
        "product_id": product_id,
        "name": "Áo thun",
        "original_sku": "AO-DO-M",
        "price": 199000,
        "inventory": inventory,
    }


def test_a_listing_is_read_back_and_one_that_is_gone_left_out() -> None:
    send = ScriptedSend(answered(product(1, quantity_available=9, quantity_sellable=7)), answered({}, status=404))
    assert CHANNEL.read_back(SHOP, ["1", "2"], send, NOW) == (
        Shown(listing="1", quantity=7, price=Decimal(199000), title="Áo thun", merchant_sku="AO-DO-M"),
    )


def test_the_shop_s_stock_is_listed_page_by_page() -> None:
    rows = {"data": [product(1, quantity_available=9)], "paging": {"last_page": 2}}
    first = CHANNEL.list_stock(SHOP, None, ScriptedSend(answered(rows)), NOW)
    second = CHANNEL.list_stock(SHOP, first.next, ScriptedSend(answered(rows)), NOW)
    assert ([each.quantity for each in first.shown], first.next, second.next) == ([9], "2", None)


def test_the_sheet_says_what_tiki_can() -> None:
    assert CHANNEL.sheet.webhook is None
    assert not CHANNEL.sheet.can_be_stock_home
    assert set(CHANNEL.needs()) == set(SHOP.members)
