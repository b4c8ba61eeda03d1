from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from holdfast.runtime.telemetry import count, observed

if TYPE_CHECKING:
    from holdfast.services.context import Context
    from tests.support.gateway import Api


Logged = Callable[[], list[dict[str, Any]]]


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_what_was_counted_is_written_once_with_one_dimension(work: Context, capsys: pytest.CaptureFixture[str]) -> None:
    @observed
    def handle(_event: dict[str, Any], _context: object) -> dict[str, Any]:
        work.count("Held", 1)
        work.count("Held", 2)
        work.count("DriftFound", 0)
        return {}

    handle({}, None)
    handle({"requestContext": {}}, None)

    first, second = lines(capsys)
    [told] = first["_aws"]["CloudWatchMetrics"]
    assert told["Namespace"] == "Holdfast/test"
    assert told["Dimensions"] == [["service"]]
    assert [each["Name"] for each in told["Metrics"]] == ["Held"]
    assert (first["service"], first["Held"], second["Held"]) == ("under_test", [1.0, 2.0], [1.0, 2.0])


@pytest.mark.usefixtures("work")
def test_what_was_counted_is_written_even_if_the_call_fails(capsys: pytest.CaptureFixture[str]) -> None:
    @observed
    def handle(_event: dict[str, Any], _context: object) -> dict[str, Any]:
        count("SweepFailures", 1)
        raise ZeroDivisionError

    try:
        handle({}, None)
    except ZeroDivisionError:
        assert lines(capsys)[0]["SweepFailures"] == [1.0]
    else:
        raise AssertionError("the error was swallowed")


@pytest.mark.usefixtures("work")
def test_nothing_counted_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    @observed
    def handle(_event: dict[str, Any], _context: object) -> dict[str, Any]:
        count("DriftFound", 0)
        return {}

    handle({}, None)
    assert lines(capsys) == []


def test_every_line_of_a_call_carries_the_gateways_request_id(shop: Api, logged: Logged) -> None:
    shop("PUT /v1/reservations/{id}", {"buyer": {"id": "buyer-7"}, "lines": []}, id="order-1")

    told = logged()[-2:]
    assert {each["correlation_id"] for each in told} == {"a-request"}
    assert [each["message"] for each in told] == ["refused", "answered"]


def test_no_id_of_a_buyer_reaches_the_log(shop: Api, logged: Logged) -> None:
    order = {"buyer": {"id": "buyer-7"}, "lines": [{"sku": "mug", "quantity": 1}], "channel": "web"}
    shop("PUT /v1/reservations/{id}", order, id="order-1")

    assert logged()
    assert "buyer-7" not in str(logged())
