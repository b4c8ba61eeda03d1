"""The face of Shopee: what it accepts, what it refuses, and in which words."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.faces.shopee import Shopee
from tests.unit.sandbox.stall import VECTORS, Stall, read, status_of

if TYPE_CHECKING:
    from sandbox.desk import Outcome

V2 = "/api/v2"
PUBLIC = (f"{V2}/auth/", f"{V2}/push/")


@pytest.fixture
def stall() -> Stall:
    return Stall(Shopee())


def ask(stall: Stall, method: str, path: str, query: dict[str, str] | None = None, body: object = None) -> Outcome:
    """A call as a client makes it, signed."""
    secret = stall.fair.secret(stall.booth)
    common = {"partner_id": secret["partner_id"], "timestamp": str(int(stall.time.timestamp()))}
    signed = secret["partner_id"] + V2 + path + common["timestamp"]
    if not (V2 + path).startswith(PUBLIC):
        common |= {"access_token": secret["access_token"], "shop_id": secret["shop_id"]}
        signed += secret["access_token"] + secret["shop_id"]
    common["sign"] = hmac.new(secret["partner_key"].encode(), signed.encode(), hashlib.sha256).hexdigest()
    sent = b"" if body is None else json.dumps(body).encode()
    return stall.receive(method, V2 + path, query={**(query or {}), **common}, body=sent)


def set_stock(stall: Stall, key: str, stock: int) -> Outcome:
    item, model = map(int, key.split("~"))
    models = [{"model_id": model, "seller_stock": [{"stock": stock}]}]
    return ask(stall, "POST", "/product/update_stock", body={"item_id": item, "stock_list": models})


def refresh(stall: Stall, token: str) -> Outcome:
    members = stall.booth.members
    body = {"refresh_token": token, "partner_id": int(members["partner_id"]), "shop_id": int(members["shop_id"])}
    return ask(stall, "POST", "/auth/access_token/get", body=body)


signed_by_others = pytest.mark.parametrize(
    "vector",
    [each for each in VECTORS["shopee"]["request_signing"] if each.get("path", "").endswith(("shop_info", "detail"))],
    ids=lambda each: each["name"],
)


@signed_by_others
def test_a_signature_of_published_programs_is_accepted_and_one_letter_less_is_not(
    stall: Stall, vector: dict[str, Any]
) -> None:
    stall.time = datetime.fromtimestamp(vector["timestamp"], UTC)
    stall.booth.members |= {name: vector[name] for name in ("partner_id", "partner_key", "shop_id")}
    assert stall.booth.tokens is not None
    stall.booth.tokens.access[vector["access_token"]] = stall.time.replace(year=2040)
    query = {name: str(vector[name]) for name in ("partner_id", "timestamp", "access_token", "shop_id")}
    query |= {"order_sn_list": "1", "sign": vector["expected"]}
    assert read(stall.receive("GET", vector["path"], query=query))["error"] == ""
    wrong = stall.receive("GET", vector["path"], query=query | {"sign": vector["expected"][:-1]})
    assert read(wrong)["error"] == "error_sign"


@pytest.mark.parametrize("vector", VECTORS["shopee"]["webhook"], ids=lambda each: each["name"])
def test_pushes_are_signed_as_published_programs_check_them(stall: Stall, vector: dict[str, Any]) -> None:
    stall.fair.subscribe(stall.booth, vector["callback_url"])
    signed = stall.face.sign(stall.booth, body=vector["raw_body"].encode(), key=vector["partner_key"])
    assert signed == {"Authorization": vector["expected"]}


def test_a_call_of_six_minutes_ago_is_refused(stall: Stall) -> None:
    secret = stall.fair.secret(stall.booth)
    query = {"partner_id": secret["partner_id"], "shop_id": secret["shop_id"], "sign": "x"}
    query["timestamp"] = str(int(stall.time.timestamp()) - 360)
    outcome = stall.receive("GET", f"{V2}/shop/get_shop_info", query=query)
    assert (status_of(outcome), read(outcome)["error"]) == (403, "error_param")


def test_an_access_token_lives_four_hours(stall: Stall) -> None:
    stall.later(4 * 3600 - 1)
    assert read(ask(stall, "GET", "/shop/get_shop_info"))["error"] == ""
    stall.later(1)
    assert read(ask(stall, "GET", "/shop/get_shop_info"))["error"] == "invalid_acceess_token"


def test_a_shorter_life_of_tokens_holds_for_those_that_are_there_and_for_new_ones(stall: Stall) -> None:
    stall.faults(token_expiry_s=10.0)
    stall.later(10)
    assert read(ask(stall, "GET", "/shop/get_shop_info"))["error"] == "invalid_acceess_token"
    assert read(refresh(stall, stall.fair.secret(stall.booth)["refresh_token"]))["expire_in"] == 10
    assert read(ask(stall, "GET", "/shop/get_shop_info"))["error"] == ""
    stall.later(10)
    assert read(ask(stall, "GET", "/shop/get_shop_info"))["error"] == "invalid_acceess_token"


def test_a_refresh_token_is_good_once(stall: Stall) -> None:
    first = stall.fair.secret(stall.booth)["refresh_token"]
    renewed = read(refresh(stall, first))
    assert renewed["expire_in"] == 14_400
    assert renewed["refresh_token"] != first
    assert read(refresh(stall, first))["error"] == "error_auth"
    assert read(refresh(stall, renewed["refresh_token"]))["error"] == ""


def test_a_refresh_whose_answer_was_lost_can_be_repeated_only_within_a_grace(stall: Stall) -> None:
    first = stall.fair.secret(stall.booth)["refresh_token"]
    stall.faults(refresh_answer_lost=1.0)
    assert refresh(stall, first).reply is None
    stall.faults(refresh_answer_lost=0.0)
    assert read(refresh(stall, first))["error"] == "error_auth"
    stall.faults(refresh_grace_s=60.0)
    assert read(refresh(stall, first))["access_token"] == stall.fair.secret(stall.booth)["access_token"]
    stall.later(60)
    assert read(refresh(stall, first))["error"] == "error_auth"


def test_stock_that_is_written_is_shown_and_sold(stall: Stall) -> None:
    key = stall.list("Teapot", 3)
    assert read(set_stock(stall, key, 8))["response"]["success_list"] == [
        {"model_id": 0, "location_id": "", "stock": 8}
    ]
    stall.buy(key, 5)
    shown = read(ask(stall, "GET", "/product/get_item_base_info", {"item_id_list": key.split("~")[0]}))
    info = shown["response"]["item_list"][0]["stock_info_v2"]
    assert info["summary_info"] == {"total_reserved_stock": 0, "total_available_stock": 3}


def test_a_batch_holds_one_to_fifty_models_of_one_item(stall: Stall) -> None:
    keys = [stall.list(f"Cup {number}", 1, product="cup") for number in range(2)]
    item = int(keys[0].split("~")[0])
    assert keys[1].startswith(f"{item}~")

    def write(count: int) -> str:
        models = [{"model_id": int(keys[0].split("~")[1]), "seller_stock": [{"stock": 2}]}] * count
        error: str = read(ask(stall, "POST", "/product/update_stock", body={"item_id": item, "stock_list": models}))[
            "error"
        ]
        return error

    assert [write(0), write(50), write(51)] == ["error_param", "", "error_param"]


def test_a_model_that_fails_stands_in_a_200_beside_those_that_do_not(stall: Stall) -> None:
    keys = [stall.list(f"Cup {number}", 1, product="cup") for number in range(2)]
    item = int(keys[0].split("~")[0])
    models = [{"model_id": each, "seller_stock": [{"stock": 2}]} for each in (int(keys[0].split("~")[1]), 5)]
    outcome = ask(stall, "POST", "/product/update_stock", body={"item_id": item, "stock_list": models})
    told = read(outcome)
    assert (status_of(outcome), told["error"]) == (200, "")
    assert told["response"]["failure_list"] == [{"model_id": 5, "failed_reason": "model not found"}]
    assert len(told["response"]["success_list"]) == 1


def test_stock_cannot_be_set_below_what_a_promotion_keeps(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    stall.at_door("/promotions", {"listing": key, "units": 4})
    told = read(set_stock(stall, key, 3))
    assert told["error"] == "error_busi_update_stock_failed"
    assert told["response"]["failure_list"][0]["failed_reason"] == "Total stock must be more than reserved stock"
    assert read(set_stock(stall, key, 4))["error"] == ""


def test_a_promotion_is_pushed_when_it_begins_and_when_it_ends(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    stall.at_door("/promotions", {"listing": key, "units": 4})
    stall.buy(key, 1)
    ended = stall.at_door("/promotions/end", {"listing": key})
    assert (ended["given_back"], ended["locked"], ended["quantity"]) == (3, 0, 9)
    reserved = [json.loads(push.body) for push in stall.pushes if json.loads(push.body)["code"] == 8]
    assert [each["data"]["changed_values"][0]["new"] for each in reserved] == [4, 0]


def test_prices_are_whole_dong(stall: Stall) -> None:
    key = stall.list("Teapot", 1)

    def write(price: float) -> str:
        body = {"item_id": int(key.split("~")[0]), "price_list": [{"model_id": 0, "original_price": price}]}
        error: str = read(ask(stall, "POST", "/product/update_price", body=body))["error"]
        return error

    assert [write(99.5), write(199_000)] == ["error_busi_update_price_failed", ""]
    assert stall.booth.shop.listings[key].price == 199_000


def test_an_order_is_told_whole_only_to_those_who_ask_for_its_items(stall: Stall) -> None:
    key = stall.list("Teapot", 5)
    order = stall.buy(key, 3)
    stall.at_door(f"/orders/{order.id}/cancel", {"lines": [{"listing": key, "quantity": 1}]})
    without = read(ask(stall, "GET", "/order/get_order_detail", {"order_sn_list": f"{order.id},NONE"}))
    assert ["item_list" in each for each in without["response"]["order_list"]] == [False]
    asked = {"order_sn_list": order.id, "response_optional_fields": "item_list"}
    detail = read(ask(stall, "GET", "/order/get_order_detail", asked))["response"]["order_list"][0]
    item = detail["item_list"][0]
    assert (detail["order_status"], f"{item['item_id']}~{item['model_id']}") == ("READY_TO_SHIP", key)
    assert [item[name] for name in ("model_quantity_purchased", "active_qty", "cancelled_qty")] == [3, 2, 1]


def test_fifty_one_orders_are_too_many_to_ask_for(stall: Stall) -> None:
    asked = {"order_sn_list": ",".join(map(str, range(51)))}
    assert read(ask(stall, "GET", "/order/get_order_detail", asked))["error"] == "error_param"


def test_the_list_of_orders_goes_by_pages_within_fifteen_days(stall: Stall) -> None:
    key = stall.list("Teapot", 5)
    orders = []
    for _ in range(3):
        orders.append(stall.buy(key).id)
        stall.later(60)
    now = int(stall.time.timestamp())
    asked = {"time_range_field": "update_time", "time_from": str(now - 600), "time_to": str(now), "page_size": "2"}
    first = read(ask(stall, "GET", "/order/get_order_list", asked))["response"]
    second = read(ask(stall, "GET", "/order/get_order_list", {**asked, "cursor": first["next_cursor"]}))["response"]
    assert [each["order_sn"] for each in first["order_list"] + second["order_list"]] == orders[::-1]
    assert (first["more"], second["more"]) == (True, False)
    far = {**asked, "time_from": str(now - 16 * 86_400)}
    assert read(ask(stall, "GET", "/order/get_order_list", far))["error"] == "error_param"
    stall.faults(empty_order_page=1.0)
    assert read(ask(stall, "GET", "/order/get_order_list", asked))["response"]["order_list"] == []


def test_an_order_is_pushed_without_its_items_at_each_step(stall: Stall) -> None:
    order = stall.buy(stall.list("Teapot", 5))
    stall.at_door(f"/orders/{order.id}/ship", {})
    told = [json.loads(push.body) for push in stall.pushes]
    assert [(each["code"], each["data"]["status"], each["data"]["items"]) for each in told] == [
        (3, "UNPAID", []),
        (3, "READY_TO_SHIP", []),
        (3, "SHIPPED", []),
    ]


def test_lost_pushes_wait_until_they_are_confirmed(stall: Stall) -> None:
    order = stall.buy(stall.list("Teapot", 5), paid=False)
    stall.face.undelivered(stall.booth, stall.pushes[0], stall.time)
    waiting = read(ask(stall, "GET", "/push/get_lost_push_message"))["response"]
    assert [json.loads(each["data"])["data"]["ordersn"] for each in waiting["push_message_list"]] == [order.id]
    confirmed = {"last_message_id": waiting["last_message_id"]}
    ask(stall, "POST", "/push/confirm_consumed_lost_push_message", body=confirmed)
    assert read(ask(stall, "GET", "/push/get_lost_push_message"))["response"]["push_message_list"] == []


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"throttled": 1.0}, 429, "error_rate_limit"),
        ({"server_error": 1.0}, 500, "error_server"),
        ({"daily_quota": 0}, 429, "error_limit"),
    ],
)
def test_faults_speak_the_words_of_shopee(stall: Stall, fault: dict[str, Any], status: int, code: str) -> None:
    stall.faults(**fault)
    outcome = ask(stall, "GET", "/shop/get_shop_info")
    assert (status_of(outcome), read(outcome)["error"]) == (status, code)
