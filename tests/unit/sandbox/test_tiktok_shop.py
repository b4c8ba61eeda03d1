"""The face of TikTok Shop: what it accepts, what it refuses, and in which words."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.faces.tiktok_shop import TiktokShop
from tests.unit.sandbox.stall import VECTORS, Stall, read, status_of

if TYPE_CHECKING:
    from sandbox.desk import Outcome

JSON = "application/json"


@pytest.fixture
def stall() -> Stall:
    return Stall(TiktokShop())


def ask(stall: Stall, method: str, path: str, query: dict[str, str] | None = None, body: object = None) -> Outcome:
    """A call as a client makes it, signed."""
    secret = stall.fair.secret(stall.booth)
    asked = {"app_key": secret["app_key"], "timestamp": str(int(stall.time.timestamp()))}
    asked |= {"shop_cipher": secret["shop_cipher"], **(query or {})}
    sent = b"" if body is None else json.dumps(body).encode()
    inside = path + "".join(name + asked[name] for name in sorted(asked)) + sent.decode()
    key = secret["app_secret"]
    asked["sign"] = hmac.new(key.encode(), (key + inside + key).encode(), hashlib.sha256).hexdigest()
    headers = {"content-type": JSON, "x-tts-access-token": secret["access_token"]}
    return stall.receive(method, path, query=asked, headers=headers, body=sent)


def set_stock(stall: Stall, key: str, quantity: int) -> Any:
    product, sku = key.split("~")
    body = {"skus": [{"id": sku, "inventory": [{"quantity": quantity}]}]}
    return read(ask(stall, "POST", f"/product/202309/products/{product}/inventory/update", body=body))


def codes_of(told: Any) -> list[int]:
    return [each["code"] for each in told["data"].get("errors", [])]


def refresh(stall: Stall, token: str) -> Any:
    secret = stall.fair.secret(stall.booth)
    query = {name: secret[name] for name in ("app_key", "app_secret")}
    query |= {"refresh_token": token, "grant_type": "refresh_token"}
    return read(stall.receive("GET", "/api/v2/token/refresh", query=query))


@pytest.mark.parametrize("vector", VECTORS["tiktok_shop"]["request_signing"], ids=lambda each: each["name"])
def test_a_signature_of_published_programs_is_accepted_and_another_body_under_it_is_not(
    stall: Stall, vector: dict[str, Any]
) -> None:
    query = vector["query"]
    stall.time = datetime.fromtimestamp(int(query["timestamp"]), UTC)
    stall.booth.members |= {"app_key": query["app_key"], "app_secret": vector["app_secret"]}
    stall.booth.members |= {"shop_cipher": query.get("shop_cipher", "")}
    assert stall.booth.tokens is not None
    token = stall.booth.tokens.current.access
    stall.booth.tokens.access[token] = stall.time.replace(year=2040)
    headers = {"content-type": vector["content_type"], "x-tts-access-token": token}

    def code(body: bytes) -> int:
        signed = query | {"sign": vector["expected"]}
        outcome = stall.receive(vector["method"], vector["path"], query=signed, headers=headers, body=body)
        told: int = read(outcome)["code"]
        return told

    body = (vector["raw_body"] or "").encode()
    # What is signed well gets past the signature: to a product or a page that this shop does not have.
    assert code(body) in (0, 12052032, 36009004)
    assert code(body + b" ") == (code(body) if vector["content_type"].startswith("multipart") else 106001)


@pytest.mark.parametrize("vector", VECTORS["tiktok_shop"]["webhook"], ids=lambda each: each["name"])
def test_pushes_are_signed_as_a_published_program_checks_them(stall: Stall, vector: dict[str, Any]) -> None:
    stall.booth.members["app_key"] = vector["app_key"]
    signed = stall.face.sign(stall.booth, body=vector["raw_body"].encode(), key=vector["app_secret"])
    assert signed == {"Authorization": vector["expected"]}


@pytest.mark.parametrize(("seconds", "code"), [(-301, 36009004), (-300, 0), (30, 0), (31, 36009004)])
def test_a_call_is_good_from_five_minutes_before_to_half_a_minute_after_its_time(
    stall: Stall, seconds: int, code: int
) -> None:
    timestamp = str(int(stall.time.timestamp()) + seconds)
    assert read(ask(stall, "GET", "/logistics/202309/warehouses", {"timestamp": timestamp}))["code"] == code


def test_an_expired_token_is_not_taken_for_a_wrong_one(stall: Stall) -> None:
    stall.later(7 * 86_400)
    outcome = ask(stall, "GET", "/logistics/202309/warehouses")
    assert (status_of(outcome), read(outcome)["code"]) == (401, 105002)
    assert stall.booth.tokens is not None
    stall.booth.tokens.access.clear()
    assert read(ask(stall, "GET", "/logistics/202309/warehouses"))["code"] == 36009004


def test_a_refresh_tells_when_tokens_end_in_seconds_since_1970(stall: Stall) -> None:
    told = refresh(stall, stall.fair.secret(stall.booth)["refresh_token"])
    assert told["data"]["access_token_expire_in"] == int(stall.time.timestamp()) + 7 * 86_400
    assert refresh(stall, "no such token")["code"] == 36004004


def test_a_call_names_its_shop_by_the_cipher(stall: Stall) -> None:
    shop = read(ask(stall, "GET", "/authorization/202309/shops"))["data"]["shops"][0]
    assert shop["cipher"] == stall.booth.members["shop_cipher"]
    assert read(ask(stall, "GET", "/logistics/202309/warehouses", {"shop_cipher": ""}))["code"] == 106013


def test_stock_that_is_written_is_shown_beside_what_is_sold(stall: Stall) -> None:
    key = stall.list("Lamp", 3)
    assert codes_of(set_stock(stall, key, 8)) == []
    stall.buy(key, 5)
    asked = {"sku_ids": [key.split("~")[1]]}
    found = read(ask(stall, "POST", "/product/202309/inventory/search", body=asked))["data"]["inventory"]
    shown = found[0]["skus"][0]
    assert [shown[f"total_{name}_quantity"] for name in ("available", "committed")] == [3, 5]


def test_a_wrong_quantity_fails_within_code_0(stall: Stall) -> None:
    key = stall.list("Lamp", 3)
    assert [codes_of(set_stock(stall, key, quantity)) for quantity in (99_999, 100_000, -1)] == [
        [],
        [12052055],
        [12052055],
    ]


def test_whether_zero_is_a_quantity_is_a_fault_to_choose(stall: Stall) -> None:
    key = stall.list("Lamp", 3)
    assert codes_of(set_stock(stall, key, 0)) == []
    stall.faults(zero_refused=True)
    assert codes_of(set_stock(stall, key, 0)) == [12052055]


def test_a_deactivated_product_is_not_sold_and_not_written(stall: Stall) -> None:
    key = stall.list("Lamp", 3)
    product = {"product_ids": [key.split("~")[0]]}
    read(ask(stall, "POST", "/product/202309/products/deactivate", body=product))
    assert set_stock(stall, key, 5)["code"] == 12052901
    answer = stall.knock("POST", stall.shop + "/orders", {"lines": [{"listing": key, "quantity": 1}]})
    assert (answer.status_code, answer.json()["code"]) == (409, "sold_out")
    read(ask(stall, "POST", "/product/202309/products/activate", body=product))
    assert set_stock(stall, key, 5)["code"] == 0


def test_a_promotion_takes_no_quantity_below_the_present_one(stall: Stall) -> None:
    key = stall.list("Lamp", 10)
    stall.at_door("/promotions", {"listing": key, "units": 4})
    assert [codes_of(set_stock(stall, key, quantity)) for quantity in (9, 10)] == [[12052393], []]
    assert [json.loads(push.body)["type"] for push in stall.pushes] == [39]


def test_an_unknown_product_fails_as_a_whole_and_an_unknown_sku_alone(stall: Stall) -> None:
    key = stall.list("Lamp", 3)
    assert set_stock(stall, "1~2", 1)["code"] == 12052032
    told = set_stock(stall, key.split("~")[0] + "~2", 1)
    assert (told["code"], codes_of(told)) == (0, [12052557])
    assert told["data"]["errors"][0]["detail"]["sku_id"] == "2"


def test_prices_are_text_in_dong(stall: Stall) -> None:
    product, sku = stall.list("Lamp", 3).split("~")

    def write(amount: object, currency: str = "VND") -> list[int]:
        body = {"skus": [{"id": sku, "price": {"amount": amount, "currency": currency}}]}
        return codes_of(read(ask(stall, "POST", f"/product/202309/products/{product}/prices/update", body=body)))

    assert [write(199_000), write("199000.5"), write("199000", "USD")] == [[12052012]] * 3
    assert write("199000") == []
    assert stall.booth.shop.listings[f"{product}~{sku}"].price == 199_000


def test_each_unit_is_a_line_item(stall: Stall) -> None:
    key = stall.list("Lamp", 5)
    order = stall.buy(key, 3)
    stall.at_door(f"/orders/{order.id}/cancel", {"lines": [{"listing": key, "quantity": 1}]})
    found = read(ask(stall, "GET", "/order/202309/orders", {"ids": f"{order.id},1"}))["data"]["orders"]
    assert [each["status"] for each in found] == ["AWAITING_SHIPMENT"]
    items = found[0]["line_items"]
    assert sorted(each["display_status"] for each in items) == ["AWAITING_SHIPMENT", "AWAITING_SHIPMENT", "CANCELLED"]
    assert {f"{each['product_id']}~{each['sku_id']}" for each in items} == {key}
    assert read(ask(stall, "GET", "/order/202309/orders", {"ids": ",".join(["1"] * 51)}))["code"] == 36009004


def test_a_cancelled_order_is_spelt_differently_in_push_and_api(stall: Stall) -> None:
    order = stall.buy(stall.list("Lamp", 5))
    stall.at_door(f"/orders/{order.id}/cancel", {})
    told = [json.loads(push.body) for push in stall.pushes]
    assert [(each["type"], each["data"].get("order_status")) for each in told] == [
        (1, "UNPAID"),
        (1, "AWAITING_SHIPMENT"),
        (1, "CANCEL"),
        (11, None),
    ]
    assert len({each["tts_notification_id"] for each in told}) == 4
    found = read(ask(stall, "GET", "/order/202309/orders", {"ids": order.id}))["data"]["orders"]
    assert found[0]["status"] == "CANCELLED"


def test_orders_are_searched_by_pages(stall: Stall) -> None:
    key, orders = stall.list("Lamp", 5), []
    for _ in range(3):
        orders.append(stall.buy(key).id)
        stall.later(60)
    query = {"page_size": "2", "sort_field": "update_time", "sort_order": "ASC"}
    bounds = {"update_time_ge": int(stall.time.timestamp()) - 180, "update_time_lt": int(stall.time.timestamp())}
    first = read(ask(stall, "POST", "/order/202309/orders/search", query, bounds))["data"]
    query["page_token"] = first["next_page_token"]
    second = read(ask(stall, "POST", "/order/202309/orders/search", query, bounds))["data"]
    assert [each["id"] for each in first["orders"] + second["orders"]] == orders
    assert (second["next_page_token"], second["total_count"]) == ("", 3)
    bounds["update_time_lt"] -= 60
    del query["page_token"]
    third = read(ask(stall, "POST", "/order/202309/orders/search", query, bounds))["data"]
    assert ([each["id"] for each in third["orders"]], third["total_count"]) == (orders[:2], 2)
    assert read(ask(stall, "POST", "/order/202309/orders/search", {"page_size": "101"}, bounds))["code"] == 36009004


def test_what_came_back_is_told_by_the_list_of_returns(stall: Stall) -> None:
    key = stall.list("Lamp", 5)
    order = stall.buy(key, 2)
    stall.at_door(f"/orders/{order.id}/ship", {})
    stall.at_door(f"/orders/{order.id}/return", {"lines": [{"listing": key, "quantity": 1}], "restock": True})
    assert stall.booth.shop.listings[key].quantity == 3
    asked = {"order_ids": [order.id]}
    found = read(ask(stall, "POST", "/return_refund/202309/returns/search", {"page_size": "10"}, asked))["data"]
    assert [len(each["return_line_items"]) for each in found["return_orders"]] == [1]
    assert json.loads(stall.pushes[-1].body)["type"] == 12
