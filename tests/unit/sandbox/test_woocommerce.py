"""The face of WooCommerce: keys and signatures, batches with errors inside a 200, and pushes that come once."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from sandbox.faces.woocommerce import WooCommerce
from sandbox.faces.woocommerce_auth import Denied, Gate
from tests.unit.sandbox.stall import VECTORS, Stall, read, status_of

if TYPE_CHECKING:
    from sandbox.desk import Outcome

V3 = "/wp-json/wc/v3"


@pytest.fixture
def stall() -> Stall:
    stall = Stall(WooCommerce())
    stall.pushes.clear()
    return stall


def ask(stall: Stall, method: str, path: str, query: dict[str, str] | None = None, body: object = None) -> Outcome:
    secret = stall.fair.secret(stall.booth)
    basic = base64.b64encode(f"{secret['consumer_key']}:{secret['consumer_secret']}".encode()).decode()
    headers = {"authorization": f"Basic {basic}", "host": "site.example"}
    sent = b"" if body is None else json.dumps(body).encode()
    return stall.receive(method, V3 + path, query=query, headers=headers, body=sent)


def update(stall: Stall, key: str, *objects: dict[str, Any]) -> Outcome:
    product, variation = key.split("~")
    path = "/products/batch" if variation == "0" else f"/products/{product}/variations/batch"
    return ask(stall, "POST", path, body={"update": list(objects)})


def order_json(stall: Stall, number: str) -> dict[str, Any]:
    told: dict[str, Any] = read(ask(stall, "GET", f"/orders/{number}"))
    return told


signed_by_others = pytest.mark.parametrize(
    "vector", VECTORS["woocommerce"]["request_signing"], ids=lambda each: each["name"]
)


@signed_by_others
def test_a_signature_of_published_programs_is_accepted_and_another_word_is_not(vector: dict[str, Any]) -> None:
    url = urlsplit(vector["signed_url"])
    query = parse_qsl(url.query, keep_blank_values=True)
    address, now = f"{url.scheme}://{url.netloc}{url.path}", vector["oauth_timestamp"]

    def gate() -> Gate:
        return Gate(key=vector["consumer_key"], secret=vector["consumer_secret"])

    gate().check(vector["method"], address, query, {}, now_s=now)
    for method, where, pairs in (
        ("DELETE", address, query),
        (vector["method"], address + "/1", query),
        (vector["method"], address, [*query, ("page", "9")]),
    ):
        with pytest.raises(Denied, match="does not match"):
            gate().check(method, where, pairs, {}, now_s=now)


@signed_by_others
def test_a_signed_call_is_good_once_and_for_a_quarter_of_an_hour(vector: dict[str, Any]) -> None:
    url = urlsplit(vector["signed_url"])
    query = parse_qsl(url.query, keep_blank_values=True)
    address, now = f"{url.scheme}://{url.netloc}{url.path}", vector["oauth_timestamp"]
    gate = Gate(key=vector["consumer_key"], secret=vector["consumer_secret"])
    with pytest.raises(Denied, match="timestamp"):
        gate.check(vector["method"], address, query, {}, now_s=now + 901)
    gate.check(vector["method"], address, query, {}, now_s=now + 900)
    with pytest.raises(Denied, match="nonce"):
        gate.check(vector["method"], address, query, {}, now_s=now)


@signed_by_others
def test_the_face_takes_such_a_call_over_http(stall: Stall, vector: dict[str, Any]) -> None:
    stall.time = datetime.fromtimestamp(vector["oauth_timestamp"], UTC)
    stall.booth.members |= {name: vector[name] for name in ("consumer_key", "consumer_secret")}
    url = urlsplit(vector["signed_url"])
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    outcome = stall.receive(vector["method"], url.path, query=query, headers={"host": url.netloc})
    # A product that is not there is another refusal than a signature that is wrong.
    assert status_of(outcome) in (200, 404)
    query["oauth_signature"] = "x" + query["oauth_signature"][1:]
    outcome = stall.receive(vector["method"], url.path, query=query, headers={"host": url.netloc})
    assert (status_of(outcome), read(outcome)["code"]) == (401, "woocommerce_rest_authentication_error")


@pytest.mark.parametrize("vector", VECTORS["woocommerce"]["webhook"], ids=lambda each: each["name"])
def test_pushes_are_signed_as_published_programs_check_them(stall: Stall, vector: dict[str, Any]) -> None:
    signed = stall.face.sign(stall.booth, body=vector["raw_body"].encode(), key=vector["secret_stored"])
    assert signed == {"X-WC-Webhook-Signature": vector["expected"]}


def test_keys_may_stand_in_the_query_and_must_be_right(stall: Stall) -> None:
    keys = {name: stall.booth.members[name] for name in ("consumer_key", "consumer_secret")}
    assert status_of(stall.receive("GET", f"{V3}/orders", query=keys)) == 200
    wrong = stall.receive("GET", f"{V3}/orders", query={**keys, "consumer_secret": "cs_wrong"})
    assert (status_of(wrong), read(wrong)["message"]) == (401, "Consumer secret is invalid.")
    wrong = stall.receive("GET", f"{V3}/orders", query={**keys, "consumer_key": "ck_wrong"})
    assert (status_of(wrong), read(wrong)["message"]) == (401, "Consumer key is invalid.")
    assert read(stall.receive("GET", f"{V3}/orders"))["code"] == "woocommerce_rest_cannot_view"


def test_a_batch_answers_200_with_errors_inside(stall: Stall) -> None:
    keys = [stall.list(f"Shirt {size}", 5, product="shirt") for size in "SM"]
    first = int(keys[0].split("~")[1])
    asked = {"id": first, "manage_stock": True, "stock_quantity": 8, "regular_price": "199000"}
    outcome = update(stall, keys[0], asked, {"id": 9, "stock_quantity": 1})
    told = read(outcome)["update"]
    assert status_of(outcome) == 200
    assert (told[0]["stock_quantity"], told[0]["regular_price"]) == (8, "199000")
    assert told[1]["error"]["code"] == "woocommerce_rest_product_variation_invalid_id"
    assert told[1]["error"]["data"] == {"status": 404}
    assert stall.booth.shop.listings[keys[0]].quantity == 8
    assert stall.booth.shop.listings[keys[0]].price == 199_000


def test_simple_products_have_a_batch_of_their_own(stall: Stall) -> None:
    simple, variation = stall.list("Teapot", 5), stall.list("Shirt", 5, product="shirt")
    assert simple.endswith("~0")
    told = read(update(stall, simple, {"id": int(simple.split("~")[0]), "stock_quantity": 2}))["update"]
    assert told[0]["stock_quantity"] == 2
    wrong = update(stall, simple, {"id": int(variation.split("~")[1]), "stock_quantity": 2})
    assert read(wrong)["update"][0]["error"]["code"] == "woocommerce_rest_product_invalid_id"


@pytest.mark.parametrize(
    ("member", "value"), [("stock_quantity", "many"), ("regular_price", 199_000), ("manage_stock", "yes")]
)
def test_a_member_of_the_wrong_type_is_an_error_of_its_object(stall: Stall, member: str, value: object) -> None:
    key = stall.list("Teapot", 5)
    told = read(update(stall, key, {"id": int(key.split("~")[0]), member: value}))["update"]
    assert told[0]["error"]["code"] == "rest_invalid_param"
    assert member in told[0]["error"]["message"]
    assert stall.booth.shop.listings[key].quantity == 5


def test_a_batch_has_at_most_a_hundred_objects(stall: Stall) -> None:
    key = stall.list("Teapot", 5)
    one = {"id": int(key.split("~")[0]), "stock_quantity": 2}
    assert status_of(update(stall, key, *[one] * 100)) == 200
    outcome = update(stall, key, *[one] * 101)
    assert (status_of(outcome), read(outcome)["code"]) == (413, "woocommerce_rest_request_entity_too_large")


def test_stock_that_is_not_managed_is_forgotten(stall: Stall) -> None:
    key = stall.list("Shirt", 5, product="shirt")
    number = int(key.split("~")[1])
    assert read(update(stall, key, {"id": number, "manage_stock": False}))["update"][0]["stock_quantity"] is None
    read(update(stall, key, {"id": number, "stock_quantity": 3}))
    assert stall.booth.shop.listings[key].quantity == 5
    read(update(stall, key, {"id": number, "stock_quantity": 3, "manage_stock": True}))
    assert stall.booth.shop.listings[key].quantity == 3


def test_an_object_may_fail_inside_a_200(stall: Stall) -> None:
    key = stall.list("Teapot", 5)
    stall.faults(partial_failure=1.0)
    told = read(update(stall, key, {"id": int(key.split("~")[0]), "stock_quantity": 2}))["update"]
    assert told[0]["error"]["data"] == {"status": 500}
    assert stall.booth.shop.listings[key].quantity == 5


def test_stock_is_taken_at_payment_and_held_without_a_word_before(stall: Stall) -> None:
    key = stall.list("Teapot", 3)
    order = stall.buy(key, 2, paid=False)
    assert order_json(stall, order.id)["status"] == "pending"
    product = f"/products/{key.split('~')[0]}"
    assert read(ask(stall, "GET", product))["stock_quantity"] == 3
    sold_out = stall.knock("POST", stall.shop + "/orders", {"lines": [{"listing": key, "quantity": 2}]})
    assert sold_out.status_code == 409
    stall.at_door(f"/orders/{order.id}/pay", None)
    assert order_json(stall, order.id)["status"] == "processing"
    assert order_json(stall, order.id)["line_items"][0]["meta_data"][0]["value"] == "2"
    assert read(ask(stall, "GET", product))["stock_quantity"] == 1


def test_a_refund_is_told_in_the_order_and_itemised_beside_it(stall: Stall) -> None:
    key = stall.list("Teapot", 10, price=50_000)
    order = stall.buy(key, 3)
    stall.at_door(f"/orders/{order.id}/cancel", {"lines": [{"listing": key, "quantity": 1}]})
    told = order_json(stall, order.id)
    assert (told["status"], told["line_items"][0]["quantity"]) == ("processing", 3)
    assert told["refunds"][0]["total"] == "-50000"
    refund = read(ask(stall, "GET", f"/orders/{order.id}/refunds"))[0]
    item = refund["line_items"][0]
    assert (refund["id"], item["quantity"]) == (told["refunds"][0]["id"], -1)
    assert item["meta_data"][0]["value"] == str(told["line_items"][0]["id"])
    stall.at_door(f"/orders/{order.id}/ship", {})
    assert order_json(stall, order.id)["status"] == "completed"
    stall.at_door(f"/orders/{order.id}/return", {"restock": True})
    assert order_json(stall, order.id)["status"] == "refunded"


def test_an_unpaid_order_is_cancelled_without_a_refund(stall: Stall) -> None:
    order = stall.buy(stall.list("Teapot", 10), 3, paid=False)
    stall.at_door(f"/orders/{order.id}/cancel", {})
    told = order_json(stall, order.id)
    assert (told["status"], told["refunds"]) == ("cancelled", [])


def test_orders_are_found_by_their_last_change_and_paged(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    orders = []
    for _ in range(3):
        orders.append(int(stall.buy(key).id))
        stall.later(60)

    def found(**query: str) -> list[int]:
        return [each["id"] for each in read(ask(stall, "GET", "/orders", query))]

    by_change = {"orderby": "modified", "order": "asc", "dates_are_gmt": "true"}
    assert found(**by_change, modified_after="2026-03-02T12:00:00") == orders[1:]
    assert found(orderby="modified", order="asc", modified_after="2026-03-02T19:00:00") == orders[1:]
    assert found() == orders[::-1]
    outcome = ask(stall, "GET", "/orders", {"per_page": "2", "page": "2", "order": "asc"})
    assert [each["id"] for each in read(outcome)] == orders[2:]
    assert outcome.reply is not None
    assert (outcome.reply.headers["X-WP-Total"], outcome.reply.headers["X-WP-TotalPages"]) == ("3", "2")
    assert outcome.reply.headers["Link"].endswith('per_page=2&order=asc&page=1>; rel="prev"')
    assert status_of(ask(stall, "GET", "/orders", {"per_page": "101"})) == 400
    stall.faults(empty_order_page=1.0)
    assert found() == []


def test_a_time_with_an_offset_becomes_the_sites_own_before_it_is_compared(stall: Stall) -> None:
    stall.buy(stall.list("Teapot", 10))
    query = {"dates_are_gmt": "true", "modified_after": "2026-03-02T11:00:00"}
    assert len(read(ask(stall, "GET", "/orders", query))) == 1
    assert read(ask(stall, "GET", "/orders", {**query, "modified_after": query["modified_after"] + "Z"})) == []


def test_what_is_paid_on_delivery_is_processing_and_takes_stock_at_once(stall: Stall) -> None:
    key = stall.list("Teapot", 3)
    order = stall.at_door("/orders", {"lines": [{"listing": key, "quantity": 2}], "cod": True})["order_id"]
    assert order_json(stall, order)["status"] == "processing"
    assert read(ask(stall, "GET", f"/products/{key.split('~')[0]}"))["stock_quantity"] == 1
    stall.at_door(f"/orders/{order}/ship", {})
    assert order_json(stall, order)["status"] == "completed"


def test_a_new_address_gets_a_ping_that_is_not_signed(stall: Stall) -> None:
    stall.fair.subscribe(stall.booth, "https://shop.example/webhooks/two")
    (ping,) = stall.pushes
    assert (ping.body, ping.signed, ping.once) == (b"webhook_id=1", False, True)
    assert ping.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_a_push_is_the_order_as_php_writes_it(stall: Stall) -> None:
    stall.buy(stall.list("Ấm trà", 10), 2)
    created, updated = stall.pushes
    assert [push.headers["X-WC-Webhook-Topic"] for push in (created, updated)] == ["order.created", "order.updated"]
    assert b'"name":"\\u1ea4m tr\\u00e0"' in created.body
    assert [json.loads(push.body)["status"] for push in (created, updated)] == ["pending", "processing"]


def test_the_merchant_edits_stock_and_the_site_tells(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    stall.at_door("/inventory", {"listing": key, "on_hand": 4})
    push = stall.pushes[-1]
    assert push.headers["X-WC-Webhook-Topic"] == "product.updated"
    assert json.loads(push.body)["stock_quantity"] == 4


def test_a_push_is_sent_once_and_six_failures_end_the_webhook() -> None:
    delivery = WooCommerce.delivery
    assert delivery is not None
    assert (delivery.redelivery_s, delivery.disabled_after, delivery.statuses) == ((), 6, (200, 302))
