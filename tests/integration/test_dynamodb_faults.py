"""What DynamoDB answers when it does not do as asked, and what the store makes of it. Injected under botocore."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from holdfast.domain.conditions import enough_free, id_not_used
from holdfast.domain.errors import Conflict, Unavailable
from holdfast.store.dynamodb import BATCH_ROUNDS, BUSY_TRIES, DynamoTable
from holdfast.store.table import Action, Cancelled, Check, ConditionFailed, Failed, Key, Put, Update
from tests.support.dynamodb_answers import answered, cancelled, error

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.awsrequest import AWSResponse

KETTLE, CUP = Key("SKU#kettle", "LEVEL#main#0"), Key("SKU#cup", "LEVEL#main#0")


class Answers:
    """Answers the next calls of an operation in DynamoDB's place; when none are left, calls go through.

    It stands before all who listen to botocore's `before-send`: the hook itself asks every listener, moto too.
    """

    def __init__(self, client: Any, operation: str, *answers: AWSResponse | Exception) -> None:
        self.asked = 0
        self._event = f"before-send.dynamodb.{operation}"
        self._answers = list(answers)
        self._emitter = client._endpoint._event_emitter
        client._endpoint._event_emitter = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._emitter, name)

    def emit(self, event: str, **told: Any) -> Any:
        if event != self._event:
            return self._emitter.emit(event, **told)
        self.asked += 1
        if not self._answers:
            return self._emitter.emit(event, **told)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return [(self, answer)]


@pytest.fixture
def waits() -> list[int]:
    return []


@pytest.fixture
def table(moto_client: Any, waits: list[int]) -> DynamoTable:
    return DynamoTable(moto_client, "holdfast", wait=waits.append)


def stock(table: DynamoTable, key: Key = KETTLE, units: int = 3) -> None:
    table.write(Put(key=key, item={"available": units}))


def take(key: Key = KETTLE, units: int = 1) -> Update:
    return Update(key=key, add={("available",): -units}, conditions=(enough_free(units),))


BUSY = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded"]


@pytest.mark.parametrize("reason", BUSY)
def test_a_transaction_that_meets_another_or_a_throttle_tries_again_in_place(
    moto_client: Any, table: DynamoTable, waits: list[int], reason: str
) -> None:
    stock(table)
    answers = Answers(moto_client, "TransactWriteItems", cancelled(reason, "None"), cancelled("None", reason))
    table.transact([take(), Put(key=CUP, item={})])
    assert (answers.asked, waits) == (3, [0, 1])
    assert table.get(KETTLE) == {"pk": "SKU#kettle", "sk": "LEVEL#main#0", "available": 2}


@pytest.mark.parametrize("reason", BUSY)
def test_a_transaction_that_others_never_let_in_is_a_conflict_and_never_a_refusal(
    moto_client: Any, table: DynamoTable, reason: str
) -> None:
    stock(table)
    answers = Answers(moto_client, "TransactWriteItems", *[cancelled(reason)] * 20)
    with pytest.raises((Conflict, Unavailable)):
        table.transact([take()])
    assert answers.asked == BUSY_TRIES
    assert table.get(KETTLE) == {"pk": "SKU#kettle", "sk": "LEVEL#main#0", "available": 3}


def test_a_fold_that_meets_a_transaction_tries_again_in_place(moto_client: Any, table: DynamoTable) -> None:
    stock(table)
    answers = Answers(moto_client, "UpdateItem", error("TransactionConflictException"))
    assert table.write(take()) == {"pk": "SKU#kettle", "sk": "LEVEL#main#0", "available": 2}
    assert answers.asked == 2


def test_a_failed_condition_beside_a_conflict_is_judged_again(moto_client: Any, table: DynamoTable) -> None:
    """The other action was not judged: what the caller learns must come from a transaction that was."""
    stock(table, units=0)
    Answers(moto_client, "TransactWriteItems", cancelled("TransactionConflict", "ConditionalCheckFailed"))
    with pytest.raises(Cancelled) as failure:
        table.transact([Put(key=CUP, item={}, conditions=(id_not_used(),)), take()])
    assert failure.value.reasons == (None, Failed({"pk": "SKU#kettle", "sk": "LEVEL#main#0", "available": 0}))


def test_reasons_come_in_the_order_of_the_actions_with_the_items_as_they_are(table: DynamoTable) -> None:
    stock(table, units=1)
    actions: list[Action] = [
        Put(key=KETTLE, item={"available": 9}, conditions=(id_not_used(),)),
        Put(key=Key("a", "b"), item={}),
        Check(key=CUP, conditions=(enough_free(1),)),
    ]
    with pytest.raises(Cancelled) as failure:
        table.transact(actions)
    assert failure.value.reasons == (
        Failed({"pk": "SKU#kettle", "sk": "LEVEL#main#0", "available": 1}),
        None,
        Failed(None),
    )
    assert table.get(Key("a", "b")) is None


def test_a_reason_nobody_knows_stays_loud(moto_client: Any, table: DynamoTable) -> None:
    Answers(moto_client, "TransactWriteItems", cancelled("ValidationError", "None"))
    with pytest.raises(ClientError, match="TransactionCanceled"):
        table.transact([take(), Put(key=CUP, item={})])


def test_a_request_that_is_wrong_stays_loud(moto_client: Any, table: DynamoTable) -> None:
    Answers(moto_client, "UpdateItem", error("ValidationException"))
    with pytest.raises(ClientError, match="ValidationException"):
        table.write(take())


PASSING: dict[str, Callable[[], AWSResponse | Exception]] = {
    "throttled": lambda: error("ProvisionedThroughputExceededException"),
    "too many requests": lambda: error("RequestLimitExceeded"),
    "slow down": lambda: error("ThrottlingException"),
    "server error": lambda: error("InternalServerError", 500),
    "not there": lambda: error("ServiceUnavailable", 503),
    "time-out": lambda: ReadTimeoutError(endpoint_url="https://dynamodb"),
}


CALLS: dict[str, Callable[[DynamoTable], object]] = {
    "GetItem": lambda table: table.get(KETTLE),
    "UpdateItem": lambda table: table.write(take()),
    "TransactWriteItems": lambda table: table.transact([take()]),
    "BatchGetItem": lambda table: table.get_many([KETTLE]),
    "Scan": lambda table: table.scan(),
}


@pytest.mark.parametrize("kind", PASSING)
def test_what_passes_is_asked_twice_and_then_unavailable(
    moto_client: Any, table: DynamoTable, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    for operation, call in CALLS.items():
        answers = Answers(moto_client, operation, PASSING[kind](), PASSING[kind]())
        with pytest.raises(Unavailable):
            call(table)
        assert answers.asked == 2, operation


@pytest.mark.parametrize("kind", PASSING)
def test_what_passes_at_once_is_not_noticed(
    moto_client: Any, table: DynamoTable, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    stock(table)
    Answers(moto_client, "TransactWriteItems", PASSING[kind]())
    table.transact([take()])
    assert table.get(KETTLE) == {"pk": "SKU#kettle", "sk": "LEVEL#main#0", "available": 2}


def test_a_conditional_write_that_fails_tells_the_item(table: DynamoTable) -> None:
    stock(table, units=0)
    with pytest.raises(ConditionFailed) as failure:
        table.write(take())
    assert failure.value.item == {"pk": "SKU#kettle", "sk": "LEVEL#main#0", "available": 0}


def test_what_a_batch_leaves_over_is_asked_again(moto_client: Any, table: DynamoTable, waits: list[int]) -> None:
    stock(table)
    wanted = {"Keys": [{"pk": {"S": KETTLE.pk}, "sk": {"S": KETTLE.sk}}], "ConsistentRead": True}
    rest = answered(200, {"Responses": {"holdfast": []}, "UnprocessedKeys": {"holdfast": wanted}})
    Answers(moto_client, "BatchGetItem", rest)
    assert len(table.get_many([KETTLE])) == 1
    request = {"PutRequest": {"Item": {"pk": {"S": "a"}, "sk": {"S": "b"}}}}
    Answers(moto_client, "BatchWriteItem", answered(200, {"UnprocessedItems": {"holdfast": [request]}}))
    table.write_many([Put(key=Key("a", "b"), item={})])
    assert table.get(Key("a", "b")) is not None
    assert waits == [0, 0]


def test_a_batch_that_is_never_done_ends_as_unavailable(moto_client: Any, table: DynamoTable) -> None:
    request = {"PutRequest": {"Item": {"pk": {"S": "a"}, "sk": {"S": "b"}}}}
    never = answered(200, {"UnprocessedItems": {"holdfast": [request]}})
    answers = Answers(moto_client, "BatchWriteItem", *[never] * 30)
    with pytest.raises(Unavailable):
        table.write_many([Put(key=Key("a", "b"), item={})])
    assert answers.asked == BATCH_ROUNDS


def test_more_than_a_batch_is_written_and_read_in_parts(table: DynamoTable) -> None:
    keys = [Key("batch", f"{each:03d}") for each in range(130)]
    table.write_many([*(Put(key=key, item={"n": 1}) for key in keys), Put(key=keys[0], item={"n": 2})])
    found = {item["sk"]: item["n"] for item in table.get_many(keys)}
    assert (len(found), found["000"], found["129"]) == (130, 2, 1)
