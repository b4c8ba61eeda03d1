"""WooCommerce's listings: simple products, and variations of a product, at addresses of their own."""

from collections.abc import Sequence

from holdfast.channels.batches import listing_ids
from holdfast.channels.protocol import JOINER, Shown
from holdfast.channels.reading import Told

from .sheet import SHEET

SIMPLE = "0"


def by_parent(listings: Sequence[str]) -> dict[str | None, list[str]]:
    """Ids by the product whose variations they are; None: simple products. Raises ChannelError(FINAL)."""
    found: dict[str | None, list[str]] = {}
    for listing in listings:
        product, variation = listing_ids(listing, SHEET)
        if variation == SIMPLE:
            found.setdefault(None, []).append(product)
        else:
            found.setdefault(product, []).append(variation)
    return found


def listing_key(parent: str | None, own: str) -> str:
    return JOINER.join((own, SIMPLE) if parent is None else (parent, own))


def listing_of(told: Told, parent: str | None) -> str:
    return listing_key(parent, told["id"].id())


def products_path(parent: str | None) -> str:
    return "/products" if parent is None else f"/products/{parent}/variations"


def read_shown(told: Told, *, parent: str | None) -> Shown:
    price, sku, name = told.get("regular_price"), told.get("sku"), told.get("name")
    return Shown(
        listing=listing_of(told, parent),
        quantity=_quantity(told),
        # A product without a price has an empty one.
        price=None if price is None or price.code() == "" else price.amount(),
        title="" if name is None else name.text(),
        merchant_sku="" if sku is None else sku.text(),
    )


def _quantity(told: Told) -> int:
    """A product that is not counted is sold as long as the shop calls it in stock."""
    quantity = told.get("stock_quantity")
    if quantity is not None:
        return floor_of(quantity)
    status = told.get("stock_status")
    return SHEET.most_quantity if status is not None and status.code() == "instock" else 0


def floor_of(quantity: Told) -> int:
    """Plugins count in parts; below 0 is sold out."""
    return max(0, int(quantity.amount()))
