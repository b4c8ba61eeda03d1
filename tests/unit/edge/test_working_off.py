"""A batch of a queue: what is done, what comes again and when, what is put aside and why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from holdfast.channels.protocol import ChannelError
from holdfast.channels.sheet import Kind
from holdfast.domain.errors import Conflict, OrderTooLarge, Unavailable
from holdfast.runtime.working_off import (
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    MOST_TRIES,
    MOST_TRIES_OF_A_BUG,
    Delivered,
    WorkQueue,
    pause,
    work_off,
)
from holdfast.store.queue import SqsQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.fake_sqs import FakeSqsClient

pytestmark = pytest.mark.usefixtures("work")

ORDERS, ASIDE = "https://orders", "https://orders-failures"


@pytest.fixture
def queue(sqs: FakeSqsClient) -> WorkQueue:
    return WorkQueue(queue=SqsQueue(sqs, ORDERS), aside=SqsQueue(sqs, ASIDE))


def batch(sqs: FakeSqsClient, *, tries: int = 1, most: int = 10) -> dict[str, Any]:
    """What the mapping hands to the function: all that shows itself, as if received so many times."""
    for kept in sqs.queues.get(ORDERS, []):
        kept.times_received = tries - 1
    told = sqs.receive_message(QueueUrl=ORDERS, MaxNumberOfMessages=most, VisibilityTimeout=360)
    records = [
        {
            "messageId": each["MessageId"],
            "receiptHandle": each["ReceiptHandle"],
            "body": each["Body"],
            "attributes": each["Attributes"],
        }
        for each in told.get("Messages", [])
    ]
    return {"Records": records}


def send(sqs: FakeSqsClient, *orders: str) -> None:
    for order in orders:
        sqs.send_message(QueueUrl=ORDERS, MessageBody=json.dumps({"order_id": order}))


def fails(*orders: str, by: Exception) -> Callable[[Mapping[str, Any]], None]:
    def do(message: Mapping[str, Any]) -> None:
        if message["order_id"] in orders:
            raise by

    return do


def again(answer: Mapping[str, Any]) -> list[str]:
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def never() -> bool:
    return False


def hidden_s(sqs: FakeSqsClient) -> list[float]:
    return [kept.hidden_until_s for kept in sqs.queues[ORDERS]]


PASSING = ChannelError(Kind.PASSING, "http_503", "GET shop.example/orders")


def test_one_message_that_fails_comes_again_alone(sqs: FakeSqsClient, queue: WorkQueue) -> None:
    send(sqs, "1", "2", "3")
    answer = work_off(batch(sqs), fails("2", by=PASSING), queue, time_is_short=never)

    assert again(answer) == ["message-1"]
    assert ASIDE not in sqs.queues


@pytest.mark.parametrize(
    "error", [PASSING, Unavailable("later"), Conflict("later"), KeyError("bug"), ChannelError(Kind.UNKNOWN, "x", "y")]
)
def test_what_may_pass_comes_again_after_a_pause(sqs: FakeSqsClient, queue: WorkQueue, error: Exception) -> None:
    send(sqs, "1")
    assert again(work_off(batch(sqs), fails("1", by=error), queue, time_is_short=never)) == ["message-0"]
    [seconds] = hidden_s(sqs)
    assert 0.75 * FIRST_PAUSE_S - 1 <= seconds <= 1.25 * FIRST_PAUSE_S


def test_the_pause_grows_to_an_hour_and_no_further() -> None:
    def at(tries: int) -> int:
        return pause(Delivered(id="a", receipt="r", body="", tries=tries, sent_ms=0))

    pauses = [at(tries) for tries in range(1, MOST_TRIES)]
    assert pauses == sorted(pauses)
    assert pauses[-1] <= 1.25 * LONGEST_PAUSE_S
    assert 4 * 3_600 < sum(pauses) < 9 * 3_600


def test_messages_that_failed_together_do_not_come_back_together() -> None:
    pauses = {pause(Delivered(id=f"m{each}", receipt="r", body="", tries=6, sent_ms=0)) for each in range(50)}
    assert len(pauses) > 10


def test_a_marketplace_that_says_when_to_come_back_is_obeyed(sqs: FakeSqsClient, queue: WorkQueue) -> None:
    send(sqs, "1")
    quota = ChannelError(Kind.DAILY_QUOTA, "error_limit", "until midnight", retry_after_s=20_000.0)
    work_off(batch(sqs), fails("1", by=quota), queue, time_is_short=never)

    assert hidden_s(sqs) == [20_000]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OrderTooLarge("order 1 has too many lines"), "order_too_large: order 1 has too many lines"),
        (ChannelError(Kind.FINAL, "unreadable", "no JSON"), "unreadable: no JSON"),
    ],
)
def test_what_can_never_be_done_is_put_aside_at_once_with_its_reason(
    sqs: FakeSqsClient, queue: WorkQueue, error: Exception, reason: str
) -> None:
    send(sqs, "1", "2")
    answer = work_off(batch(sqs), fails("1", by=error), queue, time_is_short=never)

    assert again(answer) == []
    [letter] = SqsQueue(sqs, ASIDE).receive(10, hidden_seconds=1)
    assert (json.loads(letter.body), letter.reason) == ({"order_id": "1"}, reason)
    assert letter.sent_ms == sqs.queues[ORDERS][0].sent_ms


@pytest.mark.parametrize("body", ["", "{", "[]", '"x"', "null"])
def test_what_is_no_message_is_put_aside(sqs: FakeSqsClient, queue: WorkQueue, body: str) -> None:
    sqs.send_message(QueueUrl=ORDERS, MessageBody=body)
    done: list[Any] = []

    assert again(work_off(batch(sqs), done.append, queue, time_is_short=never)) == []
    assert done == []
    assert [kept.body for kept in sqs.queues[ASIDE]] == [body]


@pytest.mark.parametrize(("error", "most"), [(PASSING, MOST_TRIES), (KeyError("bug"), MOST_TRIES_OF_A_BUG)])
def test_what_failed_so_many_times_is_put_aside(
    sqs: FakeSqsClient, queue: WorkQueue, error: Exception, most: int
) -> None:
    send(sqs, "1")
    assert again(work_off(batch(sqs, tries=most - 1), fails("1", by=error), queue, time_is_short=never))
    assert ASIDE not in sqs.queues

    sqs.now_s = 1e9
    assert again(work_off(batch(sqs, tries=most), fails("1", by=error), queue, time_is_short=never)) == []
    assert len(sqs.queues[ASIDE]) == 1


def test_a_reason_tells_nothing_of_the_inside_of_a_bug(sqs: FakeSqsClient, queue: WorkQueue) -> None:
    send(sqs, "1")
    bug = KeyError("0901234567")
    work_off(batch(sqs, tries=MOST_TRIES_OF_A_BUG), fails("1", by=bug), queue, time_is_short=never)

    [letter] = SqsQueue(sqs, ASIDE).receive(10, hidden_seconds=1)
    assert letter.reason == "internal_error: KeyError"


def test_what_could_not_be_put_aside_comes_again(sqs: FakeSqsClient, queue: WorkQueue) -> None:
    send(sqs, "1")
    records = batch(sqs)
    sqs.lose_replies()
    answer = work_off(records, fails("1", by=OrderTooLarge("no")), queue, time_is_short=never)

    assert again(answer) == ["message-0"]


def test_what_is_not_begun_in_time_comes_again_at_once(sqs: FakeSqsClient, queue: WorkQueue) -> None:
    send(sqs, "1", "2", "3")
    done: list[Mapping[str, Any]] = []
    answer = work_off(batch(sqs), done.append, queue, time_is_short=lambda: len(done) == 1)

    assert again(answer) == ["message-1", "message-2"]
    assert [each["order_id"] for each in done] == ["1"]
    assert hidden_s(sqs)[1:] == [0, 0]


def test_a_pause_that_could_not_be_set_loses_nothing(
    sqs: FakeSqsClient, queue: WorkQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise Unavailable("the queue did not answer")

    send(sqs, "1")
    monkeypatch.setattr(SqsQueue, "postpone", refuse)

    assert again(work_off(batch(sqs), fails("1", by=PASSING), queue, time_is_short=never)) == ["message-0"]
