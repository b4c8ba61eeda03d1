"""Faults that all marketplaces share: no answer, a late effect, a shop that is down, and what is counted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from sandbox.desk import receive
from sandbox.faces.face import Endpoint
from sandbox.faces.shopee import Shopee
from sandbox.http import Call, told
from tests.unit.sandbox.stall import Stall, read, status_of
from tests.unit.sandbox.test_shopee import ask, refresh, set_stock

if TYPE_CHECKING:
    from sandbox.faults import Kind


@pytest.fixture
def stall() -> Stall:
    return Stall(Shopee())


def shown(stall: Stall, key: str) -> int:
    return stall.booth.shop.listings[key].quantity


@pytest.mark.parametrize(("fault", "quantity"), [("timeout_before", 1), ("timeout_after", 6)])
def test_a_call_without_an_answer_has_its_effect_or_not(stall: Stall, fault: str, quantity: int) -> None:
    key = stall.list("Pan", 1)
    stall.faults(**{fault: 1.0, "timeout_s": 12.5})
    outcome = set_stock(stall, key, 6)
    assert (outcome.reply, outcome.hold_s) == (None, 12.5)
    assert shown(stall, key) == quantity


def test_a_write_can_be_acknowledged_now_and_take_effect_over_a_later_one(stall: Stall) -> None:
    key = stall.list("Pan", 1)
    stall.faults(applied_late_s=60.0)
    assert read(set_stock(stall, key, 6))["error"] == ""
    stall.faults(applied_late_s=0.0)
    set_stock(stall, key, 2)
    assert shown(stall, key) == 2
    stall.later(60)
    stall.waiting.run_due()
    assert shown(stall, key) == 6


def test_settling_applies_late_writes(stall: Stall) -> None:
    key = stall.list("Pan", 1)
    stall.faults(applied_late_s=3600.0)
    set_stock(stall, key, 6)
    assert stall.knock("POST", "/settle").json() == {"released": 1, "waiting": 0}
    assert shown(stall, key) == 6


def test_a_shop_that_is_down_answers_nothing_else_until_its_time(stall: Stall) -> None:
    stall.faults(down_until=(stall.time + timedelta(minutes=5)).isoformat())
    assert status_of(ask(stall, "GET", "/shop/get_shop_info")) == 503
    stall.later(300)
    assert status_of(ask(stall, "GET", "/shop/get_shop_info")) == 200


def test_partial_failures_hit_some_items_of_a_batch(stall: Stall) -> None:
    keys = [stall.list(f"Pan {number}", 1, product="pan") for number in range(20)]
    stall.faults(partial_failure=0.5)
    models = [{"model_id": int(key.split("~")[1]), "seller_stock": [{"stock": 5}]} for key in keys]
    body = {"item_id": int(keys[0].split("~")[0]), "stock_list": models}
    told = read(ask(stall, "POST", "/product/update_stock", body=body))["response"]
    written = [model["model_id"] for model in told["success_list"]]
    assert 0 < len(told["failure_list"]) < 20
    assert [shown(stall, key) for key in keys] == [5 if int(key.split("~")[1]) in written else 1 for key in keys]


def test_a_fault_that_locks_listings_lets_their_stock_only_rise(stall: Stall) -> None:
    key = stall.list("Pan", 5)
    stall.faults(promotion_lock=1.0)
    assert read(set_stock(stall, key, 4))["error"] == "error_busi_update_stock_failed"
    assert read(set_stock(stall, key, 6))["error"] == ""


def test_a_daily_quota_ends_with_the_marketplaces_day(stall: Stall) -> None:
    stall.faults(daily_quota=2)
    errors = [read(ask(stall, "GET", "/shop/get_shop_info"))["error"] for _ in range(3)]
    assert errors == ["", "", "error_limit"]
    assert read(refresh(stall, stall.fair.secret(stall.booth)["refresh_token"]))["error"] == ""
    # It is noon in UTC, eight in the evening there.
    stall.later(4 * 3600 - 1)
    stall.at_door("/tokens/expire", {})
    assert read(ask(stall, "GET", "/shop/get_shop_info"))["error"] == "error_limit"
    stall.later(1)
    assert read(ask(stall, "GET", "/shop/get_shop_info"))["error"] == "invalid_acceess_token"


def test_every_call_is_counted_by_endpoint_and_status_and_a_dropped_one_by_0(stall: Stall) -> None:
    ask(stall, "GET", "/shop/get_shop_info")
    stall.faults(timeout_before=1.0)
    ask(stall, "GET", "/shop/get_shop_info")
    counted = stall.knock("GET", stall.shop + "/calls").json()["calls"]
    assert [(each["status"], each["count"]) for each in counted] == [(0, 1), (200, 1)]


def test_an_endpoint_can_tell_from_the_call_what_it_is_about(stall: Stall) -> None:
    def kind(call: Call) -> Kind:
        return "stock" if call.body else "orders"

    endpoint = Endpoint(method="POST", path="/", kind=kind, answer=lambda visit: told(visit.kind), open=True)
    stall.faults(throttled=1.0, on=["stock"])
    query = (("partner_id", stall.booth.members["partner_id"]),)
    statuses = []
    for body in (b"", b"{}"):
        call = Call(method="POST", path="/", query=query, headers={}, body=body, now=stall.time)
        statuses.append(status_of(receive(stall.fair, stall.face, endpoint, call)))
    assert statuses == [200, 429]


def test_a_call_of_a_shop_that_nobody_opened_is_refused_by_the_marketplace(stall: Stall) -> None:
    outcome = stall.receive("GET", "/api/v2/shop/get_shop_info", query={"partner_id": "1"})
    assert read(outcome)["error"] == "error_auth"
