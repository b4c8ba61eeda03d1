"""Shops: settings, how polling goes, how late orders come, and the lock under which a token is refreshed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from holdfast.domain.conditions import Path, id_not_used, lock_is, lock_over
from holdfast.domain.delays import WEEKS_KEPT, bucket_of, week_of
from holdfast.domain.shop import Shop, ShopHealth, ShopKey

from . import keys, shop_keys
from .table import ConditionFailed, Delete, Item, Key, Page, Put, Query, Table, Update
from .times import from_ms, to_ms

DELAYS_KEPT = timedelta(weeks=WEEKS_KEPT + 1)
# Counters of one week beside the buckets: how orders were first heard of.
HEARD_BY = ("webhook", "poll")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """`weeks`: week → bucket → orders. `heard`: how many orders were first heard of by each way."""

    weeks: Mapping[int, Mapping[int, int]]
    heard: Mapping[str, int]


def shop_from(item: Item) -> Shop:
    return Shop(
        key=shop_keys.shop_of(item["pk"]),
        name=item["name"],
        paused=item.get("paused", False),
        location=item.get("location"),
        stock_home=item.get("stock_home", False),
        orders_from=from_ms(item["orders_from"]),
        poll_seconds=item["poll_seconds"],
        overlap_seconds=item["overlap_seconds"],
    )


def item_of(shop: Shop) -> Item:
    optional = {"paused": shop.paused or None, "location": shop.location, "stock_home": shop.stock_home or None}
    return {
        "name": shop.name,
        "list": keys.SHOPS_LIST,
        "listed": f"{shop.key.channel}#{shop.key.shop}",
        "orders_from": to_ms(shop.orders_from),
        "poll_seconds": shop.poll_seconds,
        "overlap_seconds": shop.overlap_seconds,
        **{name: value for name, value in optional.items() if value is not None},
    }


_TIMES = ("seen_to", "swept_at", "again_from", "planned_at", "polled_at", "failing_since")
_TEXTS = ("position", "error")


def health_from(item: Item) -> ShopHealth:
    times = {name: from_ms(item.get(name)) for name in _TIMES}
    return ShopHealth(**times, **{name: item.get(name) for name in _TEXTS})


class Shops:
    """Access patterns of shops."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, key: ShopKey) -> Shop | None:
        item = self._table.get(shop_keys.shop(key))
        return shop_from(item) if item else None

    def put(self, shop: Shop) -> None:
        """Create or replace; the last one wins."""
        self._table.write(Put(key=shop_keys.shop(shop.key), item=item_of(shop)))

    def delete(self, key: ShopKey) -> None:
        self._table.write(Delete(key=shop_keys.shop(key)))
        self._table.write(Delete(key=shop_keys.shop_health(key)))

    def all(self, *, limit: int, start: Item | None = None) -> Page:
        """Items of shops by channel and name; read with `shop_from`."""
        return self._table.query(Query(partition=keys.SHOPS_LIST, index=keys.LISTS, limit=limit, start=start))

    def health(self, key: ShopKey) -> ShopHealth:
        item = self._table.get(shop_keys.shop_health(key))
        return health_from(item) if item else ShopHealth()

    def note(self, key: ShopKey, **changed: datetime | str | None) -> None:
        """Change what is named of the shop's health; None removes it."""
        put: dict[Path, Any] = {
            (name,): to_ms(value) if isinstance(value, datetime) else value
            for name, value in changed.items()
            if value is not None
        }
        gone = tuple((name,) for name, value in changed.items() if value is None)
        self._table.write(Update(key=shop_keys.shop_health(key), put=put, remove=gone))

    def note_delay(self, key: ShopKey, seconds: float, *, heard_by: str, now: datetime) -> None:
        """One more order that came so late. Losing one, or counting one twice, changes no level."""
        ttl = int((now + DELAYS_KEPT).timestamp())
        counters: dict[Path, int] = {(f"b{bucket_of(seconds):02d}",): 1, (heard_by,): 1}
        self._table.write(Update(key=shop_keys.shop_delays(key, week_of(now)), start=counters, put={("ttl",): ttl}))

    def delays(self, key: ShopKey) -> Delays:
        page = self._table.query(Query(partition=shop_keys.shop_partition(key), limit=100))
        items = [item for item in page.items if item["sk"].startswith("DELAYS#")]
        weeks = {
            int(item["sk"].removeprefix("DELAYS#")): {
                int(name[1:]): count for name, count in item.items() if name[0] == "b" and name[1:].isdigit()
            }
            for item in items
        }
        return Delays(weeks=weeks, heard={way: sum(item.get(way, 0) for item in items) for way in HEARD_BY})

    def lock_token(self, key: ShopKey, owner: str, *, now: datetime, seconds: float) -> bool:
        """Take the lock under which the shop's token is refreshed. False: somebody else has it."""
        return self._lock(shop_keys.shop_token(key), owner, now=now, seconds=seconds)

    def unlock_token(self, key: ShopKey, owner: str) -> None:
        """Give the lock back, if it is still ours."""
        try:
            self._table.write(Delete(key=shop_keys.shop_token(key), conditions=(lock_is(owner),)))
        except ConditionFailed:
            return

    def _lock(self, key: Key, owner: str, *, now: datetime, seconds: float) -> bool:
        item = {"owner": owner, "until": to_ms(now + timedelta(seconds=seconds))}
        for condition in (id_not_used(), lock_over(to_ms(now))):
            try:
                self._table.write(Put(key=key, item=item, conditions=(condition,)))
            except ConditionFailed:
                continue
            return True
        return False
