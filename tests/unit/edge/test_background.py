"""The functions that nobody waits for: the stream, the sweep, the audit."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.audit_levels import handler as audit_levels
from functions.follow_levels import handler as follow_levels
from functions.sweep_expired import handler as sweep_expired
from holdfast.domain.errors import BadInput, Unavailable
from holdfast.runtime.time_left import NEEDED_MS, time_is_short
from holdfast.store.expressions import marshal_item

if TYPE_CHECKING:
    from holdfast.services.context import Context
    from tests.support.gateway import Api

Logged = Callable[[], list[dict[str, Any]]]
NEVER = {"time_is_short": lambda: False}


class Remaining:
    """Lambda's own context, as far as time goes."""

    aws_request_id = "a-call"

    def __init__(self, ms: int) -> None:
        self._ms = ms

    def get_remaining_time_in_millis(self) -> int:
        return self._ms


def hold(shop: Api, name: str = "order-1") -> None:
    order = {"buyer": {"id": "b"}, "lines": [{"sku": "mug", "quantity": 2}]}
    assert shop("PUT /v1/reservations/{id}", order, id=name).status == 201


def stream_of(work: Context) -> dict[str, Any]:
    """What the stream says of everything written so far."""
    table: Any = work.ledger.table
    records = [
        {
            "dynamodb": {
                **({"OldImage": marshal_item(before)} if before else {}),
                **({"NewImage": marshal_item(after)} if after else {}),
            }
        }
        for before, after in table.changes
    ]
    return {"Records": records}


def later(work: Context) -> Context:
    return replace(work, clock=lambda: datetime.now(UTC) + timedelta(hours=1))


def test_a_hold_is_found_by_the_sweeper_through_the_stream(shop: Api, work: Context) -> None:
    hold(shop)
    answer = follow_levels.handle(stream_of(work), None)
    swept = sweep_expired.respond(later(work), **NEVER)

    assert answer == {"batchItemFailures": []}
    assert (swept["folds"], swept["left"], swept["finished"]) == (1, 0, True)
    assert shop("GET /v1/skus/{sku}/levels", sku="mug").body["sum"]["available"] == 10


def test_a_batch_that_came_before_changes_nothing(shop: Api, work: Context) -> None:
    hold(shop)
    batch = stream_of(work)
    follow_levels.handle(batch, None)
    table: Any = work.ledger.table
    before = dict(table.items)
    follow_levels.handle(batch, None)

    assert table.items == before


def test_a_batch_that_fails_is_raised_so_that_it_comes_again(
    shop: Api, work: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A partial answer would lose records on one engine, and none is needed: every row is safe to write again."""

    def fail(*_: object) -> None:
        raise Unavailable("the table did not answer")

    hold(shop)
    monkeypatch.setattr(work.ledger.table, "write_many", fail)

    with pytest.raises(Unavailable):
        follow_levels.handle(stream_of(work), None)
    assert '"FollowFailures":[1.0]' in capsys.readouterr().out


def test_a_record_that_cannot_be_read_is_raised(work: Context) -> None:  # noqa: ARG001  # it must be there first
    record = {"dynamodb": {"NewImage": {"pk": {"S": "RESERVATION#x"}, "sk": {"S": "RESERVATION"}}}}

    with pytest.raises(KeyError):
        follow_levels.handle({"Records": [record]}, None)


def test_a_sweep_stops_in_time_and_says_so(shop: Api, work: Context) -> None:
    hold(shop)
    follow_levels.handle(stream_of(work), None)
    swept = sweep_expired.respond(later(work), time_is_short=lambda: True)

    assert (swept["rows"], swept["finished"]) == (0, False)


def test_a_sweep_that_leaves_rows_is_seen(
    shop: Api, work: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], logged: Logged
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise Unavailable("the table did not answer")

    hold(shop)
    follow_levels.handle(stream_of(work), None)
    monkeypatch.setattr(work.ledger.levels, "get", fail)
    monkeypatch.setattr(sweep_expired, "open_context", lambda: later(work))
    swept = sweep_expired.handle({}, Remaining(40_000))

    assert swept["left"] == 1
    assert '"SweepFailures":[1.0]' in capsys.readouterr().out
    assert logged()[-1]["level"] == "WARNING"


def test_an_audit_of_all_finds_every_level_in_order(shop: Api, work: Context) -> None:
    hold(shop)
    follow_levels.handle(stream_of(work), None)

    told = audit_levels.handle({"source": "aws.scheduler"}, Remaining(800_000))
    assert (told["skus"], told["levels"], told["off"], told["finished"]) == (1, 1, [], True)
    assert json.dumps(told)


def test_an_audit_of_some_looks_at_these(shop: Api) -> None:
    shop("PUT /v1/skus/{sku}", {}, sku="cup")

    assert audit_levels.handle({"skus": ["mug"]}, None)["skus"] == 1


@pytest.mark.parametrize("skus", ["mug", [7], [""], None, {}])
def test_an_audit_of_what_are_no_skus_is_refused(work: Context, skus: object) -> None:
    with pytest.raises(BadInput):
        audit_levels.respond({"skus": skus}, work, **NEVER)


def test_drift_is_logged_as_an_error_and_counted(
    shop: Api, work: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], logged: Logged
) -> None:
    table: Any = work.ledger.table
    [key] = [key for key in table.items if key.sk.startswith("LEVEL#")]
    table.items[key]["on_hand"] += 1
    table.items[key]["available"] += 1
    monkeypatch.setattr(audit_levels, "open_context", lambda: later(work))

    told = audit_levels.handle({}, None)
    assert [each["sku"] for each in told["off"]] == ["mug"]
    assert '"DriftFound":[1.0]' in capsys.readouterr().out
    assert logged()[-1]["level"] == "ERROR"
    assert shop("GET /v1/incidents").body["items"][0]["kind"] == "drift_found"


def test_time_is_short_before_lambda_ends_the_call() -> None:
    assert time_is_short(Remaining(NEEDED_MS - 1))()
    assert not time_is_short(Remaining(NEEDED_MS))()
    assert not time_is_short(None)()
