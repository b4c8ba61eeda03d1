"""Shopee's listings: the result of a write for each of them, and what they show."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from holdfast.channels.batches import listing_ids
from holdfast.channels.protocol import (
    JOINER,
    Account,
    ChannelError,
    ItemResult,
    PriceItem,
    Send,
    Shown,
    StockItem,
)
from holdfast.channels.reading import Told, hide_secrets
from holdfast.channels.sheet import Kind

from .calls import call, meaning_of
from .sheet import SHEET


def model_id(listing: str) -> int:
    return int(listing_ids(listing, SHEET)[1])


def results(items: Sequence[StockItem] | Sequence[PriceItem], told: Told, account: Account) -> tuple[ItemResult, ...]:
    """By model: what is in neither list was not told."""
    response = told["response"]
    failed = {
        row["model_id"].whole(): hide_secrets(row["failed_reason"].code(), account)
        for row in response.rows_of("failure_list")
    }
    done = {row["model_id"].whole() for row in response.rows_of("success_list")}
    return tuple(_result(item.listing, failed=failed, done=done) for item in items)


def _result(listing: str, *, failed: Mapping[int, str], done: set[int]) -> ItemResult:
    model = model_id(listing)
    if model in failed:
        words = failed[model]
        code = next((known for known in SHEET.errors if known in words), "failed")
        return ItemResult(
            listing=listing, written=False, error=ChannelError(meaning_of(code, words) or Kind.FINAL, code, words)
        )
    if model in done:
        return ItemResult(listing=listing, written=True)
    not_told = ChannelError(Kind.UNKNOWN, "not_told", "the answer names this listing neither as done nor as failed")
    return ItemResult(listing=listing, written=False, error=not_told)


def show(account: Account, item_ids: Sequence[str], send: Send, now: datetime) -> tuple[Shown, ...]:
    if not item_ids:
        return ()
    asked = {"item_id_list": ",".join(item_ids)}
    told = call(account, "/api/v2/product/get_item_base_info", send=send, now=now, asked=asked)
    shown: list[Shown] = []
    for item in told["response"].rows_of("item_list"):
        item_id, title = item["item_id"].id(), item["item_name"].text()
        if not item["has_model"].flag():
            shown.append(_shown(f"{item_id}{JOINER}0", item, title=title, sku="item_sku"))
            continue
        models = call(account, "/api/v2/product/get_model_list", send=send, now=now, asked={"item_id": item_id})
        shown += [
            _shown(JOINER.join((item_id, model["model_id"].id())), model, title=title, sku="model_sku")
            for model in models["response"].rows_of("model")
        ]
    return tuple(shown)


def _shown(listing: str, told: Told, *, title: str, sku: str) -> Shown:
    """`quantity` is the seller's own stock, what a stock write sets; Shopee's warehouses are left out."""
    stock = told["stock_info_v2"]
    summary = stock["summary_info"]
    own = stock.rows_of("seller_stock")
    prices = told.rows_of("price_info")
    merchant_sku = told.get(sku)
    return Shown(
        listing=listing,
        quantity=sum(row["stock"].whole() for row in own) if own else summary["total_available_stock"].whole(),
        price=prices[0]["original_price"].amount() if prices else None,
        locked=summary["total_reserved_stock"].whole(least=0),
        title=title,
        merchant_sku=merchant_sku.text() if merchant_sku else "",
    )
