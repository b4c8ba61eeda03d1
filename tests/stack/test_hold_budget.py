"""The hold budget over HTTP, through the gateway, with the roles of the template enforced."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

AT_ONCE = 6
# The stream's consumer is a moment behind; a limit, not a wait.
LOOKS, BETWEEN_SECONDS = 60, 0.5


@pytest.fixture(scope="module")
def bottle(everything: httpx.Client) -> str:
    sku = f"BOTTLE-{uuid.uuid4().hex[:8]}"
    limits = {"scarce": True, "open_holds": 2, "floor": 3}
    assert everything.put(f"/v1/skus/{sku}", json={"name": "A bottle", "limits": limits}).status_code == 200
    receipt = {"id": "first", "type": "receive", "location": "main", "quantity": 100}
    assert everything.post(f"/v1/skus/{sku}/movements", json=receipt).status_code == 201
    return sku


@pytest.fixture
def buyer() -> str:
    return f"buyer-{uuid.uuid4().hex[:8]}"


def order(sku: str, buyer: str, **facts: object) -> dict[str, Any]:
    return {"buyer": {"id": buyer, **facts}, "lines": [{"sku": sku, "quantity": 1}]}


def put(client: httpx.Client, sku: str, buyer: str, name: object, **facts: object) -> httpx.Response:
    answer = client.put(f"/v1/reservations/{buyer}-{name}", json=order(sku, buyer, **facts))
    for _ in range(LOOKS):
        if answer.status_code != 503:
            break
        time.sleep(BETWEEN_SECONDS)
        answer = client.put(f"/v1/reservations/{buyer}-{name}", json=order(sku, buyer, **facts))
    return answer


def soon(look: Callable[[], list[Any]]) -> list[Any]:
    """What the look finds once it finds something."""
    for _ in range(LOOKS):
        found = look()
        if found:
            return found
        time.sleep(BETWEEN_SECONDS)
    return []


def test_many_requests_of_one_buyer_at_once_hold_as_many_as_he_may(
    everything: httpx.Client, bottle: str, buyer: str
) -> None:
    with ThreadPoolExecutor(max_workers=AT_ONCE) as crowd:
        answers = list(crowd.map(lambda each: put(everything, bottle, buyer, each).status_code, range(24)))

    assert sorted(set(answers)) == [201, 429]
    assert answers.count(201) == 2


def test_a_buyer_over_his_budget_is_told_when_to_come_back_and_the_operator_sees_why(
    everything: httpx.Client, bottle: str, buyer: str
) -> None:
    for name in ("first", "second"):
        assert put(everything, bottle, buyer, name).status_code == 201
    refused = put(everything, bottle, buyer, "third")

    assert (refused.status_code, refused.json()["code"]) == (429, "hold_budget")
    assert int(refused.headers["retry-after"]) == refused.json()["retry_after_seconds"] > 0
    seen = everything.get(f"/v1/buyers/{buyer}").json()
    assert [each["open"] for each in seen["entries"]] == [True, True]
    assert [each["limit"] for each in seen["reached"]] == ["open_holds"]
    assert [each["code"] for each in seen["refusals"]] == ["hold_budget"]

    assert everything.post(f"/v1/reservations/{buyer}-first/release").status_code == 200
    assert put(everything, bottle, buyer, "third").status_code == 201


def test_lines_change_while_the_hold_lasts(everything: httpx.Client, bottle: str, buyer: str) -> None:
    held = put(everything, bottle, buyer, "order").json()
    path = f"/v1/reservations/{held['id']}"
    more = everything.patch(path, json={"lines": [{"sku": bottle, "quantity": 3}], "version": 1})

    assert (more.status_code, more.json()["lines"][0]["quantity"]) == (200, 3)
    assert more.json()["expires_at"] == held["expires_at"]
    late = everything.patch(path, json={"lines": [{"sku": bottle, "quantity": 1}], "version": 1})
    assert (late.status_code, late.json()["code"]) == (409, "version_changed")


def test_what_the_rules_would_have_done_is_listed_a_moment_later(
    everything: httpx.Client, bottle: str, buyer: str
) -> None:
    assert put(everything, bottle, buyer, "order", paid_orders=0).status_code == 201

    def listed() -> list[Any]:
        return [each for each in everything.get("/v1/risk?limit=100").json()["items"] if each["buyer"]["id"] == buyer]

    [ruled] = soon(listed)
    assert ruled["reservation"] == f"{buyer}-order"
    assert [(hit["rule"], hit["acted"]) for hit in ruled["hits"]] == [("no_paid_order", False)]


def test_a_buyer_is_put_on_the_allow_list_and_taken_off(everything: httpx.Client, bottle: str, buyer: str) -> None:
    allowed = everything.put(f"/v1/buyers/{buyer}", json={"allowed": True, "note": "the bar next door"})
    assert (allowed.status_code, allowed.json()["allowed"], allowed.json()["note"]) == (200, True, "the bar next door")
    assert put(everything, bottle, buyer, "order", paid_orders=0).status_code == 201
    taken_off = everything.put(f"/v1/buyers/{buyer}", json={"allowed": False}).json()
    assert (taken_off["allowed"], len(taken_off["entries"])) == (False, 1)


def test_a_refund_that_is_due_is_on_its_list_until_it_is_paid_back(
    everything: httpx.Client, bottle: str, buyer: str
) -> None:
    held = put(everything, bottle, buyer, "order").json()["id"]
    everything.post(f"/v1/reservations/{held}/commit", json={"payment_id": "pay"}).raise_for_status()
    due = everything.post(f"/v1/reservations/{held}/release").json()
    assert (due["state"], due["refund_by"] is None) == ("refund_due", False)

    def listed() -> list[Any]:
        return [each for each in everything.get("/v1/refunds?limit=100").json()["items"] if each["id"] == held]

    assert len(soon(listed)) == 1
    everything.post(f"/v1/reservations/{held}/refunded").raise_for_status()
    assert listed() == []
