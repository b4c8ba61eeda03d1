"""The roles of the template, as the local AWS enforces them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.places import ROOT

if TYPE_CHECKING:
    from local.stack import Stack

FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py"))
KEY = {"pk": {"S": "RIGHTS"}, "sk": {"S": "RIGHTS"}}


def as_function(stack: Stack, name: str, service: str = "dynamodb") -> Any:
    """A client, of DynamoDB if not said, with the credentials that the function gets."""
    role = stack.aws("lambda").get_function_configuration(FunctionName=stack.functions[name])["Role"]
    given = stack.aws("sts").assume_role(RoleArn=role, RoleSessionName="rights")["Credentials"]
    return stack.aws(
        service,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )


def refusal(call: Any, **request: Any) -> str:
    """The error code of the call; empty if it went through."""
    try:
        call(**request)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def test_the_holding_function_may_read_and_write_but_neither_delete_nor_list(stack: Stack) -> None:
    table = as_function(stack, "hold_stock")
    assert refusal(table.get_item, TableName=stack.table, Key=KEY) == ""
    assert refusal(table.delete_item, TableName=stack.table, Key=KEY) == "AccessDeniedException"
    assert refusal(table.scan, TableName=stack.table) == "AccessDeniedException"
    assert refusal(table.delete_table, TableName=stack.table) == "AccessDeniedException"


def test_a_right_is_asked_for_inside_a_transaction_too(stack: Stack) -> None:
    table = as_function(stack, "hold_stock")
    check = {
        "ConditionCheck": {"TableName": stack.table, "Key": KEY, "ConditionExpression": "attribute_not_exists(pk)"}
    }
    delete = {"Delete": {"TableName": stack.table, "Key": KEY}}
    assert refusal(table.transact_write_items, TransactItems=[check]) == ""
    assert refusal(table.transact_write_items, TransactItems=[delete]) == "AccessDeniedException"


def test_the_stream_reader_keeps_its_register_and_marks_pushes_and_neither_scans_nor_replaces(stack: Stack) -> None:
    table = as_function(stack, "follow_levels")
    row = {"DeleteRequest": {"Key": KEY}}
    assert refusal(table.batch_write_item, RequestItems={stack.table: [row]}) == ""
    assert refusal(table.get_item, TableName=stack.table, Key=KEY) == ""
    assert refusal(table.scan, TableName=stack.table) == "AccessDeniedException"
    assert refusal(table.put_item, TableName=stack.table, Item=KEY) == "AccessDeniedException"
    assert refusal(table.delete_item, TableName=stack.table, Key=KEY) == "AccessDeniedException"


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_no_function_may_touch_another_table(stack: Stack, name: str) -> None:
    table = as_function(stack, name)
    assert refusal(table.get_item, TableName="another", Key=KEY) == "AccessDeniedException"


def test_the_marketplaces_door_may_queue_and_touch_no_table(stack: Stack) -> None:
    table, queues = as_function(stack, "receive_webhook"), as_function(stack, "receive_webhook", "sqs")
    assert refusal(table.get_item, TableName=stack.table, Key=KEY) == "AccessDeniedException"
    mine = {"QueueUrl": stack.queues["orders"]}
    assert refusal(queues.send_message, MessageBody="{}", **mine) == ""
    assert "AccessDenied" in refusal(queues.receive_message, **mine)
    assert "AccessDenied" in refusal(queues.send_message, QueueUrl=stack.queues["polls"], MessageBody="{}")


@pytest.mark.parametrize("name", ["receive_webhook", "apply_order", "poll_orders", "manage_stock"])
def test_a_function_opens_the_shops_of_its_own_stage_only(stack: Stack, name: str) -> None:
    secrets = as_function(stack, name, "secretsmanager")
    missing = refusal(secrets.get_secret_value, SecretId=f"holdfast/{stack.parameters['Stage']}/shopee/rights")
    assert missing == "ResourceNotFoundException"
    assert "AccessDenied" in refusal(secrets.get_secret_value, SecretId="holdfast/another/shopee/rights")


@pytest.mark.parametrize("name", ["hold_stock", "follow_levels", "sweep_expired", "audit_levels"])
def test_a_function_that_needs_no_shop_opens_none(stack: Stack, name: str) -> None:
    secrets = as_function(stack, name, "secretsmanager")
    stage = stack.parameters["Stage"]
    assert "AccessDenied" in refusal(secrets.get_secret_value, SecretId=f"holdfast/{stage}/shopee/rights")
