"""Functions are replaced while buyers hold and pay: what was answered is there, and nothing is there twice."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx

from holdfast.store.marshal import unmarshal_item
from tests.support.oracle import faults_of

if TYPE_CHECKING:
    from local.stack import Stack

BUYERS = 40
AT_ONCE = 2
TRIES = 20
UPDATES = 3
UNITS = 25
# An update comes after so many more buyers were served.
BETWEEN = 8
ANSWER_SECONDS = 10


def until_answered(client: httpx.Client, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
    """As a shop does: a lost connection or a 5xx is asked again, with the same id. Raises AssertionError in the end."""
    told = ""
    for number in range(TRIES):
        # The engine starts the new workers while calls come in; who asks at once only meets another one starting.
        time.sleep(min(number, 4) * 0.5)
        try:
            answer = client.request(method, path, json=body)
        except httpx.TransportError as error:
            told = repr(error)
            continue
        if answer.status_code < 500:
            return answer
        told = answer.text
    raise AssertionError(f"{method} {path} was never answered: {told}")


def test_a_deployment_under_load_loses_nothing_and_does_nothing_twice(stack: Stack, everything: httpx.Client) -> None:
    mark = uuid.uuid4().hex[:8]
    sku = f"deployed-{mark}"
    everything.put(f"/v1/skus/{sku}", json={"name": "A kettle"}).raise_for_status()
    receipt = {"id": "first", "type": "receive", "location": "main", "quantity": UNITS}
    everything.post(f"/v1/skus/{sku}/movements", json=receipt).raise_for_status()
    served = threading.Semaphore(0)

    def buy(number: int) -> str:
        order = {"buyer": {"id": "anna"}, "lines": [{"sku": sku, "quantity": 1}]}
        path = f"/v1/reservations/{mark}-{number}"
        held = until_answered(client, "PUT", path, order)
        served.release()
        if held.status_code == 409:
            return str(held.json()["code"])
        assert held.status_code in {200, 201}, held.text
        paid = until_answered(client, "POST", f"{path}/commit", {"payment_id": f"p-{number}"})
        return str(paid.json()["outcome"])

    with (
        httpx.Client(
            base_url=stack.api_url, headers=everything.headers, timeout=ANSWER_SECONDS, trust_env=False
        ) as client,
        ThreadPoolExecutor(max_workers=AT_ONCE) as crowd,
    ):
        answers = [crowd.submit(buy, number) for number in range(BUYERS)]
        deployed = _deploy_again_and_again(stack, served)
        assert not all(each.done() for each in answers), "the last update came while people bought"
        outcomes = Counter(each.result() for each in answers)

    assert deployed == UPDATES
    assert outcomes == {"committed": UNITS, "insufficient_stock": BUYERS - UNITS}
    items = [item for item in _items(stack) if mark in item["pk"]]
    assert faults_of(items) == []
    paid = {item["payment_id"] for item in items if item["pk"].startswith("RESERVATION#")}
    assert len(paid) == UNITS


def _deploy_again_and_again(stack: Stack, served: threading.Semaphore) -> int:
    """New settings for the function that buyers call, as a deployment brings them; answers how often."""
    functions, name = stack.aws("lambda"), stack.functions["hold_stock"]
    before = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    deployed = 0
    try:
        for number in range(UPDATES):
            for _ in range(BETWEEN):
                assert served.acquire(timeout=60), "nobody is served any more"
            changed = before | {"HOLD_SECONDS": str(1_200 + 60 * number)}
            functions.update_function_configuration(FunctionName=name, Environment={"Variables": changed})
            deployed += 1
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": before})
    return deployed


def _items(stack: Stack) -> list[dict[str, Any]]:
    pages = stack.aws("dynamodb").get_paginator("scan").paginate(TableName=stack.table, ConsistentRead=True)
    found = (unmarshal_item(item) for page in pages for item in page["Items"] if _is_ours(item))
    return list(found)


def _is_ours(item: dict[str, Any]) -> bool:
    return str(item["pk"]["S"]).startswith(("SKU#deployed", "MOVEMENTS#deployed", "RESERVATION#"))
