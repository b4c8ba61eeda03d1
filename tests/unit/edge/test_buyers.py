"""Scarce goods through both functions of the API: budgets, rules, the allow-list, refunds, changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from holdfast.services.upkeep.follow_levels import Change, follow_levels

if TYPE_CHECKING:
    from holdfast.services.context import Context
    from tests.support.gateway import Api

SUBMIT = "PUT /v1/reservations/{id}"
CHANGE = "PATCH /v1/reservations/{id}"


@pytest.fixture
def scarce(shop: Api) -> Api:
    shop("PUT /v1/skus/{sku}", {"name": "Mug", "limits": {"scarce": True, "open_holds": 1, "units": 4}}, sku="mug")
    return shop


def order(quantity: int = 1, **facts: object) -> dict[str, Any]:
    return {"buyer": {"id": "lan", **facts}, "lines": [{"sku": "mug", "quantity": quantity}]}


def stream(work: Context) -> None:
    table: Any = work.ledger.table
    follow_levels(work, [Change(before, after) for before, after in table.changes])


def test_over_the_budget_is_429_with_the_time_to_come_back(scarce: Api) -> None:
    assert scarce(SUBMIT, order(), id="first").status == 201
    refused = scarce(SUBMIT, order(), id="second")

    assert (refused.status, refused.code) == (429, "hold_budget")
    assert int(refused.headers["retry-after"]) == refused.body["retry_after_seconds"]
    assert refused.body["limits"] == [{"limit": "open_holds", "sku": "mug", "most": 1}]
    assert scarce(SUBMIT, order(), id="first").status == 200, "the same request is answered"


def test_more_than_ever_is_403(scarce: Api) -> None:
    refused = scarce(SUBMIT, order(5), id="first")

    assert (refused.status, refused.body["reasons"]) == (403, ["units"])


def test_lines_are_changed_and_a_late_repeat_changes_nothing(scarce: Api) -> None:
    scarce(SUBMIT, order(), id="order")
    changed = scarce(CHANGE, {"lines": [{"sku": "mug", "quantity": 3}], "version": 1}, id="order")
    late = scarce(CHANGE, {"lines": [{"sku": "mug", "quantity": 1}], "version": 1}, id="order")

    assert (changed.status, changed.body["version"]) == (200, 2)
    assert [each["what"] for each in changed.body["history"]] == ["held", "lines changed"]
    assert (late.status, late.code, late.body["version"]) == (409, "version_changed", 2)
    assert scarce(CHANGE, {"lines": [], "version": 0, "more": 1}, id="order").wrong_fields == {
        "lines",
        "version",
        "more",
    }
    assert scarce(CHANGE, {"lines": [{"sku": "mug", "quantity": 3}]}, id="nobody").status == 404


def test_the_operator_sees_what_a_buyer_holds_and_why_he_was_refused(scarce: Api) -> None:
    scarce(SUBMIT, order(), id="first")
    scarce(SUBMIT, order(), id="second")
    seen = scarce("GET /v1/buyers/{id}", id="lan").body

    assert [(each["reservation"], each["open"]) for each in seen["entries"]] == [("first", True)]
    assert [each["limit"] for each in seen["reached"]] == ["open_holds"]
    assert [(each["code"], each["reasons"]) for each in seen["refusals"]] == [("hold_budget", ["open_holds:mug"])]
    assert scarce("GET /v1/buyers/{id}", id="nobody").body["entries"] == []


def test_a_buyer_is_allowed_and_no_longer(scarce: Api) -> None:
    allow = "PUT /v1/buyers/{id}"
    assert scarce(allow, {"allowed": True, "note": "a friend"}, id="lan").body["note"] == "a friend"
    assert scarce(allow, {"allowed": False}, id="lan").body["note"] is None
    assert scarce(allow, {"note": ""}, id="lan").wrong_fields == {"allowed", "note"}


def test_what_rules_saw_is_listed_by_day(scarce: Api, work: Context) -> None:
    scarce(SUBMIT, order(paid_orders=0), id="order")
    stream(work)
    listed = scarce("GET /v1/risk").body["items"]

    assert [(each["reservation"], each["hits"][0]["rule"]) for each in listed] == [("order", "no_paid_order")]
    assert scarce("GET /v1/risk", query="day=2020-02-29").body == {"items": [], "cursor": None}
    assert scarce("GET /v1/risk", query="day=2021-02-29").wrong_fields == {"day"}
    assert scarce("GET /v1/risk", query="day=20200229&limit=0").wrong_fields == {"limit"}


def test_a_long_list_of_what_rules_saw_goes_on(scarce: Api, work: Context) -> None:
    for number in range(3):
        body = order(paid_orders=0) | {"buyer": {"id": f"buyer-{number}", "paid_orders": 0}}
        scarce(SUBMIT, body, id=f"order-{number}")
    stream(work)
    first = scarce("GET /v1/risk", query="limit=2").body
    rest = scarce("GET /v1/risk", query=f"limit=2&cursor={first['cursor']}").body

    assert len({each["reservation"] for each in [*first["items"], *rest["items"]]}) == 3


def test_refunds_that_are_due_have_a_list_with_their_deadline(scarce: Api, work: Context) -> None:
    scarce(SUBMIT, order(), id="order")
    scarce("POST /v1/reservations/{id}/commit", {"payment_id": "pay"}, id="order")
    due = scarce("POST /v1/reservations/{id}/release", id="order").body
    stream(work)
    [listed] = scarce("GET /v1/refunds").body["items"]

    assert listed == due
    assert due["refund_by"] > due["changed_at"]
    scarce("POST /v1/reservations/{id}/refunded", id="order")
    assert scarce("GET /v1/refunds").body["items"] == []
