"""push_listings and sync_shop from their events, and the API of sync: settings, runs, overrides, passports."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest.mock import ANY

import pytest
from botocore.exceptions import EndpointConnectionError

from functions.follow_levels import handler as follow_levels
from functions.push_listings import handler as push_listings
from functions.sync_shop import handler as sync_shop
from holdfast.channels.protocol import ChannelError
from holdfast.channels.sheet import Kind
from holdfast.domain.errors import Unavailable
from holdfast.domain.listing import ListingKey
from holdfast.domain.shop import ShopKey
from holdfast.runtime import marketplaces, pushing
from holdfast.runtime.settings import BadSettings
from holdfast.store.expressions import marshal_item
from holdfast.store.push_queue import SqsPushQueue
from tests.support.sync_floor import Shelf

if TYPE_CHECKING:
    from holdfast.services.context import Context
    from tests.support.fake_scheduler import FakeSchedulerClient
    from tests.support.fake_secrets import FakeSecretsClient
    from tests.support.fake_sqs import FakeSqsClient
    from tests.support.gateway import Api

SHOP, LISTING = "/v1/shops/{channel}/{shop}", "/v1/listings/{channel}/{shop}/{listing}"
HANOI: dict[str, Any] = {"channel": "shopee", "shop": "hanoi"}
KETTLES: dict[str, Any] = {**HANOI, "listing": "1~0"}
PUSHES, ASIDE = "https://pushes", "https://push-failures"
MUG = {"components": [{"sku": "mug", "quantity": 1}]}


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    made = Shelf()
    for module in (marketplaces, pushing):
        monkeypatch.setattr(module, "channel", lambda _name: made)
    return made


@pytest.fixture
def hanoi(shop: Api, shelf: Shelf, secrets: FakeSecretsClient) -> Api:
    """The API of a shop that has ten mugs, and a listing of them that nothing has been pushed for."""
    assert shelf.calls == []
    secrets.keep("holdfast/test/shopee/hanoi", {"api_url": "https://api.example", "access_token": "test-access"})
    assert shop(f"PUT {SHOP}", {}, **HANOI).status == 200
    assert shop(f"PUT {LISTING}", MUG, **KETTLES).status == 200
    return shop


def records(sqs: FakeSqsClient, *, tries: int = 1) -> dict[str, Any]:
    """What the mapping hands over of the queue of pushes."""
    received = sqs.receive_message(QueueUrl=PUSHES, MaxNumberOfMessages=10, VisibilityTimeout=360)
    return {
        "Records": [
            {
                "messageId": each["MessageId"],
                "receiptHandle": each["ReceiptHandle"],
                "body": each["Body"],
                "attributes": each["Attributes"] | {"ApproximateReceiveCount": str(tries)},
            }
            for each in received.get("Messages", [])
        ]
    }


def push(sqs: FakeSqsClient, *, tries: int = 1) -> dict[str, Any]:
    """One call of push_listings; what it does not want again is deleted, as the mapping does."""
    event = records(sqs, tries=tries)
    answer = push_listings.handle(event, None)
    again = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
    for record in event["Records"]:
        if record["messageId"] not in again:
            sqs.delete_message(QueueUrl=PUSHES, ReceiptHandle=record["receiptHandle"])
    return answer


# ---- Functions


def test_sync_now_puts_a_message_on_the_queue_and_push_listings_pushes_it(
    hanoi: Api, shelf: Shelf, sqs: FakeSqsClient
) -> None:
    assert hanoi(f"POST {SHOP}/sync", {}, **HANOI).body == {
        "listings": 1,
        "differ": 1,
        "asked": 1,
        "left": 0,
    }
    assert sqs.messages(PUSHES) == [{**HANOI, "listings": ["1~0"], "asked": ANY}]
    assert push(sqs) == {"batchItemFailures": []}
    assert shelf.pushed == [("1~0", 10)]
    shown = hanoi(f"GET {LISTING}", **KETTLES).body["sync"]
    assert (shown["target"], shown["acknowledged"], shown["state"]) == (10, 10, "in_step")


def test_a_message_that_has_to_wait_is_hidden_for_as_long_and_comes_again(
    hanoi: Api, shelf: Shelf, sqs: FakeSqsClient
) -> None:
    shelf.refuses["1~0"] = [ChannelError(Kind.PASSING, "busy", "later", retry_after_s=600)]
    hanoi(f"POST {SHOP}/sync", {}, **HANOI)
    answer = push(sqs)
    [message] = sqs.queues[PUSHES]
    assert answer == {"batchItemFailures": [{"itemIdentifier": message.id}]}
    assert 595 <= message.hidden_until_s <= 661
    shown = hanoi(f"GET {LISTING}", **KETTLES).body["sync"]
    assert (shown["state"], shown["failed"], shown["attempts"]) == ("pushing", "busy", 1)


def test_what_was_tried_too_often_is_put_aside_with_its_reason_and_put_back_each_hour(
    hanoi: Api, shelf: Shelf, sqs: FakeSqsClient
) -> None:
    shelf.refuses["1~0"] = [ChannelError(Kind.PASSING, "busy", "later", retry_after_s=0)]
    hanoi(f"POST {SHOP}/sync", {}, **HANOI)
    assert push(sqs, tries=push_listings.MOST_TRIES) == {"batchItemFailures": []}
    [letter] = hanoi("GET /v1/dead-letters").body["items"]
    assert (letter["queue"], letter["channel"], letter["reason"]) == ("pushes", "shopee", "shopee/hanoi/1~0: busy")
    assert sync_shop.handle({"redrive": True}, None) == {"redriven": 1, "left": 0}
    assert sqs.messages(PUSHES) == [{**HANOI, "listings": ["1~0"], "asked": ANY}]


def test_a_message_that_cannot_be_put_aside_stays(
    hanoi: Api, shelf: Shelf, sqs: FakeSqsClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.refuses["1~0"] = [ChannelError(Kind.PASSING, "busy", "later")]
    hanoi(f"POST {SHOP}/sync", {}, **HANOI)

    def down(*_: object, **__: object) -> None:
        raise Unavailable("the queue did not do it")

    monkeypatch.setattr("holdfast.store.queue.SqsQueue.put_aside", down)
    assert len(push(sqs, tries=push_listings.MOST_TRIES)["batchItemFailures"]) == 1


def test_a_redriven_old_message_pushes_the_present_number(
    hanoi: Api, shelf: Shelf, sqs: FakeSqsClient, work: Context
) -> None:
    shelf.refuses["1~0"] = [ChannelError(Kind.PASSING, "busy", "later", retry_after_s=0)]
    hanoi(f"POST {SHOP}/sync", {}, **HANOI)
    push(sqs, tries=push_listings.MOST_TRIES)
    count = {"id": "count-1", "type": "count", "location": "main", "quantity": 3}
    assert hanoi("POST /v1/skus/{sku}/movements", count, sku="mug").status == 201
    assert hanoi("POST /v1/dead-letters/redrive", {"queue": "pushes"}).body == {"redriven": 1, "left": 0}
    # Its listing is to wait for another second yet, by the clock that nobody turns here.
    state = work.ledger.pushes.get(ListingKey(ShopKey("shopee", "hanoi"), "1~0"))
    assert state.asked is not None
    due = replace(state.asked, due=state.asked.at)
    assert work.ledger.pushes.ask(state, due)
    push(sqs)
    assert shelf.pushed == [("1~0", 3)]


def test_a_run_asks_for_what_differs_under_the_id_of_its_schedule(hanoi: Api, sqs: FakeSqsClient) -> None:
    event = {**HANOI, "run": "execution-1"}
    first = sync_shop.handle(event, None)
    again = sync_shop.handle(event, None)
    assert (first["asked"], again["asked"]) == (1, 1)
    assert sync_shop.handle({**HANOI, "run": "execution-2"}, None)["asked"] == 0
    assert len(sqs.messages(PUSHES)) == 2
    assert hanoi(f"GET {SHOP}", **HANOI).body["sync"]["ran_at"] is not None


def test_the_stream_asks_for_pushes_through_its_function(
    hanoi: Api, work: Context, sqs: FakeSqsClient, shelf: Shelf
) -> None:
    assert hanoi(f"PUT {SHOP}", {"sync": {"mode": "continuous"}}, **HANOI).status == 200
    table: Any = work.ledger.table
    table.changes.clear()
    count = {"id": "count-1", "type": "count", "location": "main", "quantity": 4}
    hanoi("POST /v1/skus/{sku}/movements", count, sku="mug")
    event = {
        "Records": [
            {
                "dynamodb": {
                    "SequenceNumber": str(number),
                    **({"OldImage": marshal_item(before)} if before else {}),
                    **({"NewImage": marshal_item(after)} if after else {}),
                }
            }
            for number, (before, after) in enumerate(table.changes)
        ]
    }
    assert follow_levels.handle(event, None) == {"batchItemFailures": []}
    assert sqs.messages(PUSHES) == [{**HANOI, "listings": ["1~0"], "asked": ANY}]
    push(sqs)
    assert shelf.pushed == [("1~0", 4)]


# ---- The API


def test_a_shops_settings_are_shown_as_they_were_set_and_write_its_schedule(
    hanoi: Api, scheduler: FakeSchedulerClient
) -> None:
    body = {"mode": "daily", "at": "04:00", "time_zone": "Asia/Ho_Chi_Minh", "ratio": 80, "threshold": 3}
    shown = hanoi(f"PUT {SHOP}", {"sync": body}, **HANOI).body["sync"]
    assert shown == shown | body | {"maximum": None, "verify_percent": 10, "rests_because": None}
    next_run = datetime.fromisoformat(shown["next_run"])
    assert datetime.now(UTC) < next_run <= datetime.now(UTC) + timedelta(days=1)
    stored = scheduler.schedules["test-shopee-hanoi"]
    assert stored["ScheduleExpressionTimezone"] == "Asia/Ho_Chi_Minh"
    assert hanoi(f"PUT {SHOP}", {"name": "Hà Nội"}, **HANOI).body["sync"]["ratio"] == 80
    assert scheduler.schedules["test-shopee-hanoi"] == stored
    assert hanoi(f"DELETE {SHOP}", **HANOI).status == 200
    assert scheduler.schedules == {}


def test_a_shop_that_is_connected_has_runs_from_then_on(hanoi: Api, scheduler: FakeSchedulerClient) -> None:
    assert hanoi.seen
    assert "/15 * * * ? *)" in scheduler.schedules["test-shopee-hanoi"]["ScheduleExpression"]


@pytest.mark.parametrize(
    ("sync", "field"),
    [
        ({"mode": "hourly"}, "sync.mode"),
        ({"every_minutes": 30}, "sync.every_minutes"),
        ({"at": "4:00"}, "sync.at"),
        ({"time_zone": "Asia/Atlantis"}, "sync.time_zone"),
        ({"ratio": 0}, "sync.ratio"),
        ({"maximum": 0}, "sync.maximum"),
        ({"incoming_cap": 5}, "sync.incoming_cap"),
    ],
)
def test_settings_that_cannot_be_are_named_and_change_nothing(
    hanoi: Api, scheduler: FakeSchedulerClient, sync: dict[str, object], field: str
) -> None:
    before = dict(scheduler.schedules)
    answer = hanoi(f"PUT {SHOP}", {"name": "other", "sync": sync}, **HANOI)
    assert (answer.status, answer.wrong_fields) == (422, {field})
    assert scheduler.schedules == before
    assert hanoi(f"GET {SHOP}", **HANOI).body["name"] is None


def test_while_scheduler_does_not_answer_the_caller_is_asked_to_come_again(
    hanoi: Api, scheduler: FakeSchedulerClient
) -> None:
    scheduler.error = EndpointConnectionError(endpoint_url="https://scheduler")
    assert hanoi(f"PUT {SHOP}", {"sync": {"mode": "daily"}}, **HANOI).status == 503
    scheduler.error = None
    assert hanoi(f"PUT {SHOP}", {"sync": {"mode": "daily"}}, **HANOI).status == 200


def test_resuming_a_shop_pushes_what_differs(hanoi: Api, sqs: FakeSqsClient) -> None:
    hanoi(f"PUT {SHOP}", {"paused": True}, **HANOI)
    assert hanoi(f"POST {SHOP}/sync", {}, **HANOI).body["asked"] == 0
    hanoi(f"PUT {SHOP}", {"paused": False}, **HANOI)
    assert len(sqs.messages(PUSHES)) == 1


def test_a_listings_own_settings_are_kept_until_they_are_set_anew(hanoi: Api, sqs: FakeSqsClient, shelf: Shelf) -> None:
    own = {"ratio": 50, "incoming_cap": 5}
    shown = hanoi(f"PUT {LISTING}", {**MUG, "overrides": own}, **KETTLES).body
    assert shown["overrides"] == shown["overrides"] | own
    assert (shown["sync"]["target"], shown["sync"]["rule"]) == (5, "ratio")
    push(sqs)
    assert shelf.pushed == [("1~0", 5)]
    assert hanoi(f"PUT {LISTING}", MUG, **KETTLES).body["overrides"]["ratio"] == 50
    assert hanoi(f"PUT {LISTING}", {**MUG, "overrides": {}}, **KETTLES).body["overrides"]["ratio"] is None


def test_own_settings_that_cannot_be_are_named_and_nothing_is_mapped(hanoi: Api) -> None:
    hanoi(f"PUT {SHOP}", {"sync": {"mode": "daily"}}, **HANOI)
    answer = hanoi(f"PUT {LISTING}", {**MUG, "overrides": {"mode": "session"}}, **{**KETTLES, "listing": "2~0"})
    assert (answer.status, answer.wrong_fields) == (422, {"overrides.mode"})
    assert hanoi(f"GET {LISTING}", **{**KETTLES, "listing": "2~0"}).status == 404


def test_listings_are_listed_with_their_targets(hanoi: Api) -> None:
    [shown] = hanoi("GET /v1/listings", query="channel=shopee&shop=hanoi").body["items"]
    assert (shown["sync"]["target"], shown["sync"]["state"], shown["sync"]["acknowledged"]) == (10, "differs", None)


def test_a_blocked_listing_says_why(hanoi: Api, shelf: Shelf, sqs: FakeSqsClient) -> None:
    shelf.refuses["1~0"] = [ChannelError(Kind.FINAL, "error_item_not_found", "gone")]
    hanoi(f"POST {SHOP}/sync", {}, **HANOI)
    push(sqs)
    shown = hanoi(f"GET {LISTING}", **KETTLES).body["sync"]
    assert (shown["state"], shown["blocked"]) == ("blocked", "error_item_not_found: gone")
    [incident] = hanoi("GET /v1/incidents").body["items"]
    assert incident["kind"] == "listing_blocked"


def test_the_passport_says_why_it_shows_ten(hanoi: Api, sqs: FakeSqsClient) -> None:
    path = f"GET {LISTING}/passport"
    assert hanoi(path, **KETTLES).code == "never_pushed"
    hanoi(f"POST {SHOP}/sync", {}, **HANOI)
    push(sqs)
    told = hanoi(path, **KETTLES).body
    assert told["sentence"].startswith("shopee/hanoi/1~0 shows 10: all 10 that mug make are offered.")
    assert told["passport"]["levels"][0]["free"] == 10
    assert hanoi(path, query="at=2026-01-01T00:00:00Z", **KETTLES).code == "never_pushed"
    assert hanoi(path, query="at=yesterday", **KETTLES).wrong_fields == {"at"}
    assert hanoi(path, **{**KETTLES, "listing": "404~0"}).code == "unknown_listing"


# ---- The queue


def test_many_messages_are_sent_ten_at_a_time(sqs: FakeSqsClient) -> None:
    SqsPushQueue(sqs, PUSHES).send_many([{"n": number} for number in range(25)], delay_seconds=7)
    assert [each["n"] for each in sqs.messages(PUSHES)] == list(range(25))
    assert {each.hidden_until_s for each in sqs.queues[PUSHES]} == {7.0}


def test_what_the_queue_did_not_take_is_sent_again_and_not_for_ever(
    sqs: FakeSqsClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = [2]
    taken: list[str] = []

    def some(*, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  # as AWS names them
        assert QueueUrl == PUSHES
        failed = Entries[: refused.pop(0)] if refused else []
        taken.extend(each["MessageBody"] for each in Entries if each not in failed)
        return {"Failed": [{"Id": each["Id"]} for each in failed]}

    monkeypatch.setattr(sqs, "send_message_batch", some)
    SqsPushQueue(sqs, PUSHES).send_many([{"n": number} for number in range(4)])
    assert sorted(taken) == [f'{{"n":{number}}}' for number in range(4)]
    refused.extend([1, 1, 1])
    with pytest.raises(Unavailable):
        SqsPushQueue(sqs, PUSHES).send_many([{"n": 1}])


def test_a_horizon_that_is_none_is_told(work: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    assert work.policy.locations
    monkeypatch.setenv("PUSH_HORIZON_SECONDS", "soon")
    with pytest.raises(BadSettings, match="PUSH_HORIZON_SECONDS"):
        pushing.open_planning()


def test_only_a_shop_that_is_connected_can_be_synced(hanoi: Api) -> None:
    assert hanoi(f"POST {SHOP}/sync", {}, channel="shopee", shop="hue").code == "unknown_shop"
