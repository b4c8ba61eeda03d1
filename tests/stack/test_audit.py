"""The auditor at work on the running stack, with the rights that the template gives it."""

import json
import uuid
from typing import Any

import httpx

from local.stack import Stack


def _audit(stack: Stack, sku: str) -> Any:
    answer = stack.aws("lambda").invoke(
        FunctionName=stack.functions["audit_levels"], Payload=json.dumps({"skus": [sku]}).encode()
    )
    told = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, told
    return told


def test_a_level_that_somebody_tampered_with_is_repaired_and_told(stack: Stack, everything: httpx.Client) -> None:
    sku = f"audited-{uuid.uuid4().hex[:8]}"
    everything.put(f"/v1/skus/{sku}", json={"name": "A kettle"}).raise_for_status()
    receipt = {"id": "r1", "type": "receive", "location": "main", "quantity": 10}
    everything.post(f"/v1/skus/{sku}/movements", json=receipt).raise_for_status()
    order = {"buyer": {"id": "anna"}, "lines": [{"sku": sku, "quantity": 4}]}
    everything.put(f"/v1/reservations/{sku}", json=order).raise_for_status()
    everything.post(f"/v1/reservations/{sku}/commit", json={"payment_id": "p1"}).raise_for_status()
    table = stack.aws("dynamodb")
    key = {"pk": {"S": f"SKU#{sku}"}, "sk": {"S": "LEVEL#main#0"}}
    # An hour ago, so that nothing counts as still on its way; and three units that nobody received.
    for item in ({"pk": {"S": f"RESERVATION#{sku}"}, "sk": {"S": "RESERVATION"}}, _movement(sku)):
        _make_older(table, stack.table, item)
    table.update_item(
        TableName=stack.table,
        Key=key,
        UpdateExpression="SET available = available + :three",
        ExpressionAttributeValues={":three": {"N": "3"}},
    )

    refused = everything.get(f"/v1/skus/{sku}/levels")
    audited = _audit(stack, sku)

    assert (refused.status_code, refused.json()["code"]) == (503, "ledger_broken")
    assert [each["sku"] for each in audited["off"]] == [sku]
    assert audited["repaired"] == 1
    [level] = everything.get(f"/v1/skus/{sku}/levels").json()["levels"]
    assert (level["available"], level["committed"], level["on_hand"]) == (6, 4, 10)
    incidents = everything.get("/v1/incidents", params={"limit": 100}).json()["items"]
    assert [each["kind"] for each in incidents if each["facts"].get("sku") == sku] == ["drift_found"]
    assert _audit(stack, sku)["off"] == []


def _movement(sku: str) -> dict[str, Any]:
    return {"pk": {"S": f"MOVEMENTS#{sku}"}, "sk": {"S": "r1"}}


def _make_older(table: Any, name: str, key: dict[str, Any]) -> None:
    attribute = "at" if key["pk"]["S"].startswith("MOVEMENTS") else "changed_at"
    table.update_item(
        TableName=name,
        Key=key,
        UpdateExpression="SET #at = #at - :hour",
        ExpressionAttributeNames={"#at": attribute},
        ExpressionAttributeValues={":hour": {"N": "3600000"}},
    )
