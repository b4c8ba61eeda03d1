"""The table of the template, made on an engine without deploying anything."""

from __future__ import annotations

from typing import Any

from local import template

_MADE_OF = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")


def definition() -> dict[str, Any]:
    """Arguments of CreateTable (without the name): keys, index and stream as the template has them."""
    [properties] = template.resources(template.read(), "AWS::DynamoDB::Table").values()
    wanted = {key: properties[key] for key in _MADE_OF}
    return wanted | {"StreamSpecification": {"StreamEnabled": True, **properties["StreamSpecification"]}}


def create(client: Any, name: str = "holdfast", *, stream: bool = False) -> str:
    """Make the table with any boto3 DynamoDB client (MiniStack, DynamoDB Local, moto). Answers its name."""
    wanted = definition()
    if not stream:
        del wanted["StreamSpecification"]
    client.create_table(TableName=name, **wanted)
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    return name
