"""Bad input over HTTP: a 4xx problem document that names the field, and nothing written."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest

if TYPE_CHECKING:
    from local.stack import Stack

_numbers = itertools.count(1)

JSON = {"content-type": "application/json"}


def order(sku: str, quantity: object = 1, **more: object) -> dict[str, Any]:
    return {"buyer": {"id": "buyer-1"}, "lines": [{"sku": sku, "quantity": quantity}], **more}


@pytest.fixture(scope="module")
def kettle(everything: httpx.Client) -> str:
    """A SKU with ten units, only of these tests."""
    everything.put("/v1/skus/bad-input-kettle", json={}).raise_for_status()
    received = {"id": "receipt-1", "type": "receive", "location": "main", "quantity": 10}
    everything.post("/v1/skus/bad-input-kettle/movements", json=received).raise_for_status()
    return "bad-input-kettle"


@pytest.fixture
def items(stack: Stack) -> Any:
    """Counts what is in the table, rows of the register aside: they follow a moment later."""

    def count() -> int:
        pages = stack.aws("dynamodb").get_paginator("scan").paginate(TableName=stack.table, ConsistentRead=True)
        keys = (item["pk"]["S"] for page in pages for item in page["Items"])
        return sum(key.startswith(("SKU#", "MOVEMENTS#", "RESERVATION#", "INCIDENT#")) for key in keys)

    return count


def problem_of(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["status"] == answer.status_code
    assert {"type", "title", "detail", "instance", "code"} <= set(told)
    return told


def fields_of(answer: httpx.Response) -> set[str]:
    return {each["field"] for each in problem_of(answer)["errors"]}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (order("bad-input-kettle", 0), {"lines[0].quantity"}),
        (order("bad-input-kettle", -3), {"lines[0].quantity"}),
        (order("bad-input-kettle", 1_000_001), {"lines[0].quantity"}),
        (order("bad-input-kettle", True), {"lines[0].quantity"}),
        (order("bad-input-kettle", "two"), {"lines[0].quantity"}),
        (order("bad-input-kettle", coupon="X"), {"coupon"}),
        (order("bad-input-kettle", hold_seconds=-1), {"hold_seconds"}),
        (order("bad-input-kettle", hold_seconds=10**9), {"hold_seconds"}),
        (
            order("bad-input-kettle") | {"buyer": {"id": "b", "registered_at": "2999-01-01T00:00:00Z"}},
            {"buyer.registered_at"},
        ),
        ({"buyer": {"id": "b"}, "lines": [{"sku": f"s{n}", "quantity": 1} for n in range(91)]}, {"lines"}),
        ({"lines": [{}]}, {"buyer", "lines[0].sku", "lines[0].quantity"}),
        ([], {"body"}),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_written(
    everything: httpx.Client, kettle: str, items: Any, body: Any, fields: set[str]
) -> None:
    before = items()
    answer = everything.put(f"/v1/reservations/bad-{next(_numbers)}", json=body)

    assert (answer.status_code, fields_of(answer)) == (422, fields)
    assert items() == before
    assert everything.get(f"/v1/skus/{kettle}/levels").json()["sum"]["available"] == 10


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b'{"buyer": ', JSON, 400, "unreadable_body"),
        (b"\xff\xfe", JSON, 400, "unreadable_body"),
        (b"{}", {"content-type": "text/plain"}, 415, "wrong_content_type"),
        (b"buyer=b", {"content-type": "application/x-www-form-urlencoded"}, 415, "wrong_content_type"),
        (b"{}", {}, 415, "wrong_content_type"),
        (json.dumps({"note": "x" * 300_000}).encode(), JSON, 413, "body_too_large"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    everything: httpx.Client, items: Any, content: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    before = items()
    for method, path in (("PUT", "/v1/reservations/bad-body"), ("PUT", "/v1/skus/bad-body"), ("POST", "/v1/movements")):
        answer = everything.request(method, path, content=content, headers=headers)
        assert (answer.status_code, problem_of(answer)["code"]) == (status, code)
    assert items() == before


@pytest.mark.parametrize("reservation_id", ["a b", "🎉", "đơn", "a%b", "x" * 129])
def test_a_reservation_id_that_is_none_is_named(everything: httpx.Client, kettle: str, reservation_id: str) -> None:
    path = "/v1/reservations/" + quote(reservation_id, safe="")

    assert fields_of(everything.put(path, json=order(kettle))) == {"id"}
    assert fields_of(everything.get(path)) == {"id"}
    assert fields_of(everything.post(path + "/commit", json={"payment_id": "p"})) == {"id"}


def test_a_reservation_id_with_a_slash_is_no_path_of_ours(everything: httpx.Client, kettle: str) -> None:
    answer = everything.put("/v1/reservations/a%2Fb", json=order(kettle))

    assert (answer.status_code, problem_of(answer)["code"]) == (404, "unknown_path")


def test_an_unknown_sku_is_named(everything: httpx.Client, items: Any) -> None:
    before = items()
    answer = everything.put("/v1/reservations/bad-unknown-sku", json=order("no-such-sku"))

    assert (answer.status_code, problem_of(answer)["skus"]) == (404, ["no-such-sku"])
    assert items() == before


def test_an_id_with_another_body_is_refused(everything: httpx.Client, kettle: str) -> None:
    everything.put("/v1/reservations/bad-reused", json=order(kettle)).raise_for_status()
    answer = everything.put("/v1/reservations/bad-reused", json=order(kettle, 2))
    everything.post("/v1/reservations/bad-reused/release").raise_for_status()

    assert (answer.status_code, problem_of(answer)["code"]) == (409, "id_reused")


@pytest.mark.parametrize("command", ["payment", "release", "ship", "refunded"])
def test_a_command_on_an_unknown_reservation_finds_nothing(everything: httpx.Client, command: str) -> None:
    answer = everything.post(f"/v1/reservations/nobody/{command}")

    assert (answer.status_code, problem_of(answer)["code"]) == (404, "unknown_reservation")


def test_a_payment_of_an_unknown_reservation_is_to_be_sent_again(everything: httpx.Client) -> None:
    answer = everything.post("/v1/reservations/nobody/commit", json={"payment_id": "pay-1"})

    assert (answer.status_code, problem_of(answer)["code"]) == (503, "payment_unmatched")
    assert int(answer.headers["retry-after"]) > 0
    subjects = [each["subject"] for each in everything.get("/v1/incidents").json()["items"]]
    assert "nobody|pay-1" in subjects


def test_a_command_on_an_ended_reservation_is_refused_by_name(everything: httpx.Client, kettle: str) -> None:
    everything.put("/v1/reservations/bad-ended", json=order(kettle)).raise_for_status()
    everything.post("/v1/reservations/bad-ended/release").raise_for_status()

    for command, code in (("payment", "already_released"), ("ship", "already_released"), ("refunded", "no_refund_due")):
        answer = everything.post(f"/v1/reservations/bad-ended/{command}")
        assert (answer.status_code, problem_of(answer)["code"]) == (409, code)


@pytest.mark.parametrize(
    ("path", "method", "status", "code"),
    [
        ("/v1/orders", "GET", 404, "unknown_path"),
        ("/", "GET", 404, "unknown_path"),
        ("/v1/reservations/r/refund", "POST", 404, "unknown_path"),
        ("/v1/reservations/r", "DELETE", 405, "method_not_allowed"),
        ("/v1/skus/mug/levels", "POST", 405, "method_not_allowed"),
        ("/v1/health", "PUT", 405, "method_not_allowed"),
    ],
)
def test_what_is_not_there_is_said_with_and_without_a_token(  # what pytest hands in
    stack: Stack, everything: httpx.Client, path: str, method: str, status: int, code: str
) -> None:
    with httpx.Client(base_url=stack.api_url, trust_env=False) as stranger:
        for caller in (everything, stranger):
            answer = caller.request(method, path)
            assert (answer.status_code, problem_of(answer)["code"]) == (status, code)
            assert ("allow" in answer.headers) == (status == httpx.codes.METHOD_NOT_ALLOWED)
