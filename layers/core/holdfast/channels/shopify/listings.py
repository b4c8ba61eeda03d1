"""Shopify's listings and their numbers at one location: read, then set against what was read."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from holdfast.channels.batches import listing_ids
from holdfast.channels.protocol import JOINER, Account, ChannelError, Send, Shown, StockItem
from holdfast.channels.reading import Told
from holdfast.channels.sheet import Kind

from .calls import ask, gid, number_of
from .queries import SET_QUANTITIES, VARIANTS_BY_ID
from .sheet import SHEET

# Longer than a request that was lost on its way may still arrive.
KEY_SECONDS = 300
ROUNDS = 3
STALE = frozenset({"CHANGE_FROM_QUANTITY_STALE", "COMPARE_QUANTITY_STALE"})
LINE_AT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What Shopify shows for a variant at a location. `since`: when that number was last changed, as it says."""

    item_id: str
    quantity: int
    on_hand: int
    since: str


Found = dict[str, ChannelError | None]


def set_quantities(account: Account, location: str, items: Sequence[StockItem], send: Send, now: datetime) -> Found:
    """Sets all items at one location; None for each that shows its number, its error for each other.

    A round reads the numbers and writes those that differ, each only if it still is what was read. A line that is
    refused leaves the batch, for it is not known whether the others of it were written; the next round reads and sees.
    Raises ChannelError if it holds for all of them.
    """
    found: Found = {}
    waiting = list(items)
    last = ChannelError(Kind.PASSING, "stale", "the numbers kept changing while they were written")
    for _ in range(ROUNDS):
        try:
            levels = read_levels(account, location, [item.listing for item in waiting], send)
            found |= _without_level(waiting, levels)
            found |= {item.listing: None for item in waiting if _shows(item, levels)}
            waiting = [item for item in waiting if item.listing not in found]
            if not waiting:
                return found
            refused = _write(account, location, waiting, levels, send, now)
        except ChannelError as error:
            if not found:
                raise
            last = error
            break
        if not refused:
            return found | {item.listing: None for item in waiting}
        found |= {listing: error for listing, error in refused.items() if error.code not in STALE}
        waiting = [item for item in waiting if item.listing not in found]
    return found | {item.listing: last for item in waiting}


def read_levels(account: Account, location: str, listings: Sequence[str], send: Send) -> dict[str, Level | None]:
    """By listing; None for a variant that is not stocked there. One that does not exist is left out."""
    nodes = read_variants(account, location, listings, send)
    return {listing: _level(node) for listing, node in nodes.items()}


def read_variants(account: Account, location: str, listings: Sequence[str], send: Send) -> dict[str, Told]:
    """Variants by listing. One that does not exist, or is of another product, is left out."""
    ids = [gid("ProductVariant", listing_ids(listing, SHEET)[1]) for listing in listings]
    variables = {"ids": ids, "locationId": gid("Location", location)}
    nodes = ask(account, VARIANTS_BY_ID, variables, send, writes=False)["nodes"].rows()
    told = {listing_of(node): node for node in nodes if node.is_object() and node.get("product") is not None}
    return {listing: told[listing] for listing in listings if listing in told}


def listing_of(variant: Told) -> str:
    return JOINER.join((number_of(variant["product"]["id"]), number_of(variant["id"])))


def read_shown(variant: Told) -> Shown:
    """What is available at the location, below 0 is sold out; `on_hand` counts ordered units too."""
    level, price = _level(variant), variant.get("price")
    sku, of_product, of_variant = variant.get("sku"), variant["product"].get("title"), variant.get("title")
    words = [each.text() for each in (of_product, of_variant) if each is not None]
    return Shown(
        listing=listing_of(variant),
        quantity=0 if level is None else max(0, level.quantity),
        on_hand=0 if level is None else level.on_hand,
        price=None if price is None else price.amount(),
        title=" / ".join(word for word in words if word != "Default Title"),
        merchant_sku="" if sku is None else sku.text(),
    )


