"""Stock and prices: batches of the models of one item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.faces.shopee_listings import models_of
from sandbox.faces.shopee_words import failure, success
from sandbox.http import Refused, Reply, as_int

if TYPE_CHECKING:
    from sandbox.desk import Visit
    from sandbox.world import Listing

MOST_MODELS = 50


def update_stock(visit: Visit) -> Reply:
    asked = visit.call.document()
    models = _models(asked, "stock_list")
    of_item = models_of(visit, asked.get("item_id"))
    failed, done = [], []
    for model in models:
        model_id = as_int(model.get("model_id"), 0)
        quantity = _seller_stock(model)
        reason = _why_not(visit, of_item.get(str(model_id)), quantity)
        if reason:
            failed.append({"model_id": model_id, "failed_reason": reason})
            continue
        visit.write_available(of_item[str(model_id)], quantity)
        done.append({"model_id": model_id, "location_id": "", "stock": quantity})
    return _batch("error_busi_update_stock_failed", failed, done)


def update_price(visit: Visit) -> Reply:
    asked = visit.call.document()
    models = _models(asked, "price_list")
    of_item = models_of(visit, asked.get("item_id"))
    failed, done = [], []
    for model in models:
        model_id, price = as_int(model.get("model_id"), 0), model.get("original_price")
        listing = of_item.get(str(model_id))
        if isinstance(price, bool) or not isinstance(price, int | float) or not float(price).is_integer() or price <= 0:
            failed.append({"model_id": model_id, "failed_reason": "price must be a whole number above 0"})
        elif listing is None or visit.fails():
            failed.append({"model_id": model_id, "failed_reason": "model not found" if not listing else "system busy"})
        elif visit.floor(listing):
            failed.append({"model_id": model_id, "failed_reason": "error_cannt_edit_price_in_promotion"})
        else:
            visit.write_price(listing, int(price))
            done.append({"model_id": model_id, "original_price": int(price)})
    return _batch("error_busi_update_price_failed", failed, done)


def _models(asked: dict[str, Any], name: str) -> list[dict[str, Any]]:
    models = asked.get(name)
    if not isinstance(models, list) or not all(isinstance(each, dict) for each in models):
        raise Refused(failure("error_param", f"{name} is required."))
    if not 0 < len(models) <= MOST_MODELS:
        raise Refused(failure("error_param", f"{name} length should be between 1 to {MOST_MODELS}."))
    return models


def _seller_stock(model: dict[str, Any]) -> int:
    """The seller's stock of one model, over its locations. Below 0 for anything that is no quantity."""
    told_stock = model.get("seller_stock")
    if not isinstance(told_stock, list) or not told_stock or not all(isinstance(each, dict) for each in told_stock):
        return -1
    quantities = [each.get("stock") for each in told_stock]
    whole = [each for each in quantities if isinstance(each, int) and not isinstance(each, bool) and each >= 0]
    return sum(whole) if len(whole) == len(quantities) else -1


def _why_not(visit: Visit, listing: Listing | None, quantity: int) -> str:
    if listing is None:
        return "model not found"
    if quantity < 0:
        return "stock is invalid"
    if quantity < min(visit.floor(listing), listing.quantity):
        return "Total stock must be more than reserved stock"
    return "system busy, please try again later" if visit.fails() else ""


def _batch(code: str, failed: list[dict[str, Any]], done: list[dict[str, Any]]) -> Reply:
    response = {"failure_list": failed, "success_list": done}
    if failed and not done:
        return failure(code, "Update failed, please see failure_list.", response=response)
    return success(response=response)
