"""The face of Lazada: what it accepts, what it refuses, and in which words."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from sandbox.faces.lazada import Lazada
from tests.unit.sandbox.stall import VECTORS, Stall, read, status_of

if TYPE_CHECKING:
    from sandbox.desk import Outcome

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def stall() -> Stall:
    return Stall(Lazada())


def ask(stall: Stall, method: str, path: str, **parameters: str) -> Outcome:
    """A call as a client makes it, signed; a POST sends a form."""
    secret = stall.fair.secret(stall.booth)
    sent = {
        "app_key": secret["app_key"],
        "timestamp": str(int(stall.time.timestamp() * 1000)),
        "sign_method": "sha256",
        "access_token": secret["access_token"],
        **parameters,
    }
    signed = path + "".join(name + sent[name] for name in sorted(sent))
    sent["sign"] = hmac.new(secret["app_secret"].encode(), signed.encode(), hashlib.sha256).hexdigest().upper()
    if method == "GET":
        return stall.receive("GET", "/rest" + path, query=sent)
    return stall.receive("POST", "/rest" + path, headers=FORM, body=urlencode(sent).encode())


def payload(*skus: tuple[str, int]) -> str:
    inside = ""
    for key, quantity in skus:
        item, sku = key.split("~")
        inside += (
            f"<Sku><ItemId>{item}</ItemId><SkuId>{sku}</SkuId><SellableQuantity>{quantity}</SellableQuantity></Sku>"
        )
    return f"<Request><Product><Skus>{inside}</Skus></Product></Request>"


def set_stock(stall: Stall, *skus: tuple[str, int]) -> Outcome:
    return ask(stall, "POST", "/product/stock/sellable/update", payload=payload(*skus))


def refresh(stall: Stall, token: str) -> Any:
    return read(ask(stall, "GET", "/auth/token/refresh", refresh_token=token))


@pytest.mark.parametrize("vector", VECTORS["lazada"]["request_signing"], ids=lambda each: each["name"])
def test_a_signature_of_published_programs_is_accepted_and_in_small_letters_it_is_not(
    stall: Stall, vector: dict[str, Any]
) -> None:
    parameters = vector["params"]
    stall.time = datetime.fromtimestamp(int(parameters["timestamp"]) / 1000, UTC)
    stall.booth.members |= {"app_key": parameters["app_key"], "app_secret": vector["app_secret"]}
    assert stall.booth.tokens is not None
    stall.booth.tokens.access[parameters.get("access_token", "")] = stall.time.replace(year=2040)

    def code(sign: str) -> str:
        body = urlencode(parameters | {"sign": sign}).encode()
        method = "GET" if vector["path"].startswith("/order") else "POST"
        outcome = (
            stall.receive("GET", "/rest" + vector["path"], query=parameters | {"sign": sign})
            if method == "GET"
            else stall.receive("POST", "/rest" + vector["path"], headers=FORM, body=body)
        )
        told: str = read(outcome)["code"]
        return told

    # What is signed well gets past the signature: to an order, SKU or token that this shop does not have.
    assert code(vector["expected"]) in ("16", "501", "IllegalRefreshToken")
    assert code(vector["expected"].lower()) == "IncompleteSignature"


@pytest.mark.parametrize("vector", VECTORS["lazada"]["webhook"], ids=lambda each: each["name"])
def test_messages_are_signed_as_the_sample_of_the_documentation_does(stall: Stall, vector: dict[str, Any]) -> None:
    stall.booth.members["app_key"] = vector["app_key"]
    signed = stall.face.sign(stall.booth, body=vector["raw_body"].encode(), key=vector["app_secret"])
    assert signed == {"Authorization": vector["expected"]}


def test_addresses_end_in_rest(stall: Stall) -> None:
    secret = stall.fair.secret(stall.booth)
    assert secret["api_url"].endswith("/rest")
    assert secret["auth_url"].endswith("/rest")


def test_a_refresh_brings_new_tokens_but_no_longer_life_of_the_refresh_token(stall: Stall) -> None:
    first = stall.fair.secret(stall.booth)["refresh_token"]
    stall.later(100 * 86_400)
    renewed = refresh(stall, first)
    assert (renewed["expires_in"], renewed["refresh_expires_in"]) == (30 * 86_400, 80 * 86_400)
    stall.later(80 * 86_400)
    assert refresh(stall, renewed["refresh_token"])["code"] == "IllegalRefreshToken"


def test_an_expired_token_is_told_by_its_code_within_a_200(stall: Stall) -> None:
    stall.at_door("/tokens/expire", {})
    outcome = ask(stall, "GET", "/seller/get")
    assert (status_of(outcome), read(outcome)["code"]) == (200, "IllegalAccessToken")


def test_sellable_stock_is_set_for_skus_of_several_items(stall: Stall) -> None:
    keys = [stall.list(f"Scarf {number}", 1) for number in range(2)]
    assert read(set_stock(stall, (keys[0], 4), (keys[1], 0))) == {"code": "0", "data": {}, "request_id": "sandbox"}
    assert [stall.booth.shop.listings[key].quantity for key in keys] == [4, 0]


def test_a_delta_is_added_to_what_is_sellable_now(stall: Stall) -> None:
    key = stall.list("Scarf", 5)
    stall.buy(key, 2)
    read(ask(stall, "POST", "/product/stock/sellable/adjust", payload=payload((key, -1))))
    assert stall.booth.shop.listings[key].quantity == 2


def test_the_total_quantity_counts_what_is_sold_and_not_shipped(stall: Stall) -> None:
    key = stall.list("Scarf", 5)
    stall.buy(key, 2)
    total = payload((key, 10)).replace("SellableQuantity", "Quantity")
    assert read(ask(stall, "POST", "/product/price_quantity/update", payload=total))["code"] == "0"
    assert stall.booth.shop.listings[key].quantity == 8


def test_fifty_one_skus_are_too_many(stall: Stall) -> None:
    key = stall.list("Scarf", 5)
    assert read(set_stock(stall, *[(key, 5)] * 50))["code"] == "0"
    assert read(set_stock(stall, *[(key, 5)] * 51))["code"] == "204"


def test_code_0_can_hide_a_sku_that_failed(stall: Stall) -> None:
    key = stall.list("Scarf", 5)
    told = read(set_stock(stall, (key, 4), ("1~2", 4)))
    assert (told["code"], [each["message"] for each in told["detail"]]) == ("0", ["ITEM_NOT_FOUND"])
    told = read(set_stock(stall, ("1~2", 4)))
    assert (told["code"], [each["message"] for each in told["detail"]]) == ("501", ["ITEM_NOT_FOUND"])


def test_campaign_stock_may_be_raised_and_not_lowered_below_its_lock(stall: Stall) -> None:
    key = stall.list("Scarf", 5)
    stall.at_door("/promotions", {"listing": key, "units": 3})
    assert [each["code"] for each in read(set_stock(stall, (key, 2)))["detail"]] == ["4170"]
    assert read(set_stock(stall, (key, 7)))["code"] == "0"


def test_stock_is_written_by_post_only(stall: Stall) -> None:
    key = stall.list("Scarf", 5)
    told = read(ask(stall, "GET", "/product/stock/sellable/update", payload=payload((key, 1))))
    assert told["code"] == "UnsupportedHTTPMethod"


def test_each_unit_is_a_row_and_a_message_of_its_own(stall: Stall) -> None:
    key = stall.list("Scarf", 5)
    order = stall.buy(key, 3)
    stall.at_door(f"/orders/{order.id}/cancel", {"lines": [{"listing": key, "quantity": 1}]})
    rows = read(ask(stall, "GET", "/order/items/get", order_id=order.id))["data"]
    assert sorted(row["status"] for row in rows) == ["canceled", "pending", "pending"]
    assert {f"{row['product_id']}~{row['sku_id']}" for row in rows} == {key}
    messages = [json.loads(push.body)["data"] for push in stall.pushes]
    assert [each["order_status"] for each in messages] == ["unpaid"] * 3 + ["pending"] * 3 + ["canceled"]
    assert {each["trade_order_line_id"] for each in messages} == {str(row["order_item_id"]) for row in rows}


def test_a_repeated_message_tells_the_status_of_then(stall: Stall) -> None:
    order = stall.buy(stall.list("Scarf", 5), paid=False)
    stall.at_door(f"/orders/{order.id}/pay", {})
    first = stall.pushes[0]
    assert first.latest is not None
    assert [json.loads(body)["data"]["order_status"] for body in (first.body, first.latest())] == ["unpaid", "pending"]


def test_a_seller_who_is_out_of_stock_finds_the_sku_at_zero(stall: Stall) -> None:
    key = stall.list("Scarf", 5)
    order = stall.buy(key, 2)
    stall.at_door(f"/orders/{order.id}/cancel", {"by": "seller_out_of_stock"})
    assert stall.booth.shop.listings[key].quantity == 0


def test_orders_are_listed_by_the_time_of_their_last_change(stall: Stall) -> None:
    key, orders = stall.list("Scarf", 5), []
    for _ in range(3):
        orders.append(stall.buy(key))
        stall.later(60)
    stall.at_door(f"/orders/{orders[0].id}/ship", {})
    since = "2026-03-02T19:01:00+07:00"
    asked = {"update_after": since, "sort_by": "updated_at", "sort_direction": "ASC"}
    told = read(ask(stall, "GET", "/orders/get", **asked))["data"]
    assert [each["order_id"] for each in told["orders"]] == [int(orders[index].id) for index in (1, 2, 0)]
    page = read(ask(stall, "GET", "/orders/get", **asked, limit="2", offset="2"))["data"]
    assert (page["count"], page["countTotal"]) == (1, 3)
    codes = [
        read(ask(stall, "GET", "/orders/get", **wrong))["code"]
        for wrong in (
            {},
            {"update_after": "yesterday"},
            {"update_after": since, "limit": "101"},
            {"update_after": since, "offset": "5001"},
        )
    ]
    assert codes == ["38", "17", "19", "14"]


def test_one_unknown_order_spoils_the_whole_call(stall: Stall) -> None:
    order = stall.buy(stall.list("Scarf", 5))
    assert read(ask(stall, "GET", "/orders/items/get", order_ids=f"[{order.id}]"))["code"] == "0"
    assert read(ask(stall, "GET", "/orders/items/get", order_ids=f"[{order.id},1]"))["code"] == "16"
    assert read(ask(stall, "GET", "/orders/items/get", order_ids=json.dumps([1] * 51)))["code"] == "37"


def test_stock_is_read_back_with_the_campaigns_part(stall: Stall) -> None:
    key = stall.list("Scarf", 5)
    stall.at_door("/promotions", {"listing": key, "units": 3})
    stall.buy(key, 1)
    sku = read(ask(stall, "GET", "/product/item/get", item_id=key.split("~")[0]))["data"]["skus"][0]
    inventory = sku["multiWarehouseInventories"][0]
    assert [inventory[name] for name in ("sellableQuantity", "occupyQuantity", "totalQuantity")] == [4, 1, 5]
    assert sku["channelInventories"] == [{"channelName": "campaign", "quantity": 2}]


def test_a_throttled_call_is_a_200_with_a_ban_in_it(stall: Stall) -> None:
    stall.faults(throttled=1.0)
    outcome = ask(stall, "GET", "/seller/get")
    assert (status_of(outcome), read(outcome)["code"]) == (200, "ApiCallLimit")
    assert "last 1 seconds" in read(outcome)["message"]
