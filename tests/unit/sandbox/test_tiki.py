"""The face of Tiki: tokens, stock by warehouse, orders, and the queue that is pulled."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from sandbox.faces import tiki_queue
from sandbox.faces.tiki import Tiki
from tests.unit.sandbox.stall import Stall, read, status_of

if TYPE_CHECKING:
    from sandbox.desk import Outcome

V2 = "/integration/v2"
SKU = f"{V2}/products/updateSku"
SKUS = "/integration/v2.1/products/updateSkus"


@pytest.fixture
def stall() -> Stall:
    return Stall(Tiki())


def ask(stall: Stall, method: str, path: str, query: dict[str, str] | None = None, body: object = None) -> Outcome:
    token = stall.fair.secret(stall.booth)["access_token"]
    sent = b"" if body is None else json.dumps(body).encode()
    return stall.receive(method, path, query=query, headers={"authorization": f"Bearer {token}"}, body=sent)


def grant(stall: Stall, form: dict[str, str], *, secret: str = "") -> Outcome:
    client, right = stall.booth.members["client_id"], stall.booth.members["client_secret"]
    basic = base64.b64encode(f"{client}:{secret or right}".encode()).decode()
    headers = {"authorization": f"Basic {basic}", "content-type": "application/x-www-form-urlencoded"}
    return stall.receive("POST", "/sc/oauth2/token", headers=headers, body=urlencode(form).encode())


def update(stall: Stall, key: str, quantity: object, **more: object) -> Outcome:
    warehouse = int(stall.booth.members["warehouse_id"])
    quantities = [{"warehouse_id": warehouse, "qty_available": quantity}]
    body = {"product_id": int(key), "seller_warehouse": str(warehouse), "warehouse_quantities": quantities, **more}
    return ask(stall, "PUT", SKU, body=body)


def inventory(stall: Stall, key: str) -> dict[str, Any]:
    told = read(ask(stall, "GET", f"/integration/v2.1/products/{key}", {"include": "inventory"}))
    figures: dict[str, Any] = told["inventory"]
    return figures


def pull(stall: Stall, ack_id: str | None) -> Any:
    code = stall.booth.members["queue_code"]
    return read(ask(stall, "POST", f"/integration/v1/queues/{code}/events/pull", body={"ack_id": ack_id}))


def words(pulled: Any) -> list[tuple[str, str]]:
    return [(each["type"], each["payload"]["status"]) for each in pulled["events"]]


def test_a_call_without_a_good_token_is_refused(stall: Stall) -> None:
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Basic wrong"}):
        outcome = stall.receive("GET", f"{V2}/orders", headers=headers)
        assert status_of(outcome) == 401
        assert read(outcome)["errors"]
    stall.later(86_400)
    assert status_of(ask(stall, "GET", f"{V2}/orders")) == 401


def test_a_refresh_token_is_good_once_and_needs_the_right_client(stall: Stall) -> None:
    first = stall.fair.secret(stall.booth)["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": first}
    assert read(grant(stall, form, secret="wrong"))["error"] == "invalid_client"
    told = read(grant(stall, form))
    assert (told["token_type"], told["expires_in"]) == ("bearer", 86_400)
    assert told["refresh_token"] != first
    again = grant(stall, form)
    assert (status_of(again), read(again)["error"]) == (400, "invalid_grant")


def test_an_own_shop_gets_a_token_by_its_credentials_alone(stall: Stall) -> None:
    told = read(grant(stall, {"grant_type": "client_credentials"}))
    assert "refresh_token" not in told
    headers = {"authorization": f"Bearer {told['access_token']}"}
    assert status_of(stall.receive("GET", f"{V2}/orders", headers=headers)) == 200
    assert read(grant(stall, {"grant_type": "password"}))["error"] == "unsupported_grant_type"


def test_a_stock_write_sets_what_lies_in_the_warehouse_sold_units_included(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    stall.buy(key, 2)
    assert read(update(stall, key, 8)) == {"state": "approved"}
    told = inventory(stall, key)
    assert (told["quantity_available"], told["quantity_reserved"], told["quantity_sellable"]) == (8, 2, 6)


@pytest.mark.parametrize("quantity", [-1, "7", 1.5, True, None])
def test_a_quantity_that_is_none_is_refused_and_changes_nothing(stall: Stall, quantity: object) -> None:
    key = stall.list("Teapot", 10)
    outcome = update(stall, key, quantity)
    assert (status_of(outcome), read(outcome)["errors"]) == (422, ["qty_available must be an integer not below 0"])
    assert inventory(stall, key)["quantity_available"] == 10


def test_another_warehouse_and_another_product_are_refused(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    elsewhere = [{"warehouse_id": 1, "qty_available": 3}]
    assert status_of(ask(stall, "PUT", SKU, body={"product_id": int(key), "warehouse_quantities": elsewhere})) == 422
    assert status_of(ask(stall, "PUT", SKU, body={"product_id": 5, "price": 10})) == 422
    assert status_of(ask(stall, "PUT", SKU, body={"original_sku": "TEAPOT", "price": 12_000})) == 200
    assert stall.booth.shop.listings[key].price == 12_000


def test_a_batch_answers_for_each_item_in_a_200(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    warehouse = int(stall.booth.members["warehouse_id"])
    good = {"product_id": int(key), "warehouse_quantities": [{"warehouse_id": warehouse, "qty_available": 3}]}
    told = read(ask(stall, "PUT", SKUS, body={"data": [good, {"product_id": 5, "price": 10}]}))
    assert [each.get("state") for each in told["data"]] == ["approved", None]
    assert told["data"][1]["errors"] == ["Product not found"]
    assert stall.booth.shop.listings[key].on_hand == 3
    assert status_of(ask(stall, "PUT", SKUS, body={"data": [good] * 101})) == 422
    stall.faults(partial_failure=1.0)
    assert "errors" in read(ask(stall, "PUT", SKUS, body={"data": [good]}))["data"][0]


def test_an_order_tells_its_items_and_the_time_of_vietnam(stall: Stall) -> None:
    order = stall.buy(stall.list("Teapot", 10, price=150_000), 2)
    told = read(ask(stall, "GET", f"{V2}/orders/{order.id}", {"include": "status_histories"}))
    item = told["items"][0]
    assert (item["qty"], item["invoice"]["quantity"], item["price"]) == (2, 2, 150_000)
    assert (str(item["product"]["id"]), item["product"]["seller_product_code"]) == (order.lines[0].listing, "TEAPOT")
    assert (told["status"], told["created_at"]) == ("queueing", "2026-03-02 19:00:00")
    assert [each["status"] for each in told["status_histories"]] == ["processing", "queueing"]


def test_orders_are_found_by_status_and_by_the_time_of_their_last_change(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    unpaid = stall.buy(key, paid=False)
    stall.later(60)
    paid = stall.buy(key)

    def found(**query: str) -> list[str]:
        return [each["code"] for each in read(ask(stall, "GET", f"{V2}/orders", query))["data"]]

    assert found() == [paid.id, unpaid.id]
    assert found(status="nin|processing,waiting_payment") == [paid.id]
    assert found(status="waiting_payment") == [unpaid.id]
    assert found(updated_from_date="2026-03-02 19:00:30") == [paid.id]
    assert status_of(ask(stall, "GET", f"{V2}/orders", {"updated_from_date": "2026-03-02T12:00:00Z"})) == 400
    page = read(ask(stall, "GET", f"{V2}/orders", {"limit": "1", "page": "2"}))
    assert page["paging"] == {"total": 2, "current_page": 2, "from": 2, "to": 2, "per_page": 1, "last_page": 2}
    stall.faults(empty_order_page=1.0)
    assert found() == []


def test_events_come_in_order_and_again_until_they_are_acknowledged(stall: Stall) -> None:
    order = stall.buy(stall.list("Teapot", 10))
    stall.at_door(f"/orders/{order.id}/ship", {})
    first = pull(stall, None)
    assert words(first) == [("ORDER_CREATED_SUCCESSFULLY", "queueing"), ("ORDER_STATUS_UPDATED", "shipping")]
    again = pull(stall, None)
    assert again["events"] == first["events"]
    assert pull(stall, again["ack_id"])["events"] == []
    stall.at_door(f"/orders/{order.id}/return", {"restock": True})
    assert words(pull(stall, again["ack_id"])) == [("ORDER_STATUS_UPDATED", "returned")]
    assert stall.pushes == []


def test_an_order_is_news_from_queueing_on(stall: Stall) -> None:
    order = stall.buy(stall.list("Teapot", 10), paid=False)
    assert pull(stall, None)["events"] == []
    stall.at_door(f"/orders/{order.id}/pay", None)
    assert words(pull(stall, None)) == [("ORDER_CREATED_SUCCESSFULLY", "queueing")]


def test_an_acknowledgement_nobody_gave_is_refused_and_a_missing_one_too(stall: Stall) -> None:
    code = stall.booth.members["queue_code"]
    path = f"/integration/v1/queues/{code}/events/pull"
    assert status_of(ask(stall, "POST", path, body={"ack_id": "made up"})) == 422
    assert status_of(ask(stall, "POST", path, body={})) == 400
    assert status_of(ask(stall, "POST", path.replace(code, "other"), body={"ack_id": None})) == 404


def test_events_are_kept_for_seven_days(stall: Stall) -> None:
    stall.buy(stall.list("Teapot", 10))
    queue = tiki_queue.queues(stall.booth)[stall.booth.members["queue_code"]]
    assert queue.pull(stall.booth, None, stall.time + timedelta(days=7))["events"] != []
    assert queue.pull(stall.booth, None, stall.time + timedelta(days=7, seconds=1))["events"] == []


def test_a_new_queue_gets_what_it_subscribes_to(stall: Stall) -> None:
    made = read(ask(stall, "POST", "/integration/v1/queues", body={"name": "second"}))
    subscriptions = f"/integration/v1/queues/{made['code']}/subscriptions"
    assert status_of(ask(stall, "POST", subscriptions, body={"event_type": "NO_SUCH"})) == 400
    first = read(ask(stall, "POST", subscriptions, body={"event_type": "ORDER_STATUS_UPDATED"}))
    assert first == read(ask(stall, "POST", subscriptions, body={"event_type": "ORDER_STATUS_UPDATED"}))
    order = stall.buy(stall.list("Teapot", 10))
    stall.at_door(f"/orders/{order.id}/cancel", {})
    pulled = read(ask(stall, "POST", subscriptions.replace("subscriptions", "events/pull"), body={"ack_id": None}))
    assert words(pulled) == [("ORDER_STATUS_UPDATED", "canceled")]


def test_a_call_too_many_is_told_so(stall: Stall) -> None:
    stall.faults(throttled=1.0)
    assert status_of(ask(stall, "GET", f"{V2}/orders")) == 429
