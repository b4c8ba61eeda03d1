"""How shops are synced, their budget of calls, and when their runs were."""

from dataclasses import asdict, dataclass
from datetime import datetime, time
from typing import Any

from holdfast.domain.conditions import Path, id_not_used, next_call_is
from holdfast.domain.shop import ShopKey
from holdfast.domain.shop_sync import ShopSync
from holdfast.domain.sync import Rules, SyncMode

from . import shop_keys
from .table import ConditionFailed, Delete, Item, Put, Table, Update
from .times import from_ms, to_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushing:
    """`next_ms`: the first free place in the shop's budget of calls. `held_until`: the shop is left alone until then,
    after so many `failures` in a row; `held_why` for people. `ran_at`, `verified_at`: the last run, the last read-back.
    """

    next_ms: int = 0
    held_until: datetime | None = None
    held_why: str | None = None
    failures: int = 0
    ran_at: datetime | None = None
    verified_at: datetime | None = None


def sync_from(item: Item) -> ShopSync:
    rules = {**item["rules"], "mode": SyncMode(item["rules"]["mode"])}
    return ShopSync(
        rules=Rules(**rules),
        every_minutes=item["every_minutes"],
        at=time.fromisoformat(item["at"]),
        zone=item["zone"],
        verify_percent=item["verify_percent"],
    )


def item_of(sync: ShopSync) -> Item:
    rules = {name: value for name, value in asdict(sync.rules).items() if value is not None}
    return {
        "rules": {**rules, "mode": sync.rules.mode.value},
        "every_minutes": sync.every_minutes,
        "at": sync.at.strftime("%H:%M"),
        "zone": sync.zone,
        "verify_percent": sync.verify_percent,
    }


def pushing_from(item: Item) -> Pushing:
    return Pushing(
        next_ms=item.get("next_ms", 0),
        held_until=from_ms(item.get("held_until")),
        held_why=item.get("held_why"),
        failures=item.get("failures", 0),
        ran_at=from_ms(item.get("ran_at")),
        verified_at=from_ms(item.get("verified_at")),
    )


class ShopSyncs:
    """Access patterns of a shop's sync settings and of its pushing."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, key: ShopKey) -> ShopSync:
        """The settings; a shop that has none is synced as usual."""
        item = self._table.get(shop_keys.shop_sync(key))
        return sync_from(item) if item else ShopSync()

    def put(self, key: ShopKey, sync: ShopSync) -> None:
        """The last one wins."""
        self._table.write(Put(key=shop_keys.shop_sync(key), item=item_of(sync)))

    def delete(self, key: ShopKey) -> None:
        self._table.write(Delete(key=shop_keys.shop_sync(key)))
        self._table.write(Delete(key=shop_keys.shop_pushing(key)))

    def pushing(self, key: ShopKey) -> Pushing:
        item = self._table.get(shop_keys.shop_pushing(key))
        return pushing_from(item) if item else Pushing()

    def take_calls(self, key: ShopKey, seen: Pushing, *, next_ms: int) -> bool:
        """Take the places up to `next_ms` in the shop's budget. False: another worker took some, look again."""
        condition = next_call_is(seen.next_ms) if seen.next_ms else id_not_used()
        try:
            self._table.write(
                Update(key=shop_keys.shop_pushing(key), put={("next_ms",): next_ms}, conditions=(condition,))
            )
        except ConditionFailed:
            return False
        return True

    def note(self, key: ShopKey, **changed: datetime | str | int | None) -> None:
        """Change what is named; None removes it."""
        put: dict[Path, Any] = {
            (name,): to_ms(value) if isinstance(value, datetime) else value
            for name, value in changed.items()
            if value is not None
        }
        gone = tuple((name,) for name, value in changed.items() if value is None)
        self._table.write(Update(key=shop_keys.shop_pushing(key), put=put, remove=gone, begin={("next_ms",): 1}))
