"""Every alarm of the deployed template fires on what it is for, and is quiet before.

The local engine measures nothing of its own accord. Figures of Holdfast come from what its functions logged, over
a bridge (`tests/support/emf_bridge.py`). Figures that AWS measures are put in by hand, for a copy of the deployed
alarm that looks at a metric of its own, so that a run finds nothing of the run before.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from local import template
from tests.support.emf_bridge import Bridge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from local.stack import Stack

NAMES = sorted(
    each["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")
    for each in template.resources(template.read(), "AWS::CloudWatch::Alarm").values()
)


@dataclass
class Floor:
    """The shop as its people see it, and its table as somebody with too many rights does."""

    stack: Stack
    api: httpx.Client
    sku: str = field(default_factory=lambda: f"alarm-{uuid.uuid4().hex[:8]}")

    def sell(self, units: int) -> None:
        self.api.put(f"/v1/skus/{self.sku}", json={"name": "A kettle"}).raise_for_status()
        self.move("first", "receive", units)

    def move(self, name: str, kind: str, quantity: int) -> None:
        told = {"id": name, "type": kind, "location": "main", "quantity": quantity}
        self.api.post(f"/v1/skus/{self.sku}/movements", json=told).raise_for_status()

    def hold(self, units: int) -> int:
        order = {"buyer": {"id": "anna"}, "lines": [{"sku": self.sku, "quantity": units}]}
        return self.api.put(f"/v1/reservations/{self.sku}", json=order).status_code

    def command(self, name: str, **body: str) -> int:
        return self.api.post(f"/v1/reservations/{self.sku}/{name}", json=body or None).status_code

    def tamper(self, expression: str, key: dict[str, Any] | None = None, **values: int) -> None:
        names = {"ExpressionAttributeNames": {"#at": "at"}} if "#at" in expression else {}
        self.stack.aws("dynamodb").update_item(
            TableName=self.stack.table,
            Key=key or {"pk": {"S": f"SKU#{self.sku}"}, "sk": {"S": "LEVEL#main#0"}},
            UpdateExpression=expression,
            ExpressionAttributeValues={f":{name}": {"N": str(value)} for name, value in values.items()},
            **names,
        )

    def invoke(self, function: str, payload: dict[str, Any]) -> Any:
        answer = self.stack.aws("lambda").invoke(
            FunctionName=self.stack.functions[function], Payload=json.dumps(payload).encode()
        )
        return json.loads(answer["Payload"].read())


def refund_due(floor: Floor) -> None:
    floor.sell(3)
    floor.hold(1)
    floor.command("commit", payment_id="p1")
    assert floor.command("release") == 200


def duplicate_payment(floor: Floor) -> None:
    floor.sell(3)
    floor.hold(1)
    floor.command("commit", payment_id="p1")
    assert floor.command("commit", payment_id="p2") == 200


def payment_unmatched(floor: Floor) -> None:
    assert floor.command("commit", payment_id="p1") == 503


def oversold(floor: Floor) -> None:
    floor.sell(3)
    floor.hold(2)
    floor.move("counted", "count", 1)


def ledger_broken(floor: Floor) -> None:
    """One unit nobody received; whoever reads the level, as here for want of units, refuses it."""
    floor.sell(1)
    floor.tamper("SET available = available + :n", n=1)
    assert floor.hold(5) == 503


def clock_ahead(floor: Floor) -> None:
    floor.sell(1)
    ahead = int(datetime.now(UTC).timestamp()) + 100_000
    floor.tamper("SET folded_to = :mark", mark=ahead)
    assert floor.hold(1) == 503


def drift_found(floor: Floor) -> None:
    floor.sell(2)
    floor.tamper("SET #at = #at - :ms", key={"pk": {"S": f"MOVEMENTS#{floor.sku}"}, "sk": {"S": "first"}}, ms=3_600_000)
    floor.tamper("SET available = available + :n, on_hand = on_hand + :n", n=4)
    assert floor.invoke("audit_levels", {"skus": [floor.sku]})["repaired"] == 1


def sweep_failures(floor: Floor) -> None:
    """A minute that is due, of a level that does not add up: the sweeper cannot give it back."""
    floor.sell(1)
    floor.tamper("SET available = available + :n", n=1)
    due = f"0000000060#LEVEL#main#{floor.sku}"
    floor.stack.aws("dynamodb").put_item(TableName=floor.stack.table, Item={"pk": {"S": "DUE#0"}, "sk": {"S": due}})
    try:
        assert floor.invoke("sweep_expired", {})["left"] >= 1
    finally:
        floor.stack.aws("dynamodb").delete_item(
            TableName=floor.stack.table, Key={"pk": {"S": "DUE#0"}, "sk": {"S": due}}
        )


CAUSES: dict[str, Callable[[Floor], None]] = {
    "refund-due": refund_due,
    "duplicate-payment": duplicate_payment,
    "payment-unmatched": payment_unmatched,
    "oversold": oversold,
    "ledger-broken": ledger_broken,
    "clock-ahead": clock_ahead,
    "drift-found": drift_found,
    "sweep-failures": sweep_failures,
}
BY_HAND = [name for name in NAMES if name not in CAUSES]


@pytest.fixture
def floor(stack: Stack, everything: httpx.Client) -> Floor:
    return Floor(stack, everything)


def alarm_named(stack: Stack, name: str) -> dict[str, Any]:
    found = stack.aws("cloudwatch").describe_alarms(AlarmNames=[f"{_prefix(stack)}-{name}"])["MetricAlarms"]
    assert len(found) == 1, name
    return dict(found[0])


def _prefix(stack: Stack) -> str:
    return stack.functions["hold_stock"].removesuffix("-hold_stock")


COPIED = (
    "Namespace", "Dimensions", "Statistic", "ExtendedStatistic", "Period", "EvaluationPeriods", "DatapointsToAlarm",
    "Threshold", "ComparisonOperator", "TreatMissingData",
)  # fmt: skip


@pytest.fixture
def copy_of(stack: Stack) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Makes a copy of a deployed alarm, on a metric of its own."""
    made: list[str] = []

    def copy(name: str) -> dict[str, Any]:
        alarm = alarm_named(stack, name)
        mark = f"copy-{uuid.uuid4().hex[:8]}"
        made.append(f"{alarm['AlarmName']}-{mark}")
        # Of its own name, for the engine takes one metric with other dimensions for the same one.
        own = {"AlarmName": made[-1], "MetricName": f"{alarm['MetricName']}-{mark}"}
        stack.aws("cloudwatch").put_metric_alarm(**{each: alarm[each] for each in COPIED if each in alarm}, **own)
        return alarm | own

    yield copy
    stack.aws("cloudwatch").delete_alarms(AlarmNames=made)


