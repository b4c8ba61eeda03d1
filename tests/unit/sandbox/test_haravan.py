"""The face of Haravan: the merchant's home shop, with figures on hand, committed and available."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.faces.haravan import Haravan
from tests.unit.sandbox.stall import VECTORS, Stall, read, status_of

if TYPE_CHECKING:
    from sandbox.desk import Outcome


@pytest.fixture
def stall() -> Stall:
    stall = Stall(Haravan())
    stall.pushes.clear()
    return stall


def ask(stall: Stall, method: str, path: str, query: dict[str, str] | None = None, body: object = None) -> Outcome:
    token = stall.fair.secret(stall.booth)["access_token"]
    sent = b"" if body is None else json.dumps(body).encode()
    return stall.receive(method, f"/com/{path}", query=query, headers={"authorization": f"Bearer {token}"}, body=sent)


def line(key: str, quantity: object) -> dict[str, Any]:
    product, variant = map(int, key.split("~"))
    return {"product_id": product, "product_variant_id": variant, "quantity": quantity}


def write(stall: Stall, lines: list[dict[str, Any]], **more: object) -> Outcome:
    inventory = {"location_id": int(stall.booth.members["location_id"]), "line_items": lines, **more}
    return ask(stall, "POST", "inventories/adjustorset.json", body={"inventory": inventory})


def balance(stall: Stall, key: str) -> dict[str, Any]:
    query = {"variant_ids": key.split("~")[1], "location_ids": stall.booth.members["location_id"]}
    told: dict[str, Any] = read(ask(stall, "GET", "inventory_locations.json", query))["inventory_locations"][0]
    return told


def topics(stall: Stall) -> list[str]:
    told = [push.headers["X-Haravan-Topic"] for push in stall.pushes]
    stall.pushes.clear()
    return told


@pytest.mark.parametrize("vector", VECTORS["haravan"]["webhook"], ids=lambda each: each["name"])
def test_pushes_are_signed_as_published_programs_check_them(stall: Stall, vector: dict[str, Any]) -> None:
    signed = stall.face.sign(stall.booth, body=vector["raw_body"].encode(), key=vector["secret"])
    assert signed == {vector["header"]: vector["expected"]}


def test_a_call_without_the_token_is_refused(stall: Stall) -> None:
    for headers in ({}, {"authorization": "Bearer wrong"}):
        assert status_of(stall.receive("GET", "/com/orders.json", headers=headers)) == 401


def test_a_write_without_a_type_adds(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    adjustment = read(write(stall, [line(key, 3)]))["inventory"]
    assert (adjustment["type"], adjustment["total_quantity"]) == ("adjust", 3)
    assert balance(stall, key)["qty_available"] == 13
    stall.buy(key, 4)
    write(stall, [line(key, -5)], type="adjust")
    told = balance(stall, key)
    assert (told["qty_available"], told["qty_onhand"]) == (4, 8)


def test_a_set_is_what_can_be_sold_beside_what_was(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    stall.buy(key, 4)
    read(write(stall, [line(key, 7)], type="set", reason="shrinkage"))
    told = balance(stall, key)
    assert (told["qty_available"], told["qty_commited"], told["qty_onhand"]) == (7, 4, 11)


@pytest.mark.parametrize(
    "more", [{"type": "replace"}, {"reason": "because"}, {"location_id": 1}, {"line_items": []}, {"line_items": [{}]}]
)
def test_what_is_wrong_is_refused_whole(stall: Stall, more: dict[str, object]) -> None:
    key = stall.list("Teapot", 10)
    assert status_of(write(stall, [line(key, 3)], **more)) == 422
    assert balance(stall, key)["qty_onhand"] == 10


def test_an_adjustment_has_at_most_two_hundred_lines_all_of_known_variants(stall: Stall) -> None:
    keys = [stall.list(f"Cup {number}", 1) for number in range(2)]
    assert status_of(write(stall, [line(keys[0], 0)] * 201)) == 422
    assert status_of(write(stall, [line(keys[0], 5), line("1~2", 5)])) == 422
    assert balance(stall, keys[0])["qty_available"] == 1
    assert status_of(write(stall, [line(keys[0], 0)] * 200)) == 200


def test_a_line_that_fails_inside_a_200_is_missing_from_the_answer(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    stall.faults(partial_failure=1.0)
    assert read(write(stall, [line(key, 3)]))["inventory"]["line_items"] == []
    assert balance(stall, key)["qty_available"] == 10


def test_a_write_may_come_late(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    stall.faults(applied_late_s=30)
    assert status_of(write(stall, [line(key, 3)], type="set")) == 200
    assert balance(stall, key)["qty_available"] == 10
    stall.later(30)
    stall.waiting.run_due()
    assert balance(stall, key)["qty_available"] == 3


def test_a_price_is_a_number(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    path = f"variants/{key.split('~')[1]}.json"
    assert read(ask(stall, "PUT", path, body={"variant": {"price": 199_000}}))["variant"]["price"] == 199_000.0
    assert read(ask(stall, "GET", path))["variant"]["price"] == 199_000.0
    assert status_of(ask(stall, "PUT", path, body={"variant": {"price": "cheap"}})) == 422
    assert status_of(ask(stall, "PUT", "variants/1.json", body={"variant": {"price": 1}})) == 404


def test_the_life_of_an_order_in_topics(stall: Stall) -> None:
    order = stall.buy(stall.list("Teapot", 10), 2)
    stock = "inventorylocationbalances/update"
    assert topics(stall) == ["orders/create", stock, "orders/paid", "orders/updated"]
    stall.at_door(f"/orders/{order.id}/ship", {})
    assert topics(stall) == ["orders/fulfilled", "orders/updated", stock]
    stall.at_door(f"/orders/{order.id}/return", {"restock": True})
    assert topics(stall) == ["refunds/create", "orders/updated", stock]


def test_a_cancellation_puts_nothing_back_unless_it_says_so(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    for restock, available in ((None, 7), (True, 7)):
        order = stall.buy(key, 3)
        stall.at_door(f"/orders/{order.id}/cancel", {"restock": restock})
        assert balance(stall, key)["qty_available"] == available
        told = read(ask(stall, "GET", f"orders/{order.id}.json"))["order"]
        assert (told["cancelled_status"], told["financial_status"]) == ("cancelled", "refunded")
        assert [each["restock"] for each in told["refunds"]] == [bool(restock)]
        assert told["fulfillment_status"] == ("restocked" if restock else "notfulfilled")


def test_each_refund_has_its_own_quantity_beside_the_ordered_one(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    order = stall.buy(key, 5)
    for quantity in (1, 2):
        stall.at_door(f"/orders/{order.id}/cancel", {"lines": [{"listing": key, "quantity": quantity}]})
    told = read(ask(stall, "GET", f"orders/{order.id}.json"))["order"]
    items = [each["refund_line_items"][0] for each in told["refunds"]]
    assert [(item["quantity"], item["line_item"]["quantity"]) for item in items] == [(1, 5), (2, 5)]
    assert {item["line_item_id"] for item in items} == {told["line_items"][0]["id"]}
    assert (told["financial_status"], told["cancelled_status"]) == ("partially_refunded", "uncancelled")
    assert told["line_items"][0]["fulfillable_quantity"] == 2
    assert read(ask(stall, "GET", f"orders/{order.id}/refunds.json"))["refunds"] == told["refunds"]


def test_orders_are_open_newest_first_and_fifty_a_page_unless_asked_otherwise(stall: Stall) -> None:
    key = stall.list("Teapot", 100)
    orders = []
    for _ in range(51):
        orders.append(stall.buy(key))
        stall.later(1)
    stall.at_door(f"/orders/{orders[0].id}/cancel", {})

    def found(**query: str) -> list[int]:
        return [each["id"] for each in read(ask(stall, "GET", "orders.json", query))["orders"]]

    assert found() == [int(order.id) for order in reversed(orders[1:])]
    assert found(page="2") == []
    everything = {"status": "any", "order": "updated_at asc", "limit": "250"}
    assert found(**everything, page="2") == [int(orders[0].id)]
    assert found(**everything, updated_at_min="2026-03-02T12:00:50.000Z") == [int(orders[50].id), int(orders[0].id)]
    assert found(**everything, since_id=orders[49].id) == [int(orders[50].id)]
    stall.faults(empty_order_page=1.0)
    assert found() == []


def test_the_merchant_counts_and_the_shop_tells(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    stall.buy(key, 3)
    stall.pushes.clear()
    stall.at_door("/inventory", {"listing": key, "on_hand": 2})
    pushed = json.loads(stall.pushes[0].body)
    assert (pushed["qty_onhand"], pushed["qty_commited"], pushed["qty_available"]) == (2, 3, -1)
    assert pushed["variant_id"] == int(key.split("~")[1])


def test_a_new_address_must_give_the_challenge_back(stall: Stall) -> None:
    stall.fair.subscribe(stall.booth, "https://shop.example/webhooks/two")
    (check,) = stall.pushes
    asked = dict(check.query)
    assert (check.method, check.signed, asked["hub.mode"]) == ("GET", False, "subscribe")
    assert asked["hub.verify_token"] == stall.fair.secret(stall.booth)["verify_token"]
    assert check.echo == asked["hub.challenge"].encode()


def test_the_bucket_is_told_and_leaks(stall: Stall) -> None:
    def level() -> str:
        outcome = ask(stall, "GET", "shop.json")
        assert outcome.reply is not None
        return outcome.reply.headers["X-Haravan-Api-Call-Limit"]

    assert [level() for _ in range(9)][-1] == "9/80"
    stall.later(2)
    assert level() == "2/80"
    stall.faults(throttled=1.0)
    outcome = ask(stall, "GET", "shop.json")
    assert outcome.reply is not None
    assert (outcome.reply.status, outcome.reply.headers["Retry-After"]) == (429, "2.0")
