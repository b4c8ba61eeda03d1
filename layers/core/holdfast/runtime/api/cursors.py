"""Where a list goes on. A cursor carries a place inside its own list and nothing else: keys are made anew from it.

So whoever makes one up reads other pages of the same list, never another partition.
"""

import base64
import binascii
import json
from collections.abc import Callable
from datetime import date
from typing import Any

from holdfast.domain.errors import BadInput, FieldError
from holdfast.domain.shop import ShopKey
from holdfast.store import keys, shop_keys
from holdfast.store.table import Item

LONGEST = 2_000
# No reservation is older than the project.
FIRST_DAY = date(2020, 1, 1)

BAD_CURSOR = "the cursor of the page before, as it was answered"


def _encode(place: list[Any]) -> str:
    told = json.dumps(place, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(told).decode().rstrip("=")


def _decode(cursor: str, make: Callable[..., Item]) -> Item:
    """`make(*place)` gives the start, or raises on what is no place of its list.

    Raises BadInput for whatever was not made by `_encode`.
    """
    try:
        told = _text(cursor)
        return make(*json.loads(base64.b64decode(told + "=" * (-len(told) % 4), altchars=b"-_", validate=True)))
    except (ValueError, TypeError, binascii.Error, RecursionError, OverflowError):
        raise BadInput([FieldError("cursor", BAD_CURSOR)]) from None


def _text(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= LONGEST:
        raise ValueError(value)
    value.encode()  # a half character is no text
    return value


def skus_cursor(start: Item | None) -> str | None:
    return None if start is None else _encode([start["listed"]])


def skus_start(cursor: str | None) -> Item | None:
    def make(sku: object) -> Item:
        name = _text(sku)
        return {**keys.settings(name)._asdict(), "list": keys.SKUS_LIST, "listed": name}

    return _decode(cursor, make) if cursor is not None else None


def incidents_cursor(start: Item | None) -> str | None:
    return None if start is None else _encode([start["listed"]])


def incidents_start(cursor: str | None, *, is_open: bool) -> Item | None:
    def make(listed: object) -> Item:
        _, incident_id = _text(listed).split("#", 1)
        return {
            **keys.incident(incident_id)._asdict(),
            "list": keys.incidents_list(is_open=is_open),
            "listed": _text(listed),
        }

    return _decode(cursor, make) if cursor is not None else None


def reservations_of_sku_cursor(start: Item | None) -> str | None:
    return None if start is None else _encode([start["sk"]])


def reservations_of_sku_start(cursor: str | None, *, sku: str) -> Item | None:
    def make(sort_key: object) -> Item:
        return {"pk": keys.sku_reservations_partition(sku), "sk": _text(sort_key)}

    return _decode(cursor, make) if cursor is not None else None


def reservations_cursor(start: Item | None) -> str | None:
    """All reservations are listed day by day: the day, and the row in it."""
    if start is None:
        return None
    row = start.get("row")
    return _encode([start["day"], row["sk"]] if row else [start["day"]])


def reservations_start(cursor: str | None) -> Item | None:
    def make(told: object, sort_key: object = None) -> Item:
        day = date.fromisoformat(_text(told))
        if day < FIRST_DAY:
            raise ValueError(day)
        row = {} if sort_key is None else {"row": {"pk": keys.day_partition(day), "sk": _text(sort_key)}}
        return {"day": day.isoformat(), **row}

    return _decode(cursor, make) if cursor is not None else None


def shops_cursor(start: Item | None) -> str | None:
    return None if start is None else _encode([start["listed"]])


def shops_start(cursor: str | None) -> Item | None:
    def make(listed: object) -> Item:
        channel, shop = _text(listed).split("#", 1)
        return {**shop_keys.shop(ShopKey(channel, shop))._asdict(), "list": keys.SHOPS_LIST, "listed": _text(listed)}

    return _decode(cursor, make) if cursor is not None else None


def listings_cursor(start: Item | None) -> str | None:
    return None if start is None else _encode([start["sk"]])


def listings_start(cursor: str | None, *, shop: ShopKey) -> Item | None:
    def make(sort_key: object) -> Item:
        return {"pk": shop_keys.listings_partition(shop), "sk": _text(sort_key)}

    return _decode(cursor, make) if cursor is not None else None


def refunds_cursor(start: Item | None) -> str | None:
    return None if start is None else _encode([start["sk"]])


def refunds_start(cursor: str | None) -> Item | None:
    def make(sort_key: object) -> Item:
        return {"pk": keys.REFUNDS, "sk": _text(sort_key)}

    return _decode(cursor, make) if cursor is not None else None


def marketplace_cursor(following: str | None) -> str | None:
    """A marketplace's own cursor, as it is: it is handed back to the same shop only."""
    return None if following is None else _encode([following])


def marketplace_start(cursor: str | None) -> str | None:
    return _decode(cursor, lambda told: {"cursor": _text(told)})["cursor"] if cursor is not None else None


def ruled_cursor(start: Item | None) -> str | None:
    return None if start is None else _encode([start["sk"]])


def ruled_start(cursor: str | None, *, day: date) -> Item | None:
    def make(sort_key: object) -> Item:
        return {"pk": keys.risk_partition(day), "sk": _text(sort_key)}

    return _decode(cursor, make) if cursor is not None else None