def feed(stack: Stack, alarm: dict[str, Any], value: float, *, periods: int) -> str:
    """The value in each of the last so many periods; answers the state the alarm is then in."""
    metrics, now = stack.aws("cloudwatch"), datetime.now(UTC)
    for period in range(periods):
        at = now - timedelta(seconds=period * alarm["Period"])
        figure = {"MetricName": alarm["MetricName"], "Dimensions": alarm["Dimensions"], "Value": value, "Timestamp": at}
        metrics.put_metric_data(Namespace=alarm["Namespace"], MetricData=[figure])
    [found] = metrics.describe_alarms(AlarmNames=[alarm["AlarmName"]])["MetricAlarms"]
    return str(found["StateValue"])


def test_the_deployed_alarms_are_those_of_the_template(stack: Stack) -> None:
    pages = stack.aws("cloudwatch").get_paginator("describe_alarms").paginate()
    deployed = {each["AlarmName"] for page in pages for each in page["MetricAlarms"]}
    assert {f"{_prefix(stack)}-{name}" for name in NAMES} <= deployed
    assert set(CAUSES) <= set(NAMES)


@pytest.mark.parametrize("name", CAUSES)
def test_an_alarm_of_the_business_fires_when_it_happens(stack: Stack, floor: Floor, name: str) -> None:
    alarm = alarm_named(stack, name)
    bridge = Bridge(stack)
    CAUSES[name](floor)
    bridge.wait_for(alarm["MetricName"])
    assert alarm_named(stack, name)["StateValue"] == "ALARM"


@pytest.mark.parametrize("name", BY_HAND)
def test_an_alarm_fires_beyond_its_threshold(stack: Stack, copy_of: Callable[[str], dict[str, Any]], name: str) -> None:
    alarm = copy_of(name)
    threshold = alarm["Threshold"]
    assert alarm["ComparisonOperator"] in {"LessThanThreshold", "GreaterThanThreshold"}
    beyond = threshold - 1 if alarm["ComparisonOperator"] == "LessThanThreshold" else threshold + 1
    assert feed(stack, alarm, beyond, periods=alarm["EvaluationPeriods"]) == "ALARM"


@pytest.mark.parametrize("name", BY_HAND)
def test_an_alarm_is_quiet_at_its_threshold(stack: Stack, copy_of: Callable[[str], dict[str, Any]], name: str) -> None:
    alarm = copy_of(name)
    # In one period only: the engine adds up a sum over all the periods of the alarm.
    assert feed(stack, alarm, alarm["Threshold"], periods=1) == "OK"
