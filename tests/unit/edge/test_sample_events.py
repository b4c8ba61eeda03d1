"""Every sample event is one that its function understands."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from holdfast.runtime.doorway import Doorway
from holdfast.runtime.shop_secrets import ShopSecrets
from holdfast.store.queue import SqsQueue

if TYPE_CHECKING:
    from holdfast.services.context import Context
    from tests.support.fake_secrets import FakeSecretsClient
    from tests.support.fake_sqs import FakeSqsClient

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
    ("manage_stock", "put_scarce_sku", 200),
    ("manage_stock", "receive_scarce", 201),
    ("hold_stock", "submit_scarce", 201),
    ("hold_stock", "submit_over_budget", 429),
    ("hold_stock", "change", 200),
    ("manage_stock", "get_buyer", 200),
    ("manage_stock", "allow_buyer", 200),
    ("follow_levels", "hold", None),
    ("follow_levels", "refused", None),
    ("follow_levels", "unpaid_order", None),
    ("follow_levels", "cleared_by_ttl", None),
    ("sweep_expired", "each_minute", None),
    ("audit_levels", "some_skus", None),
    ("audit_levels", "each_night", None),
    ("manage_stock", "put_shop", 200),
    ("manage_stock", "list_shops", 200),
    ("manage_stock", "get_shop_stock", 503),
    ("receive_webhook", "order_changed", 200),
    ("receive_webhook", "wrong_signature", 401),
    ("receive_webhook", "unknown_shop", 401),
    ("receive_webhook", "channel_without_webhooks", 404),
    ("receive_webhook", "check_address", 200),
    ("receive_webhook", "woocommerce_ping", 200),
    ("poll_orders", "each_minute", None),
    ("poll_orders", "shop", None),
    ("apply_order", "order_told_by_a_list", None),
    ("apply_order", "delivery", None),
    ("apply_order", "poisoned", None),
    ("manage_stock", "put_listing", 200),
    ("manage_stock", "get_listing", 200),
    ("manage_stock", "list_listings", 200),
    ("manage_stock", "sync_shop", 200),
    ("push_listings", "two_listings", None),
    ("sync_shop", "run", None),
    ("sync_shop", "redrive", None),
    ("manage_stock", "get_passport", 200),
    ("manage_stock", "list_dead_letters", 200),
    ("manage_stock", "redrive_dead_letters", 200),
    ("manage_stock", "delete_listing", 200),
    ("manage_stock", "get_shop", 200),
    ("manage_stock", "delete_shop", 200),
    ("manage_stock", "list_skus", 200),
    ("manage_stock", "list_reservations", 200),
    ("manage_stock", "list_ruled", 200),
    ("manage_stock", "list_refunds", 200),
    ("manage_stock", "list_incidents", 200),
    ("manage_stock", "close_unknown_incident", 404),
    ("manage_stock", "health", 200),
    ("manage_stock", "unknown_path", 404),
)


SHOPEE = {
    "api_url": "https://api.example",
    "partner_id": "2001887",
    "partner_key": "test-partner-key",
    "shop_id": "727720655",
    "callback_url": "https://example.com/webhooks/shopee/hanoi",
    "access_token": "test-access",
}


@pytest.fixture
def opened(
    work_on_moto: Context, secrets: FakeSecretsClient, sqs: FakeSqsClient, monkeypatch: pytest.MonkeyPatch
) -> Context:
    """The table, the queues and the secrets of the story; it is told on the day its events are from."""
    from functions.receive_webhook import handler
    from holdfast.runtime import marketplaces

    secrets.keep("holdfast/test/shopee/hanoi", SHOPEE)
    secrets.keep("holdfast/test/haravan/hanoi", {"verify_token": "test-word"})
    doorway = Doorway(secrets=ShopSecrets(secrets, stage="test"), orders=SqsQueue(sqs, "https://orders"))
    monkeypatch.setattr(handler, "open_doorway", lambda: doorway)
    then = replace(work_on_moto, clock=lambda: datetime(2026, 3, 2, 2, 45, tzinfo=UTC))
    monkeypatch.setattr(marketplaces, "open_context", lambda: then)
    return work_on_moto


def replay(function: str, name: str) -> dict[str, Any]:
    handler = importlib.import_module(f"functions.{function}.handler")
    event = json.loads((EVENTS / function / f"{name}.json").read_text(encoding="utf-8"))
    answer: dict[str, Any] = handler.handle(event, None)
    return answer


def test_the_sample_events_tell_a_story_that_the_functions_understand(opened: Context, sqs: FakeSqsClient) -> None:
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
    reservations = json.loads(answers["manage_stock", "list_reservations"]["body"])["items"]
    assert reservations[0]["id"] == "order-1001"
    assert answers["poll_orders", "each_minute"] == {"planned": 1}
    assert answers["poll_orders", "shop"] == {"batchItemFailures": []}
    assert answers["apply_order", "order_told_by_a_list"] == {"batchItemFailures": []}
    # No marketplace is there to tell of the order: it comes again.
    [again] = answers["apply_order", "delivery"]["batchItemFailures"]
    assert again["itemIdentifier"].startswith("00000000")
    assert answers["apply_order", "poisoned"] == {"batchItemFailures": []}
    [letter] = json.loads(answers["manage_stock", "list_dead_letters"]["body"])["items"]
    assert letter["reason"].startswith("unreadable_message: the message's body")
    assert json.loads(answers["manage_stock", "redrive_dead_letters"]["body"]) == {"redriven": 1, "left": 0}
    # What the webhook brought, the order that waited for its listing, and the letter that was sent again.
    assert [each["kind"] for each in sqs.messages("https://orders")] == ["webhook", "mapped", "webhook"]
    applied = opened.ledger.reservations.get("shopee:hanoi:220810QSK8S7BY")
    assert applied is not None
    assert applied.told is not None
    assert applied.told.unknown == ("1000~0",)
    assert json.loads(answers["manage_stock", "get_shop"]["body"])["health"]["error"] == "no_connection"
    # Nor is one there to be pushed to: the shop rests, and its push waits.
    assert len(answers["push_listings", "two_listings"]["batchItemFailures"]) == 1
    assert answers["sync_shop", "run"]["listings"] == 1
    passport = json.loads(answers["manage_stock", "get_passport"]["body"])["passport"]
    assert passport["answer"] == "no_connection"


def test_every_sample_event_is_part_of_the_story() -> None:
    files = {(path.parent.name, path.stem) for path in EVENTS.glob("*/*.json")}

    assert files == {(function, name) for function, name, _ in STORY}


@pytest.mark.parametrize(
    "function", sorted(path.parent.name for path in (EVENTS.parent / "functions").glob("*/handler.py"))
)
def test_every_function_has_a_sample_event(function: str) -> None:
    assert list((EVENTS / function).glob("*.json"))
