"""Items and their models, as a seller reads them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.faces.shopee_orders import MOST_PAGE
from sandbox.faces.shopee_words import failure, listed, seconds, success
from sandbox.http import Refused, Reply, as_int

if TYPE_CHECKING:
    from sandbox.booth import Booth
    from sandbox.desk import Visit
    from sandbox.world import Listing

MOST_ITEMS = 50


def models_of(visit: Visit, item_id: object) -> dict[str, Listing]:
    """The listings of one item, by model."""
    found = _by_item(visit.booth).get(str(item_id), {})
    if not found:
        raise Refused(failure("error_item_not_found", "Product not found."))
    return found


def _by_item(booth: Booth) -> dict[str, dict[str, Listing]]:
    items: dict[str, dict[str, Listing]] = {}
    for listing in booth.shop.listings.values():
        items.setdefault(listing.product_id, {})[listing.variant_id] = listing
    return items


def item_list(visit: Visit) -> Reply:
    offset, size = as_int(visit.call.asked("offset"), 0) or 0, as_int(visit.call.asked("page_size"))
    if size is None or not 0 < size <= MOST_PAGE or not visit.call.asked("item_status"):
        raise Refused(failure("error_param", "page_size is 1 to 100 and item_status is required."))
    items = list(_by_item(visit.booth).items())
    page = [
        {"item_id": int(item), "item_status": "NORMAL", "update_time": max(seconds(m.updated_at) for m in of.values())}
        for item, of in items[offset : offset + size]
    ]
    more = offset + size < len(items)
    response: dict[str, Any] = {"item": page, "total_count": len(items), "has_next_page": more}
    if more:
        response["next_offset"] = offset + size
    return success(response=response)


def item_base_info(visit: Visit) -> Reply:
    asked = listed(visit.call, "item_id_list")
    if not 0 < len(asked) <= MOST_ITEMS:
        raise Refused(failure("error_param", f"item_id_list length should be between 1 to {MOST_ITEMS}."))
    items = _by_item(visit.booth)
    return success(response={"item_list": [_base_info(item, items[item]) for item in asked if item in items]})


def _base_info(item: str, models: dict[str, Listing]) -> dict[str, Any]:
    first = next(iter(models.values()))
    info: dict[str, Any] = {
        "item_id": int(item),
        "item_name": first.title,
        "item_sku": first.merchant_sku,
        "item_status": "NORMAL",
        "has_model": "0" not in models,
    }
    if "0" in models:
        info |= {"price_info": [_price(first)], "stock_info_v2": _stock_info(first)}
    return info


def model_list(visit: Visit) -> Reply:
    models = models_of(visit, visit.call.asked("item_id"))
    return success(
        response={
            "model": [
                {
                    "model_id": int(model),
                    "model_sku": listing.merchant_sku,
                    "model_name": listing.title,
                    "price_info": [_price(listing)],
                    "stock_info_v2": _stock_info(listing),
                }
                for model, listing in models.items()
                if model != "0"
            ]
        }
    )


def _price(listing: Listing) -> dict[str, Any]:
    return {"currency": "VND", "original_price": listing.price, "current_price": listing.price}


def _stock_info(listing: Listing) -> dict[str, Any]:
    shown = max(0, listing.quantity)
    return {
        "summary_info": {"total_reserved_stock": listing.locked, "total_available_stock": shown},
        "seller_stock": [{"location_id": "", "stock": shown, "if_saleable": True}],
        "shopee_stock": [],
    }
