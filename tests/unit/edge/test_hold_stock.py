"""The reservations API, through its handler."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from holdfast.domain.errors import LedgerBroken, Unavailable

if TYPE_CHECKING:
    from holdfast.services.context import Context
    from tests.support.gateway import Api

SUBMIT = "PUT /v1/reservations/{id}"
SHOW = "GET /v1/reservations/{id}"
PAY = "POST /v1/reservations/{id}/payment"
COMMIT = "POST /v1/reservations/{id}/commit"
RELEASE = "POST /v1/reservations/{id}/release"
SHIP = "POST /v1/reservations/{id}/ship"
REFUNDED = "POST /v1/reservations/{id}/refunded"
COMMANDS = (PAY, RELEASE, SHIP, REFUNDED)


def order(quantity: int = 2, **more: object) -> dict[str, Any]:
    return {"buyer": {"id": "buyer-1"}, "lines": [{"sku": "mug", "quantity": quantity}], **more}


def level_of(api: Api, sku: str = "mug") -> dict[str, Any]:
    [level] = api("GET /v1/skus/{sku}/levels", sku=sku).body["levels"]
    return dict(level)


def test_an_order_is_held_paid_and_shipped(shop: Api) -> None:
    held = shop(SUBMIT, order(), id="order-1")
    paying = shop(PAY, id="order-1")
    paid = shop(COMMIT, {"payment_id": "pay-1"}, id="order-1")
    shipped = shop(SHIP, {}, id="order-1")

    assert (held.status, held.body["state"]) == (201, "held")
    assert held.body["lines"] == [{"sku": "mug", "quantity": 2, "location": "main"}]
    assert paying.body["payment_begun"]
    assert paying.body["expires_at"] > held.body["expires_at"]
    assert (paid.body["outcome"], paid.body["state"], paid.body["paid"]) == ("committed", "committed", True)
    assert paid.body["expires_at"] is None
    assert shipped.body["state"] == "shipped"
    assert [each["what"] for each in shipped.body["history"]] == ["held", "payment begun", "committed", "shipped"]
    assert shop(SHOW, id="order-1").body == shipped.body
    assert level_of(shop)["on_hand"] == 8


def test_an_order_sent_again_is_answered_and_takes_nothing(shop: Api) -> None:
    first = shop(SUBMIT, order(), id="order-1")
    second = shop(SUBMIT, order(), id="order-1")

    assert (first.status, second.status) == (201, 200)
    assert second.body == first.body
    assert level_of(shop)["available"] == 8


def test_an_id_with_another_body_is_refused(shop: Api) -> None:
    shop(SUBMIT, order(2), id="order-1")

    assert shop(SUBMIT, order(3), id="order-1").code == "id_reused"
    assert level_of(shop)["available"] == 8


def test_a_whole_number_may_be_written_with_a_point(shop: Api) -> None:
    first = shop(SUBMIT, '{"buyer": {"id": "b"}, "lines": [{"sku": "mug", "quantity": 2.0}]}', id="order-1")
    second = shop(SUBMIT, '{"buyer": {"id": "b"}, "lines": [{"sku": "mug", "quantity": 2}]}', id="order-1")

    assert (first.status, second.status) == (201, 200)
    assert first.body["lines"][0]["quantity"] == 2
    assert level_of(shop)["available"] == 8


def test_the_buyers_facts_are_read_and_not_kept(shop: Api) -> None:
    buyer = {"id": "buyer-1", "registered_at": "2026-01-02T03:04:05+07:00", "paid_orders": 3}
    told = shop(SUBMIT, order() | {"buyer": buyer}, id="order-1")

    assert told.body["buyer"] == {"id": "buyer-1"}
    assert shop(SUBMIT, order(), id="order-1").status == 200


def test_too_little_stock_is_refused_with_what_is_missing(shop: Api) -> None:
    refused = shop(SUBMIT, order(11), id="order-1")

    assert (refused.status, refused.code) == (409, "insufficient_stock")
    assert refused.body["shortages"] == [{"sku": "mug", "location": "main", "wanted": 11, "available": 10}]


def test_a_hold_that_ended_reads_expired(shop: Api, work: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    shop(SUBMIT, order(), id="order-1")
    at_hand = type(work)
    later = datetime.now(UTC) + timedelta(hours=1)
    moved = at_hand(work.ledger, work.policy, lambda: later, work.wait, work.count, work.memory)
    monkeypatch.setattr("functions.hold_stock.handler.open_context", lambda: moved)

    assert shop(SHOW, id="order-1").body["state"] == "expired"


def test_a_payment_of_an_unknown_order_is_to_be_sent_again_and_kept_as_an_incident(shop: Api) -> None:
    told = shop(COMMIT, {"payment_id": "pay-1"}, id="nobody")

    assert (told.status, told.code, told.headers["retry-after"]) == (503, "payment_unmatched", "1")
    [incident] = shop("GET /v1/incidents").body["items"]
    assert incident["kind"] == "payment_unmatched"


def test_a_second_payment_is_told_as_such(shop: Api) -> None:
    shop(SUBMIT, order(), id="order-1")
    shop(COMMIT, {"payment_id": "pay-1"}, id="order-1")

    assert shop(COMMIT, {"payment_id": "pay-1"}, id="order-1").body["outcome"] == "committed"
    assert shop(COMMIT, {"payment_id": "pay-2"}, id="order-1").body["outcome"] == "duplicate_payment"


def test_a_payment_after_release_is_due_for_refund_until_it_was_refunded(shop: Api) -> None:
    shop(SUBMIT, order(), id="order-1")
    shop(RELEASE, id="order-1")
    due = shop(COMMIT, {"payment_id": "pay-1", "paid_at": "2026-01-02T03:04:05Z"}, id="order-1")
    refunded = shop(REFUNDED, id="order-1")

    assert (due.body["outcome"], due.body["state"]) == ("refund_due", "refund_due")
    assert refunded.body["state"] == "refunded"


@pytest.mark.parametrize("route", [*COMMANDS, SHOW])
def test_a_command_on_an_unknown_order_finds_nothing(shop: Api, route: str) -> None:
    told = shop(route, id="nobody")

    assert (told.status, told.code) == (404, "unknown_reservation")


@pytest.mark.parametrize(
    ("route", "code"),
    [(PAY, "already_released"), (SHIP, "already_released"), (REFUNDED, "no_refund_due")],
)
def test_a_command_on_an_ended_order_is_refused_by_name(shop: Api, route: str, code: str) -> None:
    shop(SUBMIT, order(), id="order-1")
    shop(RELEASE, id="order-1")

    told = shop(route, id="order-1")
    assert (told.status, told.code, told.body["state"]) == (409, code, "released")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"buyer", "lines"}),
        ([], {"body"}),
        ("null", {"body"}),
        ("7", {"body"}),
        (order(0), {"lines[0].quantity"}),
        (order(-1), {"lines[0].quantity"}),
        (order(1_000_001), {"lines[0].quantity"}),
        ({"buyer": {"id": "b"}, "lines": [{"sku": "mug", "quantity": True}]}, {"lines[0].quantity"}),
        ({"buyer": {"id": "b"}, "lines": [{"sku": "mug", "quantity": 1.5}]}, {"lines[0].quantity"}),
        ('{"buyer": {"id": "b"}, "lines": [{"sku": "mug", "quantity": 1e400}]}', {"lines[0].quantity"}),
        ({"buyer": {"id": "b"}, "lines": [{"sku": "mug", "quantity": "1"}]}, {"lines[0].quantity"}),
        ({"buyer": {"id": "b"}, "lines": []}, {"lines"}),
        ({"buyer": {"id": "b"}, "lines": {"sku": "mug"}}, {"lines"}),
        ({"buyer": {"id": "b"}, "lines": ["mug"]}, {"lines[0]"}),
        ({"buyer": "b", "lines": [{"sku": "mug", "quantity": 1}]}, {"buyer"}),
        (order() | {"buyer": {"id": "a b"}}, {"buyer.id"}),
        (order() | {"buyer": {"id": "b", "paid_orders": -1, "age": 7}}, {"buyer.paid_orders", "buyer.age"}),
        (order(hold_seconds=0), {"hold_seconds"}),
        (order(hold_seconds=259_201), {"hold_seconds"}),
        (order(channel="a shop"), {"channel"}),
        (order(coupon="X"), {"coupon"}),
        (order() | {"buyer": {"id": "b", "registered_at": "2999-01-01T00:00:00Z"}}, {"buyer.registered_at"}),
        (order() | {"buyer": {"id": "b", "last_active_at": "2026-01-01T00:00:00"}}, {"buyer.last_active_at"}),
        (order() | {"buyer": {"id": "b", "last_active_at": "yesterday"}}, {"buyer.last_active_at"}),
        (
            {"buyer": {"id": "b"}, "lines": [{"sku": "tab\there", "quantity": 1}, {"sku": " mug", "quantity": 0}]},
            {"lines[0].sku", "lines[1].sku", "lines[1].quantity"},
        ),
        ({"buyer": {"id": "b"}, "lines": [{"sku": f"s{n}", "quantity": 1} for n in range(91)]}, {"lines"}),
        (
            {
                "buyer": {"id": "b"},
                "lines": [{"sku": "mug", "quantity": 1}, {"sku": "mug", "quantity": 1, "location": "main"}],
            },
            {"lines"},
        ),
    ],
)
def test_every_wrong_field_is_named_and_nothing_is_written(shop: Api, body: object, fields: set[str]) -> None:
    told = shop(SUBMIT, body, id="order-1")

    assert (told.status, told.wrong_fields) == (422, fields)
    assert shop(SHOW, id="order-1").status == 404
    assert level_of(shop)["available"] == 10


@pytest.mark.parametrize("reservation_id", ["a b", "a/b", "🎉", "x" * 129, "đơn-1", "a%20b"])
def test_an_id_that_is_none_is_refused_by_every_route(shop: Api, reservation_id: str) -> None:
    assert shop(SUBMIT, order(), id=reservation_id).wrong_fields == {"id"}
    assert shop(COMMIT, {"payment_id": "p"}, id=reservation_id).wrong_fields == {"id"}
    for route in (SHOW, *COMMANDS):
        assert shop(route, id=reservation_id).wrong_fields == {"id"}


def test_an_unknown_sku_is_named(shop: Api) -> None:
    told = shop(SUBMIT, {"buyer": {"id": "b"}, "lines": [{"sku": "cup", "quantity": 1}]}, id="order-1")

    assert (told.status, told.code, told.body["skus"]) == (404, "unknown_sku", ["cup"])


@pytest.mark.parametrize("route", COMMANDS)
@pytest.mark.parametrize("body", [{"force": True}, [], "null", "1"])
def test_a_command_that_says_something_is_refused(shop: Api, route: str, body: object) -> None:
    shop(SUBMIT, order(), id="order-1")

    assert shop(route, body, id="order-1").status == 422
    assert shop(SHOW, id="order-1").body["version"] == 1


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"payment_id"}),
        ({"payment_id": ""}, {"payment_id"}),
        ({"payment_id": 7, "paid_at": "now", "amount": 3}, {"payment_id", "paid_at", "amount"}),
    ],
)
def test_a_payment_names_its_wrong_fields(shop: Api, body: object, fields: set[str]) -> None:
    assert shop(COMMIT, body, id="order-1").wrong_fields == fields


def test_a_payment_may_come_from_a_clock_that_is_ahead(shop: Api) -> None:
    shop(SUBMIT, order(), id="order-1")

    told = shop(COMMIT, {"payment_id": "pay-1", "paid_at": "2999-01-01T00:00:00Z"}, id="order-1")
    assert told.body["outcome"] == "committed"


def test_a_name_in_another_spelling_is_the_same_sku(api: Api) -> None:
    composed, taken_apart = "\u00e1o", "a\u0301o"
    api("PUT /v1/skus/{sku}", {}, sku=taken_apart)
    received = {"id": "receipt-1", "type": "receive", "location": "main", "quantity": 1}
    api("POST /v1/skus/{sku}/movements", received, sku=composed)

    held = api(SUBMIT, {"buyer": {"id": "b"}, "lines": [{"sku": taken_apart, "quantity": 1}]}, id="order-1")
    assert held.body["lines"][0]["sku"] == composed


def test_a_merchants_limit_is_told_with_its_reason(shop: Api) -> None:
    shop("PUT /v1/skus/{sku}", {"limits": {"max_quantity": 1}}, sku="mug")

    told = shop(SUBMIT, order(2), id="order-1")
    assert (told.status, told.code, told.body["reasons"]) == (403, "refused_by_policy", ["max_quantity"])


@pytest.mark.parametrize(
    ("error", "status", "metric"),
    [(Unavailable("the table did not answer"), 503, None), (LedgerBroken("off by one"), 503, "LedgerBroken")],
)
def test_what_passes_is_no_sold_out(  # what pytest hands in
    shop: Api,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    status: int,
    metric: str | None,
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("functions.hold_stock.handler.hold_units", fail)
    told = shop(SUBMIT, order(), id="order-1")

    assert told.status == status
    assert told.headers["retry-after"]
    assert metric is None or f'"{metric}":[1.0]' in capsys.readouterr().out


def test_a_bug_is_answered_without_a_word_of_the_inside(shop: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr("functions.hold_stock.handler.hold_units", fail)
    told = shop(SUBMIT, order(), id="order-1")

    assert (told.status, told.code) == (500, "internal_error")
    assert "secret" not in str(told.body)


def test_an_id_that_looks_like_a_marketplaces_order_is_not_taken(shop: Api) -> None:
    refused = shop(SUBMIT, order(), id="shopee:hanoi:A1")

    assert (refused.status, [each["field"] for each in refused.body["errors"]]) == (422, ["id"])
    assert shop(SUBMIT, order(), id="shop:hanoi:A1").status == 201
