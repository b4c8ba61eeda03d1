"""The face of Shopify: one GraphQL endpoint with real types, tokens of an hour, and pushes of the whole resource."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from graphql import validate_schema

from sandbox.faces.shopify import Shopify
from sandbox.faces.shopify_schema import SCHEMA
from tests.unit.sandbox.stall import VECTORS, Stall, read, status_of

if TYPE_CHECKING:
    from sandbox.desk import Outcome

GRAPHQL = "/admin/api/2026-04/graphql.json"
SET = """mutation set($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id reason changes { name delta item { id } } }
    userErrors { code field message }
  }
}"""
VARIANTS = """query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on ProductVariant { sku price product { id }
  inventoryItem { id tracked inventoryLevels(first: 5) { nodes { location { id }
    quantities(names: ["available", "committed", "on_hand"]) { name quantity } } } } } } }"""
ORDERS = """query ($query: String, $after: String, $first: Int) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes { id updatedAt } pageInfo { hasNextPage endCursor } } }"""
ORDER = """query ($id: ID!) { order(id: $id) { name cancelledAt displayFinancialStatus displayFulfillmentStatus
  totalPriceSet { shopMoney { amount currencyCode } }
  lineItems(first: 10) { nodes { id quantity currentQuantity unfulfilledQuantity variant { id } } }
  refunds { refundLineItems(first: 10) { nodes { quantity restockType lineItem { id } } } }
  fulfillments { name status fulfillmentLineItems(first: 10) { nodes { quantity lineItem { id } } } } } }"""
PRICES = """mutation ($product: ID!, $variants: [ProductVariantsBulkInput!]!, $partly: Boolean) {
  productVariantsBulkUpdate(productId: $product, variants: $variants, allowPartialUpdates: $partly) {
    productVariants { id price } userErrors { code field message } } }"""


@pytest.fixture
def stall() -> Stall:
    return Stall(Shopify())


def ask(stall: Stall, document: str, /, **variables: Any) -> Any:
    outcome = post(stall, {"query": document, "variables": variables})
    assert status_of(outcome) == 200
    return read(outcome)


def post(stall: Stall, body: object, *, token: str | None = None) -> Outcome:
    right = stall.fair.secret(stall.booth)["access_token"]
    headers = {"x-shopify-access-token": right if token is None else token}
    return stall.receive("POST", GRAPHQL, headers=headers, body=json.dumps(body).encode())


def refresh(stall: Stall, token: str, **more: str) -> Outcome:
    members = stall.booth.members
    form = {name: members[name] for name in ("client_id", "client_secret")}
    form |= {"grant_type": "refresh_token", "refresh_token": token, **more}
    return stall.receive("POST", "/admin/oauth/access_token", body=urlencode(form).encode())


def variant(stall: Stall, key: str) -> dict[str, Any]:
    told: dict[str, Any] = ask(stall, VARIANTS, ids=[f"gid://shopify/ProductVariant/{key.split('~')[1]}"])["data"]
    found: dict[str, Any] = told["nodes"][0]
    return found


def figures(stall: Stall, key: str) -> dict[str, int]:
    level = variant(stall, key)["inventoryItem"]["inventoryLevels"]["nodes"][0]
    return {each["name"]: each["quantity"] for each in level["quantities"]}


def quantity(stall: Stall, key: str, value: int, **more: object) -> dict[str, Any]:
    item = variant(stall, key)["inventoryItem"]["id"]
    location = f"gid://shopify/Location/{stall.booth.members['location_id']}"
    return {"inventoryItemId": item, "locationId": location, "quantity": value, **more}


def write(stall: Stall, *quantities: dict[str, Any], key: str = "key-1", **more: object) -> Any:
    asked = {"name": "available", "reason": "correction", "quantities": list(quantities), **more}
    return ask(stall, SET, input=asked, key=key)


def codes(answer: Any) -> list[str]:
    return [each["code"] for each in answer["data"]["inventorySetQuantities"]["userErrors"]]


def bought(stall: Stall, number: str) -> dict[str, Any]:
    told: dict[str, Any] = ask(stall, ORDER, id=f"gid://shopify/Order/{number}")["data"]["order"]
    return told


def topics(stall: Stall) -> list[str]:
    told = [push.headers["X-Shopify-Topic"] for push in stall.pushes]
    stall.pushes.clear()
    return told


def test_the_schema_is_sound() -> None:
    assert validate_schema(SCHEMA) == []


# --- tokens and signatures


@pytest.mark.parametrize("vector", VECTORS["shopify"]["webhook"], ids=lambda each: each["name"])
def test_pushes_are_signed_as_published_programs_check_them(stall: Stall, vector: dict[str, Any]) -> None:
    signed = stall.face.sign(stall.booth, body=vector["raw_body"].encode(), key=vector["client_secret"])
    assert signed == {vector["header"]: vector["expected"]}


def test_an_access_token_lives_an_hour(stall: Stall) -> None:
    assert status_of(post(stall, {"query": "{ shop { name } }"}, token="wrong")) == 401
    stall.later(3_599)
    assert status_of(post(stall, {"query": "{ shop { name } }"})) == 200
    stall.later(1)
    assert status_of(post(stall, {"query": "{ shop { name } }"})) == 401


def test_a_used_refresh_token_is_good_until_its_replacement_is_used(stall: Stall) -> None:
    before = stall.fair.secret(stall.booth)
    first = before["refresh_token"]
    told = read(refresh(stall, first))
    assert (told["expires_in"], told["refresh_token_expires_in"]) == (3_600, 90 * 86_400)
    assert status_of(post(stall, {"query": "{ shop { name } }"}, token=before["access_token"])) == 401
    stall.later(29 * 86_400)
    repeated = read(refresh(stall, first))
    assert repeated["refresh_token"] == told["refresh_token"]
    assert status_of(post(stall, {"query": "{ shop { name } }"}, token=repeated["access_token"])) == 200
    read(refresh(stall, told["refresh_token"]))
    outcome = refresh(stall, first)
    assert (status_of(outcome), read(outcome)["error"]) == (400, "invalid_grant")


def test_tokens_are_for_who_has_the_secret(stall: Stall) -> None:
    token = stall.fair.secret(stall.booth)["refresh_token"]
    assert read(refresh(stall, token, client_secret="wrong"))["error"] == "invalid_client"
    assert read(refresh(stall, token, client_id="wrong"))["error"] == "invalid_client"
    assert read(refresh(stall, token, grant_type="password"))["error"] == "unsupported_grant_type"
    own = read(refresh(stall, "", grant_type="client_credentials"))
    assert "refresh_token" not in own
    assert status_of(post(stall, {"query": "{ shop { name } }"}, token=own["access_token"])) == 200
    assert "access_token" in read(refresh(stall, token))


# --- documents


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("{ shop { nmae } }", "nmae"),
        ("{ shop { name }", "Syntax Error"),
        ("query ($a: Int!) { orders(first: $a) { nodes { id } } }", "$a"),
        ("{ orders { nodes { id } } }", "first or last"),
        ("{ orders(first: 251) { nodes { id } } }", "250"),
        ("{ orders(first: 5, sortKey: NEWEST) { nodes { id } } }", "NEWEST"),
    ],
)
def test_a_document_that_is_wrong_is_answered_200_with_errors(stall: Stall, query: str, word: str) -> None:
    answer = ask(stall, query)
    assert word in answer["errors"][0]["message"]
    assert "data" not in answer or answer["data"] is None


def test_a_throttled_call_is_a_200_with_a_code(stall: Stall) -> None:
    assert ask(stall, "{ shop { name } }")["extensions"]["cost"]["throttleStatus"]["restoreRate"] == 100
    stall.faults(throttled=1.0)
    answer = ask(stall, "{ shop { name } }")
    assert answer["errors"][0]["extensions"]["code"] == "THROTTLED"


def test_faults_tell_the_calls_of_the_one_endpoint_apart(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    line = quantity(stall, key, 7, changeFromQuantity=None)
    stall.faults(throttled=1.0, on=["stock"])
    assert write(stall, line)["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert "errors" not in ask(stall, ORDERS, first=1)
    assert variant(stall, key)["sku"] == "TEAPOT"
    stall.faults(on=["orders"])
    assert ask(stall, ORDERS, first=1)["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert codes(write(stall, line)) == []


# --- quantities


def test_available_is_set_beside_what_is_committed(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    stall.buy(key, 4)
    answer = write(stall, quantity(stall, key, 7, changeFromQuantity=6))
    assert codes(answer) == []
    assert answer["data"]["inventorySetQuantities"]["inventoryAdjustmentGroup"]["changes"][0]["delta"] == 1
    assert figures(stall, key) == {"available": 7, "committed": 4, "on_hand": 11}
    write(stall, quantity(stall, key, 9, changeFromQuantity=11), key="key-2", name="on_hand")
    assert figures(stall, key) == {"available": 5, "committed": 4, "on_hand": 9}


def test_the_old_quantity_must_be_named_and_right_or_null(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    missing = write(stall, quantity(stall, key, 7))
    assert missing["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}
    assert "changeFromQuantity" in missing["errors"][0]["message"]
    stale = write(stall, quantity(stall, key, 7, changeFromQuantity=9), key="key-2")
    assert codes(stale) == ["CHANGE_FROM_QUANTITY_STALE"]
    assert figures(stall, key)["available"] == 10
    assert codes(write(stall, quantity(stall, key, 7, changeFromQuantity=None), key="key-3")) == []
    assert figures(stall, key)["available"] == 7


def test_a_write_without_an_idempotency_key_is_refused(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    line = quantity(stall, key, 7, changeFromQuantity=None)
    asked = {"name": "available", "reason": "correction", "quantities": [line]}
    bare = SET.replace(" @idempotent(key: $key)", "").replace(", $key: String!", "")
    assert "@idempotent" in ask(stall, bare, input=asked)["errors"][0]["message"]
    assert "empty" in ask(stall, SET, input=asked, key=" ")["errors"][0]["message"]
    assert figures(stall, key)["available"] == 10


def test_the_same_key_writes_once_and_is_for_one_write_only(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    asked = quantity(stall, key, 7, changeFromQuantity=None)
    first = write(stall, asked)
    stall.buy(key, 2)
    assert write(stall, asked)["data"] == first["data"]
    assert figures(stall, key)["available"] == 5
    other = write(stall, {**asked, "quantity": 3})
    assert codes(other) == ["IDEMPOTENCY_KEY_PARAMETER_MISMATCH"]
    assert figures(stall, key)["available"] == 5


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"quantity": -1}, "INVALID_QUANTITY_NEGATIVE"),
        ({"quantity": 1_000_000_001}, "INVALID_QUANTITY_TOO_HIGH"),
        ({"locationId": "gid://shopify/Location/1"}, "INVALID_LOCATION"),
        ({"inventoryItemId": "gid://shopify/InventoryItem/1"}, "INVALID_INVENTORY_ITEM"),
    ],
)
def test_one_wrong_line_fails_the_whole_write(stall: Stall, change: dict[str, object], code: str) -> None:
    keys = [stall.list(f"Cup {number}", 10) for number in range(2)]
    lines = [quantity(stall, key, 7, changeFromQuantity=None) for key in keys]
    assert codes(write(stall, lines[0], {**lines[1], **change})) == [code]
    assert figures(stall, keys[0])["available"] == 10


def test_a_variants_id_is_not_its_inventory_items_id(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    wrong = f"gid://shopify/InventoryItem/{key.split('~')[1]}"
    line = {**quantity(stall, key, 7, changeFromQuantity=None), "inventoryItemId": wrong}
    assert codes(write(stall, line)) == ["INVALID_INVENTORY_ITEM"]


def test_a_line_named_twice_a_strange_reason_and_name_are_refused(stall: Stall) -> None:
    line = quantity(stall, stall.list("Teapot", 10), 7, changeFromQuantity=None)
    assert codes(write(stall, line, line)) == ["NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"]
    assert codes(write(stall, line, key="key-2", reason="because")) == ["INVALID_REASON"]
    assert codes(write(stall, line, key="key-3", name="committed")) == ["INVALID_NAME"]
    many = write(stall, *[line] * 251, key="key-4")
    assert many["errors"][0]["extensions"]["code"] == "MAX_INPUT_SIZE_EXCEEDED"


def test_a_write_can_fail_by_itself(stall: Stall) -> None:
    line = quantity(stall, stall.list("Teapot", 10), 7, changeFromQuantity=None)
    stall.faults(partial_failure=1.0)
    assert codes(write(stall, line)) == ["ITEM_NOT_STOCKED_AT_LOCATION"]


# --- products


def test_prices_are_set_all_or_none_unless_partly_is_asked(stall: Stall) -> None:
    keys = [stall.list(f"Shirt {size}", 5, product="shirt", price=100_000) for size in "SM"]
    product = f"gid://shopify/Product/{keys[0].split('~')[0]}"
    good = {"id": f"gid://shopify/ProductVariant/{keys[0].split('~')[1]}", "price": "199000"}
    bad = {"id": "gid://shopify/ProductVariant/1", "price": "199000"}

    def ask_prices(*, partly: bool) -> Any:
        told = ask(stall, PRICES, product=product, variants=[good, bad], partly=partly)
        return told["data"]["productVariantsBulkUpdate"]

    refused = ask_prices(partly=False)
    assert [each["code"] for each in refused["userErrors"]] == ["PRODUCT_VARIANT_DOES_NOT_EXIST"]
    assert (refused["userErrors"][0]["field"], refused["productVariants"]) == (["variants", "1", "id"], None)
    assert stall.booth.shop.listings[keys[0]].price == 100_000
    assert ask_prices(partly=True)["productVariants"] == [good]
    assert stall.booth.shop.listings[keys[0]].price == 199_000
    told = ask(stall, PRICES, product="gid://shopify/Product/1", variants=[good], partly=True)
    assert told["data"]["productVariantsBulkUpdate"]["userErrors"][0]["code"] == "PRODUCT_DOES_NOT_EXIST"


def test_variants_are_paged_by_a_cursor_that_survives_newcomers(stall: Stall) -> None:
    keys = [stall.list(f"Cup {number}", 1) for number in range(3)]
    query = """query ($after: String) { productVariants(first: 2, after: $after) { nodes { legacyResourceId }
      pageInfo { hasNextPage endCursor } } }"""
    first = ask(stall, query)["data"]["productVariants"]
    assert first["pageInfo"]["hasNextPage"] is True
    newcomer = stall.list("Cup 9", 1)
    second = ask(stall, query, after=first["pageInfo"]["endCursor"])["data"]["productVariants"]
    told = [each["legacyResourceId"] for each in first["nodes"] + second["nodes"]]
    assert told == [key.split("~")[1] for key in [*keys, newcomer]]
    assert second["pageInfo"]["hasNextPage"] is False
    assert "cursor" in ask(stall, query, after="nonsense")["errors"][0]["message"]


def test_nodes_answers_null_for_what_is_not_there(stall: Stall) -> None:
    assert ask(stall, VARIANTS, ids=["gid://shopify/ProductVariant/1", "nonsense"])["data"]["nodes"] == [None, None]


# --- orders


def test_orders_are_found_by_their_last_change_page_by_page(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    orders = []
    for _ in range(3):
        orders.append(f"gid://shopify/Order/{stall.buy(key).id}")
        stall.later(60)
    query = "updated_at:>='2026-03-02T12:01:00Z'"
    first = ask(stall, ORDERS, query=query, first=1)["data"]["orders"]
    assert [each["id"] for each in first["nodes"]] == orders[1:2]
    after = first["pageInfo"]["endCursor"]
    second = ask(stall, ORDERS, query=query, first=1, after=after)["data"]["orders"]
    assert ([each["id"] for each in second["nodes"]], second["pageInfo"]["hasNextPage"]) == (orders[2:], False)
    both = ask(stall, ORDERS, query=query + " AND updated_at:<2026-03-02T12:02:00Z", first=9)["data"]["orders"]
    assert [each["id"] for each in both["nodes"]] == orders[1:2]
    stall.faults(empty_order_page=1.0)
    assert ask(stall, ORDERS, first=9)["data"]["orders"]["nodes"] == []


def test_a_misspelt_filter_filters_nothing_and_is_told_so(stall: Stall) -> None:
    stall.buy(stall.list("Teapot", 10))
    answer = ask(stall, ORDERS, query="changed_at:>='2030-01-01T00:00:00Z'", first=9)
    assert len(answer["data"]["orders"]["nodes"]) == 1
    assert answer["extensions"]["search"][0]["warnings"][0]["field"] == "changed_at"
    assert "errors" in ask(stall, ORDERS, query="updated_at:>=yesterday", first=9)
    assert "errors" in ask(stall, ORDERS, query="updated_at:>=2026-01-01 OR id:1", first=9)


def test_an_order_tells_what_was_cancelled_shipped_and_returned(stall: Stall) -> None:
    key = stall.list("Teapot", 10, price=50_000)
    order = stall.buy(key, 5)
    for path, body in (
        ("cancel", {"lines": [{"listing": key, "quantity": 1}]}),
        ("cancel", {"lines": [{"listing": key, "quantity": 1}], "restock": False}),
        ("ship", {"lines": [{"listing": key, "quantity": 2}]}),
        ("return", {"lines": [{"listing": key, "quantity": 1}], "restock": True}),
    ):
        stall.at_door(f"/orders/{order.id}/{path}", body)
    told = bought(stall, order.id)
    line = told["lineItems"]["nodes"][0]
    assert (line["quantity"], line["currentQuantity"], line["unfulfilledQuantity"]) == (5, 2, 1)
    refunds = [each["refundLineItems"]["nodes"][0] for each in told["refunds"]]
    assert [each["restockType"] for each in refunds] == ["CANCEL", "NO_RESTOCK", "RETURN"]
    assert {each["lineItem"]["id"] for each in refunds} == {line["id"]}
    assert [each["fulfillmentLineItems"]["nodes"][0]["quantity"] for each in told["fulfillments"]] == [2]
    statuses = (told["displayFinancialStatus"], told["displayFulfillmentStatus"])
    assert statuses == ("PARTIALLY_REFUNDED", "PARTIALLY_FULFILLED")
    assert told["totalPriceSet"]["shopMoney"] == {"amount": "250000.0", "currencyCode": "VND"}
    assert figures(stall, key) == {"available": 7, "committed": 1, "on_hand": 8}


def test_an_order_that_leaves_in_two_parcels_has_two_fulfilments(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    order = stall.buy(key, 3)
    stall.at_door(f"/orders/{order.id}/ship", {"lines": [{"listing": key, "quantity": 1}]})
    stall.at_door(f"/orders/{order.id}/ship", {})
    told = bought(stall, order.id)["fulfillments"]
    assert [each["name"] for each in told] == ["#1001-F1", "#1001-F2"]
    assert [each["fulfillmentLineItems"]["nodes"][0]["quantity"] for each in told] == [1, 2]
    pushed = json.loads(stall.pushes[-1].body)["fulfillments"]
    assert [(each["name"], each["line_items"][0]["quantity"]) for each in pushed] == [("#1001.1", 1), ("#1001.2", 2)]


def test_an_order_nobody_paid_is_voided(stall: Stall) -> None:
    order = stall.buy(stall.list("Teapot", 10), paid=False)
    assert bought(stall, order.id)["displayFinancialStatus"] == "PENDING"
    stall.at_door(f"/orders/{order.id}/cancel", {})
    told = bought(stall, order.id)
    assert (told["displayFinancialStatus"], told["cancelledAt"]) == ("VOIDED", "2026-03-02T12:00:00Z")


# --- pushes


def test_the_life_of_an_order_in_topics(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    order = stall.buy(key, 2)
    level = "inventory_levels/update"
    assert topics(stall) == ["orders/create", level, "orders/paid", "orders/updated"]
    stall.at_door(f"/orders/{order.id}/cancel", {"lines": [{"listing": key, "quantity": 1}]})
    assert topics(stall) == ["refunds/create", "orders/updated", level]
    stall.at_door(f"/orders/{order.id}/ship", {})
    assert topics(stall) == ["orders/fulfilled", "orders/updated"]
    other = stall.buy(key)
    topics(stall)
    stall.at_door(f"/orders/{other.id}/cancel", {"restock": False})
    assert topics(stall) == ["refunds/create", "orders/cancelled", "orders/updated"]


def test_a_push_carries_the_order_of_that_moment_with_its_lines(stall: Stall) -> None:
    key = stall.list("Ấm trà", 10)
    stall.buy(key, 2)
    created = json.loads(stall.pushes[0].body)
    line = created["line_items"][0]
    assert (created["financial_status"], created["fulfillment_status"]) == ("pending", None)
    assert (line["quantity"], line["current_quantity"]) == (2, 2)
    assert f"{line['product_id']}~{line['variant_id']}" == key
    assert created["updated_at"] == "2026-03-02T19:00:00+07:00"
    assert json.loads(stall.pushes[2].body)["financial_status"] == "paid"
    ids = [push.headers["X-Shopify-Webhook-Id"] for push in stall.pushes]
    assert len(set(ids)) == len(ids)


def test_the_merchant_counts_and_the_shop_tells(stall: Stall) -> None:
    key = stall.list("Teapot", 10)
    stall.buy(key, 3)
    stall.pushes.clear()
    stall.at_door("/inventory", {"listing": key, "on_hand": 2})
    pushed = json.loads(stall.pushes[0].body)
    assert pushed["available"] == -1
    assert f"gid://shopify/InventoryItem/{pushed['inventory_item_id']}" == variant(stall, key)["inventoryItem"]["id"]
