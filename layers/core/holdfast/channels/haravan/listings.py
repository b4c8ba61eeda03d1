"""Haravan's stock: lists of variants at one location, set; balances, read."""

from collections.abc import Mapping, Sequence

from holdfast.channels.batches import listing_ids
from holdfast.channels.protocol import JOINER, Account, ChannelError, Send, Shown, StockItem
from holdfast.channels.reading import Told
from holdfast.channels.rest import not_sent
from holdfast.channels.sheet import Kind

from .calls import check_success, get, write
from .sheet import SHEET

MOST_IDS = 50
BALANCES_PAGE = 250
# One bad line in a hundred takes 15.
MOST_CALLS = 30
# No scope, or no such shop: each line would be told the same.
OF_THE_WHOLE_SHOP = frozenset({"http_402", "http_403", "http_423"})


def set_by_halves(
    account: Account, location: str, items: Sequence[StockItem], send: Send
) -> dict[str, ChannelError | None]:
    """Sets them all; if Haravan refuses, each half by itself, down to the bad line, with `MOST_CALLS` calls at most.

    Setting is absolute: a line that was set by a list refused halfway may be set again. Raises ChannelError if it holds
    for all of them.
    """
    found: dict[str, ChannelError | None] = {}
    waiting = [items]
    for _ in range(MOST_CALLS):
        if not waiting:
            break
        part = waiting.pop()
        try:
            set_by_it = _set(account, location, part, send)
        except ChannelError as error:
            if error.kind is Kind.FINAL and error.code not in OF_THE_WHOLE_SHOP:
                if len(part) == 1:
                    found[part[0].listing] = error
                else:
                    waiting += [part[len(part) // 2 :], part[: len(part) // 2]]
                continue
            if len(part) == len(items):
                raise
            found |= {item.listing: error for item in part}
            break
        found |= {item.listing: None if item.listing in set_by_it else _untold(item) for item in part}
    left = [item.listing for part in waiting for item in part]
    return found | {listing: not_sent(listing, None).error for listing in left}


def _untold(item: StockItem) -> ChannelError:
    return ChannelError(Kind.UNKNOWN, "no_result", f"Haravan answered 200 and does not name {item.listing}")


def _set(account: Account, location: str, items: Sequence[StockItem], send: Send) -> set[str]:
    """Sets them; answers the listings whose lines the answer names, or all of them if it names none."""
    lines = [
        {"product_id": int(product), "product_variant_id": int(variant), "quantity": item.quantity}
        for item in items
        for product, variant in [listing_ids(item.listing, SHEET)]
    ]
    inventory = {
        "location_id": _number(location),
        # Without it the numbers would be added.
        "type": "set",
        # Haravan has no word for it; this is its own default.
        "reason": "newproduct",
        "note": "Holdfast: quantity for sale",
        "line_items": lines,
    }
    told = write(account, "POST", "/com/inventories/adjustorset.json", {"inventory": inventory}, send)
    check_success(told)
    made = told.get("inventory")
    rows = made.get("line_items") if made is not None and made.is_object() else None
    if rows is None:
        return {item.listing for item in items}
    named = {JOINER.join((row["product_id"].id(), row["product_variant_id"].id())) for row in rows.rows()}
    return {item.listing for item in items if item.listing in named}


def read_balances(account: Account, variants: Sequence[str], send: Send) -> dict[str, Told]:
    """By variant, at the shop's location, 50 a call. A variant that never lay there is left out."""
    found: dict[str, Told] = {}
    for start in range(0, len(variants), MOST_IDS):
        parameters = {
            "location_ids": account.members["location_id"],
            "variant_ids": ",".join(variants[start : start + MOST_IDS]),
            "limit": str(BALANCES_PAGE),
        }
        rows = get(account, "/com/inventory_locations.json", parameters, send)["inventory_locations"].rows()
        found |= {row["variant_id"].id(): row for row in rows}
    return found


def read_balance(balance: Told) -> Shown:
    """What is for sale: a negative balance sells nothing, as 0 does. `on_hand` counts ordered units too."""
    return Shown(
        listing=JOINER.join((balance["product_id"].id(), balance["variant_id"].id())),
        quantity=max(0, balance["qty_available"].whole()),
        on_hand=balance["qty_onhand"].whole(),
    )


def variant_of(listing: str) -> str:
    return listing.rpartition(JOINER)[2]


def read_shown(product: Told, variant: Told, balances: Mapping[str, Told]) -> Shown:
    balance = balances.get(variant["id"].id())
    sku, price, name = variant.get("sku"), variant.get("price"), product.get("title")
    return Shown(
        listing=JOINER.join((product["id"].id(), variant["id"].id())),
        quantity=0 if balance is None else max(0, balance["qty_available"].whole()),
        on_hand=0 if balance is None else balance["qty_onhand"].whole(),
        price=None if price is None else price.amount(),
        title="" if name is None else name.text(),
        merchant_sku="" if sku is None else sku.text(),
    )


def _number(told: str) -> int:
    """Raises ChannelError(FINAL, "bad_location")."""
    if not (told.isascii() and told.isdigit()):
        raise ChannelError(Kind.FINAL, "bad_location", "a location of Haravan is a number")
    return int(told)
