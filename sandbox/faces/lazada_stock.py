"""Stock and prices: SKUs of any products in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.faces.lazada_payload import Sku, read_payload
from sandbox.faces.lazada_words import failure, sent_with
from sandbox.http import Refused, Reply, as_int, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.desk import Visit
    from sandbox.world import Listing

MOST_SKUS = 50


def update_sellable(visit: Visit) -> Reply:
    def write(sku: Sku, listing: Listing) -> Sku | None:
        quantity = as_int(sku.get("SellableQuantity"))
        return _set_sellable(visit, sku, listing, quantity)

    return _each_sku(visit, write)


def adjust_sellable(visit: Visit) -> Reply:
    def write(sku: Sku, listing: Listing) -> Sku | None:
        change = as_int(sku.get("SellableQuantity"))
        return _set_sellable(visit, sku, listing, None if change is None else listing.quantity + change)

    return _each_sku(visit, write)


def _set_sellable(visit: Visit, sku: Sku, listing: Listing, quantity: int | None) -> Sku | None:
    """What is wrong with it, or None once it is written."""
    if "MultiWarehouseInventories" in sku:
        return _detail(sku, "E0501", "MultiWarehouseInventories", "the seller has a single warehouse")
    if quantity is None:
        return _detail(sku, "E0501", "SellableQuantity", "INVALID_QUANTITY")
    if quantity < 0:
        return _detail(sku, "E0501", "bizCheck", "negative sellable")
    if quantity < min(visit.floor(listing), listing.quantity):
        message = "There are restrictions for stock adjustments: stocks may be increased, not decreased"
        return _detail(sku, "4170", "SellableQuantity", message)
    if visit.fails():
        return _detail(sku, "513", "system", "Internal call exception")
    visit.write_available(listing, quantity)
    return None


def update_price_quantity(visit: Visit) -> Reply:
    def write(sku: Sku, listing: Listing) -> Sku | None:
        price, quantity = _price(sku.get("Price")), as_int(sku.get("Quantity"))
        if "Price" in sku and price is None:
            return _detail(sku, "4104", "Price", "The precision of the price is wrong")
        if "Quantity" in sku and (quantity is None or quantity < listing.committed + visit.floor(listing)):
            return _detail(sku, "E0501", "bizCheck", "negative sellable")
        if visit.fails():
            return _detail(sku, "513", "system", "Internal call exception")
        if price is not None:
            visit.write_price(listing, price)
        if quantity is not None:
            visit.write_on_hand(listing, quantity)
        return None

    return _each_sku(visit, write)


def _price(text: object) -> int | None:
    """Whole dong; `199000.00` too, but no fraction."""
    try:
        amount = float(str(text))
    except ValueError:
        return None
    return int(amount) if amount > 0 and amount.is_integer() else None


def _each_sku(visit: Visit, write: Callable[[Sku, Listing], Sku | None]) -> Reply:
    skus = read_payload(sent_with(visit.call).get("payload", ""))
    if not skus:
        raise Refused(failure("5", "E005: Invalid Request Format", kind="ISP"))
    if len(skus) > MOST_SKUS:
        raise Refused(failure("204", "E204: Too many SKU in one request", kind="ISP"))
    details = []
    for sku in skus:
        listing = visit.booth.shop.listings.get(f"{sku.get('ItemId')}~{sku.get('SkuId')}")
        wrong = _detail(sku, "E0501", "ItemId", "ITEM_NOT_FOUND") if listing is None else write(sku, listing)
        if wrong:
            details.append(wrong)
    if details and len(details) == len(skus):
        return failure("501", "E501: Update product failed", kind="ISP", detail=details)
    return told({"code": "0", "data": {}, "request_id": "sandbox"} | ({"detail": details} if details else {}))


def _detail(sku: Sku, code: str, field: str, message: str) -> Sku:
    return {
        "code": code,
        "field": field,
        "message": message,
        "item_id": as_int(sku.get("ItemId"), 0),
        "sku_id": as_int(sku.get("SkuId"), 0),
        "seller_sku": sku.get("SellerSku", ""),
    }


def wrong_method(visit: Visit) -> Reply:
    raise Refused(failure("UnsupportedHTTPMethod", "The HTTP method is not supported", kind="ISV"))
