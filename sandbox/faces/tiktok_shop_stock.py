"""Stock and prices: the SKUs of one product."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.faces.tiktok_shop_products import by_product
from sandbox.faces.tiktok_shop_words import CURRENCY, failure, success
from sandbox.http import Call, Refused, Reply, as_int

if TYPE_CHECKING:
    from sandbox.desk import Visit
    from sandbox.world import Listing

MOST_QUANTITY = 99_999
MOST_SKUS = 100


def update_inventory(visit: Visit) -> Reply:
    listings = _of_product(visit)
    if not all(listing.active for listing in listings.values()):
        raise Refused(failure(12052901, "The product in its current status is not available for this operation."))
    errors = []
    for sku in _skus(visit.call):
        listing, entries = listings.get(str(sku.get("id"))), sku.get("inventory")
        wrong = _wrong_sku(visit, listing, entries)
        if wrong is None and listing is not None and isinstance(entries, list):
            visit.write_available(listing, entries[0]["quantity"])
        elif wrong is not None:
            errors.append(_sku_error(sku, *wrong))
    return success({"errors": errors} if errors else {})


def _wrong_sku(visit: Visit, listing: Listing | None, entries: object) -> tuple[int, str] | None:
    """Code and sentence of what is wrong, if anything is. The shop has one warehouse, so there is one entry."""
    if listing is None:
        return 12052557, "The SKU ID does not belong to the product."
    if not isinstance(entries, list) or len(entries) != 1 or not isinstance(entries[0], dict):
        return 12019028, "Include all warehouse IDs and the corresponding details and try again."
    if entries[0].get("warehouse_id", visit.booth.locations[0]) not in visit.booth.locations:
        return 12052097, "The warehouse does not exist"
    quantity = entries[0].get("quantity")
    lowest = 1 if visit.refuses_zero() else 0
    if isinstance(quantity, bool) or not isinstance(quantity, int) or not lowest <= quantity <= MOST_QUANTITY:
        return 12052055, "The SKU inventory quantity for the warehouse must be within allowed limits."
    if visit.floor(listing) and quantity < listing.quantity:
        return 12052393, "Product locked for Promotion and stock can't be updated below current stock"
    if visit.fails():
        return 12052990, "Internal error"
    return None


def update_prices(visit: Visit) -> Reply:
    listings = _of_product(visit)
    errors = []
    for sku in _skus(visit.call):
        listing = listings.get(str(sku.get("id")))
        amount = _amount(sku.get("price"))
        if listing is None:
            errors.append(_sku_error(sku, 12052557, "The SKU ID does not belong to the product."))
        elif amount is None:
            errors.append(_sku_error(sku, 12052012, "Incorrect price format"))
        elif visit.floor(listing):
            errors.append(_sku_error(sku, 12052038, "Product price locked due to ongoing promotion."))
        elif visit.fails():
            errors.append(_sku_error(sku, 12052990, "Internal error"))
        else:
            visit.write_price(listing, amount)
    return success({"errors": errors} if errors else {})


def _amount(price: object) -> int | None:
    """A price of this shop: text of a whole number in its currency."""
    if not isinstance(price, dict) or price.get("currency") != CURRENCY or not isinstance(price.get("amount"), str):
        return None
    amount = as_int(price["amount"])
    return amount if amount and amount > 0 else None


def _skus(call: Call) -> list[dict[str, Any]]:
    skus = call.document().get("skus")
    if not isinstance(skus, list) or not skus or not all(isinstance(sku, dict) for sku in skus):
        raise Refused(failure(12052902, "The SKU list is empty."))
    if len(skus) > MOST_SKUS:
        raise Refused(failure(12052050, "A single product cannot have more than 100 different SKUs"))
    if len({str(sku.get("id")) for sku in skus}) < len(skus):
        raise Refused(failure(12052553, "Sku id duplicate"))
    return skus


def _of_product(visit: Visit) -> dict[str, Listing]:
    """The listings of the product in the path, by SKU."""
    found = by_product(visit.booth).get(visit.call.inside["product_id"])
    if not found:
        raise Refused(failure(12052032, "The product does not exist"))
    return found


def _sku_error(sku: dict[str, Any], code: int, message: str) -> dict[str, Any]:
    detail = {"sku_id": str(sku.get("id")), "extra_errors": [{"code": code, "message": message}]}
    return {"code": code, "message": message, "detail": detail}


def deactivate(visit: Visit) -> Reply:
    return _switch(visit, active=False)


def activate(visit: Visit) -> Reply:
    return _switch(visit, active=True)


def _switch(visit: Visit, *, active: bool) -> Reply:
    asked, products = visit.call.document().get("product_ids"), by_product(visit.booth)
    if not isinstance(asked, list) or not asked:
        raise Refused(failure(12052031, "Invalid product ID(s) found"))
    errors = []
    for product in map(str, asked):
        for listing in products.get(product, {}).values():
            listing.active = active
        if product not in products:
            errors.append(
                {"code": 12052260, "message": "The product ID does not exist", "detail": {"product_id": product}}
            )
    return success({"errors": errors} if errors else {})
