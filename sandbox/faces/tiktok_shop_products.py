"""Products and their inventory, as a seller reads them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.faces.tiktok_shop_words import CURRENCY, failure, page_asked, success, token_after
from sandbox.http import Refused, Reply

if TYPE_CHECKING:
    from sandbox.booth import Booth
    from sandbox.desk import Visit
    from sandbox.world import Listing

MOST_PRODUCTS_SEARCHED, MOST_SKUS_SEARCHED = 100, 600


def by_product(booth: Booth) -> dict[str, dict[str, Listing]]:
    products: dict[str, dict[str, Listing]] = {}
    for listing in booth.shop.listings.values():
        products.setdefault(listing.product_id, {})[listing.variant_id] = listing
    return products


def search_products(visit: Visit) -> Reply:
    start, size = page_asked(visit.call)
    wanted = visit.call.document().get("status", "ALL")
    found = [
        (product, skus) for product, skus in by_product(visit.booth).items() if wanted in ("ALL", _product_status(skus))
    ]
    products = [_shown_product(visit.booth, product, skus) for product, skus in found[start : start + size]]
    return success(
        {"products": products, "total_count": len(found), "next_page_token": token_after(start, size, found)}
    )


def _shown_product(booth: Booth, product: str, skus: dict[str, Listing]) -> dict[str, Any]:
    return {
        "id": product,
        "title": next(iter(skus.values())).title,
        "status": _product_status(skus),
        "skus": [
            {
                "id": sku,
                "seller_sku": listing.merchant_sku,
                "price": {"currency": CURRENCY, "tax_exclusive_price": str(listing.price)},
                "inventory": [{"warehouse_id": booth.locations[0], "quantity": max(0, listing.quantity)}],
            }
            for sku, listing in skus.items()
        ],
    }


def _product_status(skus: dict[str, Listing]) -> str:
    return "ACTIVATE" if all(listing.active for listing in skus.values()) else "SELLER_DEACTIVATED"


def search_inventory(visit: Visit) -> Reply:
    asked = visit.call.document()
    products, skus = asked.get("product_ids") or [], asked.get("sku_ids") or []
    if not isinstance(products, list) or not isinstance(skus, list) or not (products or skus):
        raise Refused(failure(12019008, "Product id is invalid"))
    if len(products) > MOST_PRODUCTS_SEARCHED:
        raise Refused(failure(12019120, "The number of provided product IDs exceeds the limit."))
    if len(skus) > MOST_SKUS_SEARCHED:
        raise Refused(failure(12019015, "The number of SKU exceed the limit"))
    inventory = []
    for product, of_product in by_product(visit.booth).items():
        shown = [
            _shown_inventory(visit.booth, listing)
            for sku, listing in of_product.items()
            if sku in skus or product in products
        ]
        if shown:
            inventory.append({"product_id": product, "skus": shown})
    return success({"inventory": inventory})


def _shown_inventory(booth: Booth, listing: Listing) -> dict[str, Any]:
    """Available here contains what campaigns keep."""
    available = max(0, listing.quantity)
    campaign = [{"campaign_name": "sandbox", "quantity": listing.locked}] if listing.locked else []
    return {
        "id": listing.variant_id,
        "seller_sku": listing.merchant_sku,
        "total_available_quantity": available,
        "total_committed_quantity": listing.committed,
        "warehouse_inventory": [
            {
                "warehouse_id": booth.locations[0],
                "available_quantity": available,
                "committed_quantity": listing.committed,
            }
        ],
        "total_available_inventory_distribution": {
            "campaign_inventory": campaign,
            "creator_inventory": [],
            "in_shop_inventory": {"quantity": max(0, available - listing.locked)},
        },
    }
