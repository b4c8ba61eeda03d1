"""TikTok Shop's listings: what a write sends, the result for each of them, and what they show."""

from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.channels.batches import listing_ids, whole_dong
from holdfast.channels.protocol import JOINER, Account, ChannelError, ItemResult, PriceItem, Shown, StockItem
from holdfast.channels.reading import Told, hide_secrets
from holdfast.channels.sheet import Kind

from .calls import meaning_of
from .sheet import CHECK_FAILED, SHEET, ZERO_REFUSED


def sku_id(listing: str) -> str:
    return listing_ids(listing, SHEET)[1]


def stock_body(items: Sequence[StockItem]) -> Mapping[str, Any]:
    """Every warehouse of a SKU must be there; the warehouse is left out where there is only one."""
    skus: dict[str, list[dict[str, Any]]] = {}
    for item in items:
        place = {"warehouse_id": item.location} if item.location else {}
        skus.setdefault(sku_id(item.listing), []).append({**place, "quantity": item.quantity})
    return {"skus": [{"id": sku, "inventory": inventory} for sku, inventory in skus.items()]}


def price_body(items: Sequence[PriceItem]) -> Mapping[str, Any]:
    """The amount is text, as money is here."""
    prices = {sku_id(item.listing): {"amount": str(whole_dong(item)), "currency": item.currency} for item in items}
    return {"skus": [{"id": sku, "price": price} for sku, price in prices.items()]}


def results(items: Sequence[StockItem] | Sequence[PriceItem], told: Told, account: Account) -> tuple[ItemResult, ...]:
    """By the rows of `data.errors`, which stand beside code 0. A row without a SKU may mean any of them."""
    inner = told.get("data")
    failed: dict[str | None, ChannelError] = {}
    for row in inner.rows_of("errors") if inner else ():
        sku, error = _read_failure(row, account)
        failed.setdefault(sku, error)
    is_alone = len({item.listing for item in items}) == 1
    empty = {item.listing for item in items if isinstance(item, StockItem) and item.quantity == 0}
    return tuple(_result(item.listing, failed, is_alone=is_alone, is_empty=item.listing in empty) for item in items)


def _read_failure(row: Told, account: Account) -> tuple[str | None, ChannelError]:
    """The SKU and what is wrong with it: the first row beneath, where the main one says only that something is."""
    detail = row.get("detail")
    sku = detail.get("sku_id") if detail else None
    said = row
    if detail and row["code"].code() == CHECK_FAILED:
        said = next(iter(detail.rows_of("extra_errors")), row)
    code = said["code"].code()
    message = said.get("message")
    words = hide_secrets(message.code() if message else "", account)
    return (sku.id() if sku else None), ChannelError(meaning_of(code, words) or Kind.FINAL, code, words)


def _result(listing: str, failed: Mapping[str | None, ChannelError], *, is_alone: bool, is_empty: bool) -> ItemResult:
    error = failed.get(sku_id(listing))
    if error is None and None in failed:
        error = failed[None] if is_alone else _not_told()
    if error is not None and is_empty:
        error = told_of_zero(error)
    return ItemResult(listing=listing, written=error is None, error=error)


def _not_told() -> ChannelError:
    return ChannelError(Kind.UNKNOWN, "not_told", "some of the batch failed, and the answer does not say which")


def told_of_zero(error: ChannelError) -> ChannelError:
    """The marketplace takes no 0: a person has to hide the product, as hiding it takes all its SKUs off the shelf."""
    if error.code not in ZERO_REFUSED:
        return error
    detail = f"0 is not taken for this SKU ({error.code}: {error.detail}); hide its product until there are units again"
    return ChannelError(Kind.FINAL, "zero_refused", detail)


def read_inventory(told: Told, titles: Mapping[str, str]) -> tuple[Shown, ...]:
    """`quantity` is what a stock write sets; of it, campaigns and creators have `locked`."""
    return tuple(
        _shown(sku, product_id=row["product_id"].id(), titles=titles)
        for row in told["data"].rows_of("inventory")
        for sku in row.rows_of("skus")
    )


def _shown(sku: Told, *, product_id: str, titles: Mapping[str, str]) -> Shown:
    merchant_sku = sku.get("seller_sku")
    shares = sku.get("total_available_inventory_distribution")
    kept = (*shares.rows_of("campaign_inventory"), *shares.rows_of("creator_inventory")) if shares else ()
    return Shown(
        listing=JOINER.join((product_id, sku["id"].id())),
        quantity=sku["total_available_quantity"].whole(),
        locked=sum(each["quantity"].whole(least=0) for each in kept),
        title=titles.get(product_id, ""),
        merchant_sku=merchant_sku.text() if merchant_sku else "",
    )
