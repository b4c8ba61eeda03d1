"""SKUs with spaces, slashes, signs and Vietnamese letters work everywhere, through the real gateway of the stack."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    import httpx

IN_PATHS = ["Áo dài đỏ", "50% off", "%41", "a%2Fb", "a+b", 'the "best"', "a;b=c,d", "a&b"]
ONLY_IN_QUERIES = ["Áo/đỏ 50%", "//", "what?", "#1", "-", ".."]
WAIT_SECONDS = 15


def receipt(quantity: int) -> dict[str, object]:
    return {"id": "receipt-1", "type": "receive", "location": "main", "quantity": quantity}


@pytest.mark.parametrize("sku", IN_PATHS)
def test_any_name_without_a_slash_works_in_a_path(everything: httpx.Client, sku: str) -> None:
    path = "/v1/skus/" + quote(sku, safe="")

    assert everything.put(path, json={"name": "any"}).json()["sku"] == sku
    assert everything.post(path + "/movements", json=receipt(7)).json()["sku"] == sku
    assert everything.get(path + "/levels").json()["sum"]["available"] == 7
    assert everything.get(path).json()["name"] == "any"


@pytest.mark.parametrize("sku", ONLY_IN_QUERIES)
def test_any_name_at_all_works_in_a_query(everything: httpx.Client, sku: str) -> None:
    query = "?" + urlencode({"sku": sku}, quote_via=quote)

    assert everything.put("/v1/skus/-" + query, json={"name": "any"}).json()["sku"] == sku
    assert everything.post("/v1/skus/-/movements" + query, json=receipt(7)).json()["sku"] == sku
    assert everything.get("/v1/skus/-/levels" + query).json()["sum"]["available"] == 7
    assert everything.get("/v1/skus/-" + query).json()["name"] == "any"


def test_any_name_can_be_held_listed_and_asked_for(everything: httpx.Client) -> None:
    names = [*IN_PATHS, *ONLY_IN_QUERIES]
    for sku in names:
        query = "?" + urlencode({"sku": sku}, quote_via=quote)
        everything.put("/v1/skus/-" + query, json={}).raise_for_status()
        everything.post("/v1/skus/-/movements" + query, json=receipt(7)).raise_for_status()
    lines = [{"sku": sku, "quantity": 1} for sku in names]
    reservation = f"any-sku-{uuid4().hex}"
    held = everything.put(f"/v1/reservations/{reservation}", json={"buyer": {"id": "b"}, "lines": lines})
    asked = everything.get("/v1/availability?" + urlencode([("sku", sku) for sku in names], quote_via=quote)).json()
    everything.post(f"/v1/reservations/{reservation}/release").raise_for_status()

    assert [line["sku"] for line in held.json()["lines"]] == names
    assert [(each["sku"], each["free"]) for each in asked["skus"]] == [(sku, 6) for sku in names]
    for sku in names:
        assert reservation in _listed(everything, sku)


def _listed(everything: httpx.Client, sku: str) -> list[str]:
    """Ids of the reservations of a SKU: they are listed a moment after they were made."""
    query = "?" + urlencode({"sku": sku}, quote_via=quote)
    give_up = time.monotonic() + WAIT_SECONDS
    while True:
        found = [each["id"] for each in everything.get("/v1/reservations" + query).json()["items"]]
        if found or time.monotonic() > give_up:
            return found
        time.sleep(0.2)
