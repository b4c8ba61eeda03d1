"""Products and their SKUs, as a seller reads them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.faces.lazada_words import failure, sent_with, success
from sandbox.http import Refused, Reply, as_int

if TYPE_CHECKING:
    from sandbox.booth import Booth
    from sandbox.desk import Visit
    from sandbox.world import Listing

MOST_PRODUCTS = 50
MOST_LISTED = 10_000


def _by_item(booth: Booth) -> dict[str, list[Listing]]:
    items: dict[str, list[Listing]] = {}
    for listing in booth.shop.listings.values():
        items.setdefault(listing.product_id, []).append(listing)
    return items


def list_products(visit: Visit) -> Reply:
    asked = sent_with(visit.call)
    offset, limit = as_int(asked.get("offset"), 0) or 0, as_int(asked.get("limit"), 20)
    if limit is None or not 0 < limit <= MOST_PRODUCTS:
        raise Refused(failure("19", "E019: Invalid Limit", kind="ISP"))
    if not 0 <= offset <= MOST_LISTED:
        raise Refused(failure("14", "E014: Invalid Offset", kind="ISP"))
    items = list(_by_item(visit.booth).items())
    page = [_shown_item(item, listings) for item, listings in items[offset : offset + limit]]
    return success({"total_products": len(items), "products": page})


def get_product(visit: Visit) -> Reply:
    item = sent_with(visit.call).get("item_id", "")
    listings = _by_item(visit.booth).get(item)
    if listings is None:
        raise Refused(failure("208", "E208: ITEM_NOT_FOUND", kind="ISP"))
    return success(_shown_item(item, listings))


def _shown_item(item: str, listings: list[Listing]) -> dict[str, Any]:
    return {
        "item_id": int(item),
        "status": "Active",
        "attributes": {"name": listings[0].title},
        "skus": [_shown_sku(listing) for listing in listings],
    }


def _shown_sku(listing: Listing) -> dict[str, Any]:
    """`quantity` is what lies there for all, `sellableQuantity` what is left to buy, campaign units included."""
    return {
        "SkuId": int(listing.variant_id),
        "SellerSku": listing.merchant_sku,
        "ShopSku": f"{listing.product_id}_VNAMZ-{listing.variant_id}",
        "Status": "active",
        "price": listing.price,
        "quantity": listing.quantity,
        "Available": listing.quantity,
        "multiWarehouseInventories": [
            {
                "warehouseCode": "dropshipping",
                "quantity": listing.quantity,
                "sellableQuantity": listing.quantity,
                "totalQuantity": listing.on_hand,
                "occupyQuantity": listing.committed,
                "withholdQuantity": 0,
            }
        ],
        "channelInventories": [{"channelName": "campaign", "quantity": listing.locked}] if listing.locked else [],
    }
