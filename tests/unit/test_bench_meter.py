"""The bench's meter, and its judgement."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from bench.meter import Call, Cost, Meter
from bench.targets import TARGETS, missed


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        client.create_table(
            TableName="goods",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )
        yield client


def put(client: Any, **more: Any) -> None:
    client.put_item(TableName="goods", Item={"pk": {"S": "mug"}}, **more)


def put_and_get(client: Any) -> None:
    put(client)
    client.get_item(TableName="goods", Key={"pk": {"S": "mug"}})


def test_calls_are_told_in_their_order_with_the_units_the_engine_reports(client: Any) -> None:
    meter = Meter(client)
    meter.cost_of(lambda: put(client))
    cost = meter.cost_of(lambda: put_and_get(client))
    assert [call.operation for call in cost.calls] == ["PutItem", "GetItem"]
    assert cost.write_units > 0
    assert cost.read_units > 0
    assert (cost.write_calls, cost.items_written) == (1, 1)


def test_a_refused_write_is_a_call_without_units(client: Any) -> None:
    meter = Meter(client)
    put(client)
    meter.taken()
    with pytest.raises(ClientError):
        meter.cost_of(lambda: put(client, ConditionExpression="attribute_not_exists(pk)"))
    cost = meter.taken()
    assert [call.refused for call in cost.calls] == [True]
    assert (cost.write_calls, cost.items_written, cost.write_units) == (1, 0, 0)
    assert cost.sequence == "PutItem!"


def test_what_was_taken_is_not_counted_again(client: Any) -> None:
    meter = Meter(client)
    put(client)
    assert len(meter.taken().calls) == 1
    assert meter.taken().calls == ()


def test_a_long_sequence_is_told_by_its_number_of_calls() -> None:
    assert Cost((Call("GetItem", 1.0, 0),) * 6).sequence == "6 calls"


def test_every_target_has_a_limit_that_can_be_missed() -> None:
    reached = {target.figure: target.limit for target in TARGETS}
    assert missed(reached) == []
    for target in TARGETS:
        worse = target.limit - 0.5 if target.must_be == ">=" else target.limit + 0.5
        assert missed({**reached, target.figure: worse}) == [target]
