"""The two mutations of Shopify that a stock app needs: quantities and prices.

`inventorySetQuantities` from version 2026-04: `changeFromQuantity` must be written, `null` opts out, and `@idempotent`
must be there (shopify.dev/changelog/making-changefromquantity-field-required and the page on idempotency). One wrong
line fails the whole call: so say those who use it; the reference is silent. Assumed: what was answered for a key is
answered again for 24 hours' worth of keys (here the last thousand), also if it was a refusal by `userErrors`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from sandbox.faces.shopify_graphql import bounded, idempotency_key, refusal
from sandbox.faces.shopify_words import gid, moment, number_of

if TYPE_CHECKING:
    from sandbox.desk import Visit
    from sandbox.faces.shopify_nodes import Store
    from sandbox.world import Listing

Errors = list[dict[str, Any]]

MOST_KEYS: Final = 1_000
TOO_MUCH: Final = 1_000_000_000
REASONS: Final = frozenset(
    {
        "correction",
        "cycle_count_available",
        "damaged",
        "movement_canceled",
        "movement_created",
        "movement_received",
        "movement_updated",
        "other",
        "promotion",
        "quality_control",
        "received",
        "reservation_created",
        "reservation_deleted",
        "reservation_updated",
        "restock",
        "safety_stock",
        "shrinkage",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    visit: Visit
    store: Store

    def set_quantities(self, info: Any, **arguments: Any) -> dict[str, Any]:
        asked = arguments["input"]
        bounded(asked["quantities"])
        key = idempotency_key(info)
        if any("changeFromQuantity" not in line for line in asked["quantities"]):
            raise refusal("changeFromQuantity is required for each quantity; pass null to opt out of the check.")
        answers: dict[str, tuple[str, dict[str, Any]]] = self.visit.booth.kept.setdefault("idempotency", {})
        variables = json.dumps(asked, sort_keys=True)
        if key in answers:
            earlier, answer = answers[key]
            return answer if earlier == variables else _mismatch()
        answer = self._set(asked)
        answers[key] = (variables, answer)
        while len(answers) > MOST_KEYS:
            del answers[next(iter(answers))]
        return answer

    def _set(self, asked: dict[str, Any]) -> dict[str, Any]:
        if errors := self._wrong(asked):
            return {"inventoryAdjustmentGroup": None, "userErrors": errors}
        changes: list[dict[str, Any]] = []
        for line in asked["quantities"]:
            listing = self.store.listing_of_item(line["inventoryItemId"])
            if listing is None:
                raise LookupError(line["inventoryItemId"])
            changes += self._write(listing, asked["name"], line["quantity"])
        number = self.visit.booth.digits("adjustment", 13)
        group = {
            "__typename": "InventoryAdjustmentGroup",
            "id": gid("InventoryAdjustmentGroup", number),
            "createdAt": moment(self.visit.call.now),
            "reason": asked["reason"],
            "referenceDocumentUri": asked.get("referenceDocumentUri"),
            "changes": lambda _info, **_filters: changes,
        }
        return {"inventoryAdjustmentGroup": group, "userErrors": []}

    def _write(self, listing: Listing, name: str, quantity: int) -> list[dict[str, Any]]:
        delta = quantity - (listing.quantity if name == "available" else listing.on_hand)
        if name == "available":
            self.visit.write_available(listing, quantity)
        else:
            self.visit.write_on_hand(listing, quantity)
        told = {"item": self.store.item_node(listing), "location": self.store.location_node()}
        return [
            {"name": what, "delta": delta, "quantityAfterChange": None, **told} for what in ("available", "on_hand")
        ]

    def _wrong(self, asked: dict[str, Any]) -> Errors:
        if asked["name"] not in ("available", "on_hand"):
            message = "The quantity name must be either 'available' or 'on_hand'."
            return [_error("INVALID_NAME", ["input", "name"], message)]
        if asked["reason"] not in REASONS:
            return [_error("INVALID_REASON", ["input", "reason"], "The specified reason is invalid.")]
        pairs = [(line["inventoryItemId"], line["locationId"]) for line in asked["quantities"]]
        if len(set(pairs)) < len(pairs):
            message = "The combination of inventoryItemId and locationId must be unique."
            return [_error("NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR", ["input", "quantities"], message)]
        found = (self._wrong_line(at, line, asked["name"]) for at, line in enumerate(asked["quantities"]))
        return [error for error in found if error]

    def _wrong_line(self, at: int, line: dict[str, Any], name: str) -> dict[str, Any] | None:
        def error(code: str, member: str, message: str) -> dict[str, Any]:
            return _error(code, ["input", "quantities", str(at), member], message)

        listing = self.store.listing_of_item(line["inventoryItemId"])
        if listing is None:
            message = "The specified inventory item could not be found."
            return error("INVALID_INVENTORY_ITEM", "inventoryItemId", message)
        if line["locationId"] != gid("Location", self.store.location):
            return error("INVALID_LOCATION", "locationId", "The specified location could not be found.")
        if line["quantity"] < 0:
            return error("INVALID_QUANTITY_NEGATIVE", "quantity", "The quantity can't be negative.")
        if line["quantity"] > TOO_MUCH:
            message = "The total quantity can't be higher than 1,000,000,000."
            return error("INVALID_QUANTITY_TOO_HIGH", "quantity", message)
        expected = line["changeFromQuantity"]
        if expected is not None and expected != (listing.quantity if name == "available" else listing.on_hand):
            message = "The changeFromQuantity argument no longer matches the persisted quantity."
            return error("CHANGE_FROM_QUANTITY_STALE", "changeFromQuantity", message)
        if self.visit.fails():
            message = "The specified inventory item is not stocked at the location."
            return error("ITEM_NOT_STOCKED_AT_LOCATION", "locationId", message)
        return None

    def update_variants(self, _info: Any, **arguments: Any) -> dict[str, Any]:
        """Prices of the variants of one product; all or none unless `allowPartialUpdates`."""
        bounded(arguments["variants"])
        of_product = {
            it.variant_id: it
            for it in self.store.shop.listings.values()
            if it.product_id == number_of("Product", arguments["productId"])
        }
        if not of_product:
            error = _error("PRODUCT_DOES_NOT_EXIST", ["productId"], "Product does not exist")
            return {"product": None, "productVariants": None, "userErrors": [error]}
        errors: Errors = []
        right: list[tuple[Listing, int | None]] = []
        for at, told in enumerate(arguments["variants"]):
            listing = of_product.get(number_of("ProductVariant", told.get("id") or ""))
            code = self._wrong_variant(listing, told)
            if code or listing is None:
                errors.append(_error(code, ["variants", str(at), "id" if listing is None else "price"], _SAID[code]))
            else:
                right.append((listing, _price(told["price"]) if "price" in told else None))
        if errors and not arguments["allowPartialUpdates"]:
            right = []
        for listing, price in right:
            if price is not None:
                self.visit.write_price(listing, price)
        first = next(iter(of_product.values()))
        nodes = [self.store.variant_node(listing) for listing, _ in right]
        return {
            "product": self.store.product_node(first),
            "productVariants": nodes if right or not errors else None,
            "userErrors": errors,
        }

    def _wrong_variant(self, listing: Listing | None, told: dict[str, Any]) -> str:
        if not told.get("id"):
            return "PRODUCT_VARIANT_ID_MISSING"
        if listing is None:
            return "PRODUCT_VARIANT_DOES_NOT_EXIST"
        price = _price(told["price"]) if "price" in told else 0
        if price is None:
            return "INVALID_VALUE"
        if price < 0:
            return "GREATER_THAN_OR_EQUAL_TO"
        return "INVALID_INPUT" if self.visit.fails() else ""


_SAID: Final = {
    "PRODUCT_VARIANT_ID_MISSING": "Product variant is missing ID attribute",
    "PRODUCT_VARIANT_DOES_NOT_EXIST": "Product variant does not exist",
    "INVALID_VALUE": "Price is not a number",
    "GREATER_THAN_OR_EQUAL_TO": "Price must be greater than or equal to 0",
    "INVALID_INPUT": "Input is invalid",
}


def _price(told: Any) -> int | None:
    """Whole dong; None for anything that is no amount of a currency without decimals."""
    try:
        price = Decimal(str(told))
    except InvalidOperation:
        return None
    return int(price) if price == price.to_integral_value() else None


def _mismatch() -> dict[str, Any]:
    message = "The idempotency key was used with other parameters."
    error = _error("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", [], message)
    return {"inventoryAdjustmentGroup": None, "userErrors": [error]}


def _error(code: str, field: list[str], message: str) -> dict[str, Any]:
    return {"code": code, "field": field or None, "message": message}
