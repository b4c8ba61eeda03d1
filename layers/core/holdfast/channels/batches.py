"""What every module checks before it sends: a listing's ids, one product in a batch, money in whole dong."""

from collections.abc import Sequence

from .protocol import JOINER, ChannelError, PriceItem, StockItem
from .sheet import Kind, Sheet

LONGEST_ID = 20


def listing_ids(listing: str, sheet: Sheet) -> tuple[str, ...]:
    """The ids of a listing's key, as many as `Sheet.listing_parts`. Raises ChannelError(FINAL, "bad_listing")."""
    ids = tuple(listing.split(JOINER))
    if len(ids) != len(sheet.listing_parts) or not all(_is_id(each) for each in ids):
        expected = JOINER.join(sheet.listing_parts)
        raise ChannelError(Kind.FINAL, "bad_listing", f"{listing!r}: expected {expected}, each a number")
    return ids


def _is_id(part: str) -> bool:
    return part.isascii() and part.isdigit() and len(part) <= LONGEST_ID


def check_batch(items: Sequence[StockItem] | Sequence[PriceItem], sheet: Sheet) -> None:
    """At least one item, and no more than the marketplace takes. ValueError: the caller has counted wrong."""
    if not 1 <= len({item.listing for item in items}) <= sheet.batch:
        raise ValueError(f"a batch of {sheet.title} has 1 to {sheet.batch} listings, not {len(items)}")


def one_product(items: Sequence[StockItem] | Sequence[PriceItem], sheet: Sheet) -> str:
    """The product all items belong to. ValueError if there are two; ChannelError as `listing_ids`."""
    check_batch(items, sheet)
    products = {listing_ids(item.listing, sheet)[0] for item in items}
    if len(products) != 1:
        raise ValueError(f"a batch of {sheet.title} holds listings of one product, not of {len(products)}")
    return products.pop()


def whole_dong(price: PriceItem) -> int:
    """The price as these marketplaces take it in Vietnam. Raises ChannelError(FINAL, "bad_price")."""
    if price.currency != "VND" or price.amount != price.amount.to_integral_value() or price.amount <= 0:
        raise ChannelError(
            Kind.FINAL, "bad_price", f"{price.amount} {price.currency}: expected whole VND, more than nothing"
        )
    return int(price.amount)
