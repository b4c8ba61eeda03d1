"""The door: shopping, looking behind the counter, asking for faults."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.faces.lazada import Lazada
from sandbox.faces.shopee import Shopee
from tests.unit.sandbox.stall import HOOK, Stall


@pytest.fixture
def stall() -> Stall:
    return Stall(Shopee())


def test_a_shop_is_opened_once_and_its_secret_told_again(stall: Stall) -> None:
    body = {"channel": "shopee", "shop": "Kệ-7".replace("ệ", "e"), "webhook_url": HOOK}
    first, second = stall.knock("POST", "/shops", body), stall.knock("POST", "/shops", body)
    assert (first.status_code, first.json()) == (201, second.json())
    secret = first.json()["secret"]
    assert all(isinstance(value, str) for value in secret.values())
    assert secret["callback_url"] == HOOK
    assert secret["webhook_key"] == secret["partner_key"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"channel": "sendo", "shop": "one"}, 404),
        ({"channel": "shopee", "shop": "a shop"}, 422),
        ({"channel": "shopee", "shop": "one", "webhook": HOOK}, 422),
        ({"channel": "shopee", "shop": "one", "webhook_url": "ftp://x"}, 422),
    ],
)
def test_a_shop_that_cannot_be_opened_says_why(stall: Stall, body: dict[str, Any], status: int) -> None:
    assert stall.knock("POST", "/shops", body).status_code == status


def test_the_same_seed_and_name_make_the_same_shop() -> None:
    def secret(seed: int) -> dict[str, str]:
        stall = Stall(Shopee(), seed=seed)
        return stall.fair.secret(stall.booth)

    assert secret(7) == secret(7)
    assert secret(7)["partner_key"] != secret(8)["partner_key"]


def test_listings_of_one_product_share_its_id_and_others_do_not(stall: Stall) -> None:
    keys = [stall.list("Red", 1, product="shirt"), stall.list("Blue", 1, product="shirt"), stall.list("Hat", 1)]
    items = [key.split("~")[0] for key in keys]
    assert items[0] == items[1] != items[2]
    assert keys[2].endswith("~0")
    shown = stall.knock("GET", stall.shop + "/listings").json()["listings"]
    assert [each["listing"] for each in shown] == keys


def test_an_oversell_is_answered_sold_out_and_leaves_no_order(stall: Stall) -> None:
    key = stall.list("Hat", 1)
    answer = stall.knock("POST", stall.shop + "/orders", {"lines": [{"listing": key, "quantity": 2}]})
    assert (answer.status_code, answer.json()["code"], answer.json()["left"]) == (409, "sold_out", 1)
    assert stall.knock("GET", stall.shop + "/orders").json() == {"orders": []}
    assert stall.pushes == []


def test_the_truth_tells_units_by_listing_and_every_step(stall: Stall) -> None:
    key = stall.list("Hat", 5)
    order = stall.buy(key, 4)
    one = {"lines": [{"listing": key, "quantity": 1}]}
    stall.at_door(f"/orders/{order.id}/cancel", one)
    stall.at_door(f"/orders/{order.id}/ship", {})
    stall.at_door(f"/orders/{order.id}/return", one)
    told = stall.knock("GET", stall.shop + "/orders").json()["orders"][0]
    counted = {"placed": 4, "paid": 4, "shipped": 3, "cancelled": 1, "returned": 1, "restocked": 1}
    assert told["units"] == {key: {**counted, "cancelled_restocked": 1, "returned_restocked": 0}}
    assert [each["what"] for each in told["history"]] == ["placed", "paid", "cancelled", "shipped", "returned"]


def test_a_promotion_ends_by_itself_and_not_by_settling(stall: Stall) -> None:
    key = stall.list("Hat", 5)
    stall.at_door("/promotions", {"listing": key, "units": 3, "ends_in_s": 600})
    assert stall.knock("POST", "/settle").json()["released"] == 0
    assert stall.booth.shop.listings[key].locked == 3
    stall.later(600)
    stall.waiting.run_due()
    assert stall.booth.shop.listings[key].locked == 0
    assert len(stall.pushes) == 2


def test_a_rotation_leaves_the_previous_key_in_the_secret(stall: Stall) -> None:
    before = stall.fair.secret(stall.booth)
    after = stall.at_door("/secret/rotate", {})["secret"]
    assert after["webhook_key_previous"] == before["webhook_key"] != after["webhook_key"]
    assert after["partner_key"] == before["partner_key"]


def test_faults_that_are_set_are_shown(stall: Stall) -> None:
    stall.faults(throttled=0.5)
    stall.faults(webhook_delay_s={"median": 1.0, "p95": 5.0})
    shown = stall.knock("GET", stall.shop + "/faults").json()
    assert (shown["throttled"], shown["webhook_delay_s"]) == (0.5, {"median": 1.0, "p95": 5.0})
    answer = stall.knock("PUT", stall.shop + "/faults", {"trottled": 1})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert "trottled" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/orders/none/pay", {}, 404),
        ("POST", "/orders", {"lines": []}, 422),
        ("POST", "/orders", {"lines": [{"listing": "none", "quantity": 1}]}, 404),
        ("POST", "/listings", {"listings": [{"title": "Hat", "quantity": -1}]}, 422),
        ("POST", "/promotions", {"listing": "none", "units": 1}, 404),
        ("POST", "/inventory", {"listing": "none", "on_hand": 1}, 409),
        ("PUT", "/faults", [], 409),
    ],
)
def test_what_cannot_be_done_is_refused(stall: Stall, method: str, path: str, body: Any, status: int) -> None:
    assert stall.knock(method, stall.shop + path, body).status_code == status


def test_an_order_is_paid_once(stall: Stall) -> None:
    order = stall.buy(stall.list("Hat", 5))
    answer = stall.knock("POST", f"{stall.shop}/orders/{order.id}/pay", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_possible")


def test_what_comes_back_is_not_put_back_where_the_marketplace_never_does() -> None:
    for face in (Shopee(), Lazada()):
        stall = Stall(face)
        key = stall.list("Hat", 5)
        order = stall.buy(key, 2)
        stall.at_door(f"/orders/{order.id}/ship", {})
        stall.at_door(f"/orders/{order.id}/return", {"restock": True})
        assert stall.booth.shop.listings[key].quantity == 3


def test_a_reset_leaves_nothing(stall: Stall) -> None:
    stall.list("Hat", 5)
    stall.knock("POST", "/reset")
    assert stall.knock("GET", "/health").json() == {"status": "ok", "shops": 0, "waiting": 0}
    assert stall.knock("GET", stall.shop + "/listings").status_code == 404
