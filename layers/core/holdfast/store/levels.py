"""Levels, SKU settings and announced receipts: the item collection of one SKU."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from holdfast.domain.conditions import Path, id_not_used, level_version_is, outstanding_is
from holdfast.domain.incident import Incident
from holdfast.domain.level import COUNTERS, Announced, Level, LevelChange, Place
from holdfast.domain.policy import Mode, Sku

from . import keys
from .incidents import open_action
from .table import Action, Cancelled, Check, ConditionFailed, Delete, Item, Page, Put, Query, Table, Update
from .times import from_ms, to_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuView:
    """Everything known of one SKU, from one query. `settings` None: nobody created it."""

    settings: Sku | None
    levels: tuple[Level, ...]
    announced: tuple[Announced, ...]


def level_from(item: Item, *, place: Place | None = None, check: bool = True) -> Level:
    """The level in an item. Raises LedgerBroken if it does not add up (the auditor reads without `check`)."""
    level = Level(
        place=place or keys.place_of_level(item["pk"], item["sk"]),
        **{name: item[name] for name in COUNTERS},
        wheel={int(minute): units for minute, units in item["wheel"].items()},
        folded_to=item["folded_to"],
        version=item["version"],
    )
    return level.checked() if check else level


def level_action(change: LevelChange) -> Action:
    """The table action of a change. Wheel entries start at 0, and so do the counters of a level that may be new."""
    key = keys.level(change.place)
    if not change.writes:
        return Check(key=key, conditions=change.conditions)
    counters: dict[Path, int] = {("version",): 1, **{(name,): units for name, units in change.add.items()}}
    turned: dict[Path, int] = {("wheel", str(minute)): units for minute, units in change.turn.items()}
    lessened = {path: units for path, units in turned.items() if units < 0}
    raised = {path: units for path, units in turned.items() if units >= 0}
    begin: dict[Path, Any] = {}
    if change.creates:
        begin = {(name,): 0 for name in COUNTERS if name not in change.add} | {("wheel",): {}, ("folded_to",): 0}
    return Update(
        key=key,
        add=lessened if change.creates else {**counters, **lessened},
        start={**counters, **raised} if change.creates else raised,
        begin=begin,
        put={} if change.folded_to is None else {("folded_to",): change.folded_to},
        remove=tuple(("wheel", str(minute)) for minute in change.clear),
        conditions=change.conditions,
    )


def announced_from(item: Item) -> Announced:
    return Announced(
        id=item["sk"].removeprefix("INCOMING#"),
        location=item["location"],
        outstanding=item["outstanding"],
        expected_at=from_ms(item.get("expected_at")),
    )


def announced_item(announced: Announced) -> Item:
    expected = {} if announced.expected_at is None else {"expected_at": to_ms(announced.expected_at)}
    return {"location": announced.location, "outstanding": announced.outstanding, **expected}


def settings_from(item: Item) -> Sku:
    return Sku(
        sku=item["pk"].removeprefix("SKU#"),
        name=item["name"],
        mode=Mode(item["mode"]) if "mode" in item else None,
        hold_seconds=item.get("hold_seconds"),
        max_quantity=item.get("max_quantity"),
        scarce=item.get("scarce"),
        own_limits=item.get("own_limits", {}),
        floor=item.get("floor"),
    )


class Levels:
    """Access patterns of one SKU's item collection."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, place: Place, *, check: bool = True) -> Level | None:
        item = self._table.get(keys.level(place))
        return level_from(item, check=check) if item else None

    def get_many(self, places: Sequence[Place], *, check: bool = True) -> list[Level]:
        """Each of the levels; one that does not exist has no units."""
        items = self._table.get_many([keys.level(place) for place in places])
        found = {level.place: level for level in (level_from(item, check=check) for item in items)}
        return [found.get(place, Level(place=place)) for place in places]

    def of_sku(self, sku: str, *, check: bool = True) -> SkuView:
        """Settings, levels by location and open announcements of one SKU."""
        found: list[Item] = []
        start: Item | None = None
        while True:
            page = self._table.query(Query(partition=keys.sku_partition(sku), limit=1000, start=start))
            found.extend(page.items)
            start = page.next
            if start is None:
                break
        return SkuView(
            settings=next((settings_from(item) for item in found if item["sk"] == "SETTINGS"), None),
            levels=tuple(level_from(item, check=check) for item in found if item["sk"].startswith("LEVEL#")),
            announced=tuple(announced_from(item) for item in found if item["sk"].startswith("INCOMING#")),
        )

    def fold(self, change: LevelChange) -> Level:
        """Raises ConditionFailed if the level is no longer as it was read."""
        action = level_action(change)
        if not isinstance(action, Update):
            raise TypeError(f"a fold writes: {change}")
        item = self._table.write(action)
        if item is None:
            raise ConditionFailed(None)
        return level_from(item)

    def repair(
        self, level: Level, *, seen_version: int, announced: Sequence[tuple[Announced, int | None]], told: Incident
    ) -> bool:
        """The level as its facts say, with its announced receipts, and the incident that says why.

        `announced`: each with the units outstanding that were seen. False: it is no longer the one found wrong.
        """
        item = {name: getattr(level, name) for name in COUNTERS} | {
            "wheel": {str(minute): units for minute, units in level.wheel.items()},
            "folded_to": level.folded_to,
            "version": seen_version + 1,
        }
        unchanged = level_version_is(seen_version) if seen_version else id_not_used()
        put = Put(key=keys.level(level.place), item=item, conditions=(unchanged,))
        sku = level.place.sku
        receipts = [
            action for each, seen in announced for action in announcement_actions(sku, each, seen_outstanding=seen)
        ]
        try:
            self._table.transact([put, *receipts, open_action(told)])
        except Cancelled:
            return False
        return True

    def announced(self, sku: str, announcement: str) -> Announced | None:
        item = self._table.get(keys.incoming(sku, announcement))
        return announced_from(item) if item else None

    def settings(self, skus: Iterable[str]) -> Mapping[str, Sku]:
        """The settings of those of the SKUs that exist."""
        items = self._table.get_many([keys.settings(sku) for sku in skus])
        return {sku.sku: sku for sku in map(settings_from, items)}

    def put_settings(self, sku: Sku, *, now: datetime) -> None:
        """Create or replace; the last one wins."""
        optional = {
            "mode": sku.mode and sku.mode.value,
            "hold_seconds": sku.hold_seconds,
            "max_quantity": sku.max_quantity,
            "scarce": sku.scarce,
            "own_limits": dict(sku.own_limits) or None,
            "floor": sku.floor,
        }
        item = {
            "name": sku.name,
            "list": keys.SKUS_LIST,
            "listed": sku.sku,
            "changed_at": to_ms(now),
            **{name: value for name, value in optional.items() if value is not None},
        }
        self._table.write(Put(key=keys.settings(sku.sku), item=item))

    def all_skus(self, *, limit: int, start: Item | None = None) -> Page:
        """SKU settings by name of the SKU."""
        return self._table.query(Query(partition=keys.SKUS_LIST, index=keys.LISTS, limit=limit, start=start))


def announcement_actions(sku: str, announced: Announced | None, *, seen_outstanding: int | None) -> list[Action]:
    """What a movement writes of the announced receipt it speaks of: changed, or gone once nothing is outstanding."""
    if announced is None:
        return []
    key = keys.incoming(sku, announced.id)
    condition = id_not_used() if seen_outstanding is None else outstanding_is(seen_outstanding)
    if announced.outstanding == 0:
        return [Delete(key=key, conditions=(condition,))]
    return [Put(key=key, item=announced_item(announced), conditions=(condition,))]
