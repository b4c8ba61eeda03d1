"""Tiki's listings: one id each, a number of units in each warehouse."""

from holdfast.channels.batches import listing_ids
from holdfast.channels.protocol import ChannelError, Shown
from holdfast.channels.reading import Told
from holdfast.channels.sheet import Kind

from .sheet import SHEET


def read_shown(told: Told) -> Shown:
    inventory, price = told.get("inventory"), told.get("price")
    name, sku = told.get("name"), told.get("original_sku")
    return Shown(
        listing=(told.get("product_id") or told["id"]).id(),
        quantity=0 if inventory is None else max(0, _sellable(inventory)),
        price=None if price is None else price.amount(),
        title="" if name is None else name.text(),
        merchant_sku="" if sku is None else sku.text(),
    )


def read_reserved(told: Told) -> int:
    """Units of orders that are not packed yet: a part of `quantity_available`, and not for sale."""
    inventory = told.get("inventory")
    reserved = None if inventory is None else inventory.get("quantity_reserved")
    return 0 if reserved is None else reserved.whole(least=0)


def _sellable(inventory: Told) -> int:
    for name in ("quantity_sellable", "quantity_available"):
        told = inventory.get(name)
        if told is not None:
            return told.whole()
    raise inventory.wrong("quantity_sellable or quantity_available")


def product_id(listing: str) -> int:
    return int(listing_ids(listing, SHEET)[0])


def warehouse_id(told: str) -> int:
    """Raises ChannelError(FINAL, "bad_location")."""
    if not (told.isascii() and told.isdigit()):
        raise ChannelError(Kind.FINAL, "bad_location", "a warehouse of Tiki is a number")
    return int(told)
