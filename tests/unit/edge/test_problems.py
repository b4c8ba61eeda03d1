from __future__ import annotations

from datetime import UTC, datetime

import pytest

from holdfast.domain import errors
from holdfast.domain.budget import Over
from holdfast.domain.errors import BadInput, FieldError, InsufficientStock, Shortage
from holdfast.runtime.api import http
from holdfast.runtime.api.problems import problem, status_of

FIELDS = [FieldError("lines[0].sku", "a name")]
OVER = Over("open_holds", "mug", 2, 1_772_000_000)
SHORT = [Shortage("mug", "main", 3, 1)]

STATUSES: list[tuple[Exception, int]] = [
    (http.UnreadableBody(FIELDS), 400),
    (http.WrongContentType("no"), 415),
    (http.BodyTooLarge("no"), 413),
    (http.UnknownPath("no"), 404),
    (http.MethodNotAllowed("DELETE", ("GET",)), 405),
    (BadInput(FIELDS), 422),
    (errors.UnknownSku(["mug"]), 404),
    (errors.UnknownReservation("r"), 404),
    (errors.UnknownIncident("i"), 404),
    (errors.UnknownShop("shopee/hanoi"), 404),
    (errors.UnknownListing("shopee/hanoi/1~0"), 404),
    (errors.NeverPushed("shopee/hanoi/1~0"), 404),
    (errors.OrderTooLarge("no"), 409),
    (errors.UnreadableMessage("no"), 409),
    (errors.MarketplaceRefused("shopee/hanoi", code="error_sign", detail="no"), 409),
    (errors.MarketplaceUnavailable("shopee/hanoi", code="http_503", detail="later"), 503),
    (errors.NoSecret("later"), 503),
    (InsufficientStock(SHORT), 409),
    (errors.IdReused("no"), 409),
    (errors.NotInThisState("already_shipped", state="shipped", command="release"), 409),
    (errors.MovementRefused("no"), 409),
    (errors.PolicyRefused(["max_quantity"], "no"), 403),
    (errors.VersionChanged(1, 2), 409),
    (errors.OfMarketplace("shopee:hanoi:A1", channel="shopee"), 409),
    (errors.HoldBudget([OVER], retry_after_seconds=90), 429),
    (errors.Conflict("later"), 503),
    (errors.Unavailable("later"), 503),
    (errors.LedgerBroken("later"), 503),
    (errors.ClockAhead("later"), 503),
    (errors.PaymentUnmatched("later"), 503),
    (KeyError("a secret"), 500),
]


@pytest.mark.parametrize(("error", "status"), STATUSES, ids=lambda value: type(value).__name__)
def test_every_error_has_its_status(error: Exception, status: int) -> None:
    assert status_of(error) == status


def test_no_error_that_is_raised_on_purpose_is_forgotten() -> None:
    def below(kind: type[Exception]) -> set[type[Exception]]:
        return {kind}.union(*(below(each) for each in kind.__subclasses__()))

    families = {errors.HoldfastError, errors.Refused}
    assert {type(error) for error, _ in STATUSES} >= below(errors.HoldfastError) - families


def test_a_problem_says_what_is_wrong_and_where() -> None:
    answer = problem(InsufficientStock(SHORT), request_id="abc")

    assert answer.content_type == "application/problem+json"
    assert answer.body == {
        "type": "urn:holdfast:problem:insufficient_stock",
        "title": "Insufficient stock",
        "status": 409,
        "detail": "not enough units are free (mug: wanted 3, available 1); ask for less, or leave these lines out",
        "instance": "urn:holdfast:request:abc",
        "code": "insufficient_stock",
        "shortages": [{"sku": "mug", "location": "main", "wanted": 3, "available": 1}],
    }


def test_the_state_table_gives_its_own_codes() -> None:
    error = errors.NotInThisState("already_shipped", state="shipped", command="release")

    assert problem(error, request_id="abc").body["code"] == "already_shipped"


def test_a_bug_tells_nothing_of_the_inside() -> None:
    answer = problem(KeyError("a secret"), request_id="abc")

    assert answer.body["code"] == "internal_error"
    assert "secret" not in str(answer.body)


def test_what_passes_says_when_to_ask_again() -> None:
    assert problem(errors.Conflict("later"), request_id="abc").headers == {"retry-after": "1"}
    assert problem(errors.LedgerBroken("later"), request_id="abc").headers == {"retry-after": "60"}
    assert problem(errors.HoldBudget([OVER], retry_after_seconds=90), request_id="abc").headers == {"retry-after": "90"}
    assert problem(BadInput(FIELDS), request_id="abc").headers == {}


def test_a_buyer_over_his_budget_is_told_which_limit_and_for_how_long() -> None:
    told = problem(errors.HoldBudget([OVER], retry_after_seconds=90), request_id="abc").body

    assert (told["code"], told["reasons"], told["retry_after_seconds"]) == ("hold_budget", ["open_holds"], 90)
    assert told["limits"] == [{"limit": "open_holds", "sku": "mug", "most": 2}]


def test_whom_a_rule_refuses_is_told_the_reasons_and_when_to_come_back() -> None:
    at = datetime(2026, 3, 9, 9, tzinfo=UTC)
    told = problem(errors.PolicyRefused(["just_registered"], "no", retry_at=at), request_id="abc").body

    assert (told["reasons"], told["retry_at"]) == (["just_registered"], "2026-03-09T09:00:00Z")


def test_a_method_that_is_not_there_names_those_that_are() -> None:
    answer = problem(http.MethodNotAllowed("DELETE", ("GET", "PUT")), request_id="abc")

    assert answer.headers == {"allow": "GET, PUT"}