def _level(variant: Told) -> Level | None:
    level = variant["inventoryItem"].get("inventoryLevel")
    if level is None:
        return None
    told = {each["name"].text(): each for each in level["quantities"].rows()}
    if not {"available", "on_hand"} <= told.keys():
        raise level.wrong("quantities available and on_hand")
    since = told["available"].get("updatedAt")
    return Level(
        item_id=variant["inventoryItem"]["id"].text(),
        quantity=told["available"]["quantity"].whole(),
        on_hand=told["on_hand"]["quantity"].whole(),
        since="" if since is None else since.text(),
    )


def _without_level(items: Sequence[StockItem], levels: Mapping[str, Level | None]) -> Found:
    gone = ChannelError(Kind.FINAL, "no_such_variant", "the shop has no such variant")
    not_there = ChannelError(Kind.FINAL, "ITEM_NOT_STOCKED_AT_LOCATION", "the variant is not stocked at the location")
    return {
        item.listing: not_there if item.listing in levels else gone
        for item in items
        if levels.get(item.listing) is None
    }


def _shows(item: StockItem, levels: Mapping[str, Level | None]) -> bool:
    level = levels.get(item.listing)
    return level is not None and level.quantity == item.quantity


def _write(
    account: Account,
    location: str,
    items: Sequence[StockItem],
    levels: Mapping[str, Level | None],
    send: Send,
    now: datetime,
) -> dict[str, ChannelError]:
    """What was refused, by listing: nothing if all was written. Raises ChannelError if no line is named."""
    pairs = [(item, level) for item in items if (level := levels[item.listing]) is not None]
    key = idempotency_key(account, location, pairs, now)
    written = {
        "name": "available",
        "reason": "correction",
        "referenceDocumentUri": f"holdfast://push/{key}",
        "quantities": [
            {
                "inventoryItemId": level.item_id,
                "locationId": gid("Location", location),
                "quantity": item.quantity,
                "changeFromQuantity": level.quantity,
            }
            for item, level in pairs
        ],
    }
    data = ask(account, SET_QUANTITIES, {"input": written, "key": key}, send, writes=True)
    return refused_lines(data["inventorySetQuantities"], [item.listing for item, _ in pairs])


def idempotency_key(account: Account, location: str, pairs: Sequence[tuple[StockItem, Level]], now: datetime) -> str:
    """The same for a repeat of the same push, another for every other one, also for the same numbers later on.

    Shopify answers a key it knows with the first answer and writes nothing. A number that went from 3 to 5, sold down
    to 3 and shall be 5 again differs in when it became 3; if Shopify does not say when, each push is another. A refusal
    is such an answer, too: a key is good for a while only, or what was set right at Shopify would stay refused.
    """
    lines = sorted(
        (level.item_id, level.quantity, item.quantity, level.since or now.isoformat()) for item, level in pairs
    )
    period = int(now.timestamp() // KEY_SECONDS)
    told = repr((account.channel, account.shop, account.api_url, location, period, lines))
    return str(uuid.UUID(bytes=hashlib.sha256(told.encode()).digest()[:16], version=4))


def refused_lines(payload: Told, listings: Sequence[str]) -> dict[str, ChannelError]:
    """`userErrors` by listing: `field` leads to the line. Raises the first ChannelError that names none."""
    refused: dict[str, ChannelError] = {}
    for told in payload["userErrors"].rows():
        named, words = told.get("code"), told.get("message")
        code = "user_error" if named is None else named.code()
        kind = SHEET.errors.get(code, Kind.FINAL)
        error = ChannelError(kind, code, "" if words is None else words.code()[:200])
        place = _line_of(told)
        if place is None or place >= len(listings):
            raise error
        refused.setdefault(listings[place], error)
    return refused


def _line_of(told: Told) -> int | None:
    """The number in `["input", "quantities", "3", "quantity"]` or `["variants", "3", "price"]`."""
    steps = [step.code() for step in told.rows_of("field")]
    return next((int(step) for step in steps[: LINE_AT + 1] if step.isascii() and step.isdigit()), None)
