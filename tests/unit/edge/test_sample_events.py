"""Every sample event is one that its function understands."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from holdfast.services.context import Context

EVENTS = Path(__file__).parents[3] / "events"

# In this order, on one table: each tells a part of the same story.
STORY: tuple[tuple[str, str, int | None], ...] = (
    ("manage_stock", "put_sku", 200),
    ("manage_stock", "put_sku_in_query", 200),
    ("manage_stock", "get_sku", 200),
    ("manage_stock", "receive", 201),
    ("manage_stock", "announce", 201),
    ("manage_stock", "receive_announced", 201),
    ("manage_stock", "count", 201),
    ("manage_stock", "transfer", 201),
    ("manage_stock", "movements", 200),
    ("manage_stock", "get_levels", 200),
    ("manage_stock", "get_levels_in_query", 200),
    ("manage_stock", "availability", 200),
    ("hold_stock", "submit", 201),
    ("hold_stock", "submit_another", 201),
    ("hold_stock", "submit_too_much", 409),
    ("hold_stock", "submit_with_wrong_fields", 422),
    ("hold_stock", "show", 200),
    ("hold_stock", "begin_payment", 200),
    ("hold_stock", "commit", 200),
    ("hold_stock", "ship", 200),
    ("hold_stock", "release", 200),
    ("hold_stock", "commit_after_release", 200),
    ("hold_stock", "refunded", 200),
    ("follow_levels", "hold", None),
    ("follow_levels", "unpaid_order", None),
    ("follow_levels", "cleared_by_ttl", None),
    ("sweep_expired", "each_minute", None),
    ("audit_levels", "some_skus", None),
    ("audit_levels", "each_night", None),
    ("manage_stock", "list_skus", 200),
    ("manage_stock", "list_reservations", 200),
    ("manage_stock", "list_incidents", 200),
    ("manage_stock", "close_unknown_incident", 404),
    ("manage_stock", "health", 200),
    ("manage_stock", "unknown_path", 404),
)


def replay(function: str, name: str) -> dict[str, Any]:
    handler = importlib.import_module(f"functions.{function}.handler")
    event = json.loads((EVENTS / function / f"{name}.json").read_text(encoding="utf-8"))
    answer: dict[str, Any] = handler.handle(event, None)
    return answer


def test_the_sample_events_tell_a_story_that_the_functions_understand(work_on_moto: Context) -> None:  # noqa: ARG001
    answers = {(function, name): replay(function, name) for function, name, _ in STORY}

    told = {key: answer.get("statusCode") for key, answer in answers.items()}
    assert told == {(function, name): status for function, name, status in STORY}
    assert json.loads(answers["hold_stock", "commit_after_release"]["body"])["outcome"] == "refund_due"
    assert [each["status"] for each in json.loads(answers["manage_stock", "movements"]["body"])["results"]] == [
        201,
        404,
    ]
    assert answers["follow_levels", "hold"] == {"batchItemFailures": []}
    assert answers["sweep_expired", "each_minute"]["finished"]
    assert answers["audit_levels", "some_skus"]["skus"] == 2
    assert json.loads(answers["manage_stock", "list_reservations"]["body"])["items"][0]["id"] == "order-1001"


def test_every_sample_event_is_part_of_the_story() -> None:
    files = {(path.parent.name, path.stem) for path in EVENTS.glob("*/*.json")}

    assert files == {(function, name) for function, name, _ in STORY}


@pytest.mark.parametrize("function", ["hold_stock", "manage_stock", "follow_levels", "sweep_expired", "audit_levels"])
def test_every_function_has_a_sample_event(function: str) -> None:
    assert list((EVENTS / function).glob("*.json"))
