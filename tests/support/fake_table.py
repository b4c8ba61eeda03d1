"""The port `store.table.Table` in memory: conditions, updates, transactions, images and pages as DynamoDB has them.

Held against moto and MiniStack by `tests/integration/test_engines_agree.py`, reply by reply.
"""

import copy
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from holdfast.domain.conditions import Path
from holdfast.store.table import (
    Action,
    Cancelled,
    Check,
    ConditionFailed,
    Delete,
    Failed,
    Item,
    Key,
    Page,
    Put,
    Query,
    Update,
)

INDEX_KEYS = {None: ("pk", "sk"), "lists": ("list", "listed")}


class Invalid(Exception):
    """What DynamoDB answers with a ValidationException: a number that is not there, a path that leads nowhere."""


def changed(item: Item | None, update: Update) -> Item:
    """The item after the update; every operand is read from the item as it was. Raises Invalid."""
    old = item or {}
    new = copy.deepcopy(old) if item else {"pk": update.key.pk, "sk": update.key.sk}
    for path, units in update.add.items():
        _set(new, path, _number(_get(old, path)) + units)
    for path, units in update.start.items():
        found = _get(old, path)
        _set(new, path, (0 if found is None else _number(found)) + units)
    for path, value in update.begin.items():
        found = _get(old, path)
        _set(new, path, copy.deepcopy(value) if found is None else found)
    for path, value in update.put.items():
        _set(new, path, copy.deepcopy(value))
    for path in update.remove:
        _parent(new, path).pop(path[-1], None)
    return new


def _get(item: Item, path: Path) -> Any:
    found: Any = item
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _number(found: Any) -> int:
    if not isinstance(found, int) or isinstance(found, bool):
        raise Invalid(f"not a number: {found!r}")
    return found


def _parent(item: Item, path: Path) -> Item:
    parent = _get(item, path[:-1])
    if not isinstance(parent, dict):
        raise Invalid(f"no map at {path[:-1]}")
    return parent


def _set(item: Item, path: Path, value: Any) -> None:
    _parent(item, path)[path[-1]] = value


class FakeTable:
    """One table. `changes` is its stream: the item before and after each write, in order.

    A scan's page holds `scan_page` items, so that whoever forgets to go on is found out.
    """

    def __init__(self, *, scan_page: int = 7) -> None:
        self.items: dict[Key, Item] = {}
        self.changes: list[tuple[Item | None, Item | None]] = []
        self._scan_page = scan_page
        self._lock = threading.RLock()

    def get(self, key: Key) -> Item | None:
        with self._lock:
            return copy.deepcopy(self.items.get(key))

    def get_many(self, keys: Sequence[Key]) -> list[Item]:
        if len(set(keys)) != len(keys):
            raise Invalid(f"keys named twice: {keys}")
        with self._lock:
            return [copy.deepcopy(self.items[key]) for key in keys if key in self.items]

    def query(self, query: Query) -> Page:
        hash_name, range_name = INDEX_KEYS[query.index]

        def order(item: Item) -> tuple[str, str, str]:
            return item[range_name], item["pk"], item["sk"]

        with self._lock:
            found = [each for each in self.items.values() if each.get(hash_name) == query.partition]
        found = [each for each in found if range_name in each]
        found = [each for each in found if query.up_to is None or each[range_name] <= query.up_to]
        found.sort(key=order, reverse=query.newest_first)
        return _page(found, order, start=query.start, limit=query.limit, names=(hash_name, range_name))

    def scan(self, *, start: Item | None = None) -> Page:
        def order(item: Item) -> tuple[str, str]:
            return item["pk"], item["sk"]

        with self._lock:
            found = sorted(self.items.values(), key=order)
        return _page(found, order, start=start, limit=self._scan_page, names=("pk", "sk"))

    def write(self, action: Put | Update | Delete) -> Item | None:
        with self._lock:
            failed = self._failed(action)
            if failed is not None:
                raise ConditionFailed(failed.item)
            new = self._outcome(action)
            self._apply({action.key: new})
            return copy.deepcopy(new) if isinstance(action, Update) else None

    def transact(self, actions: Sequence[Action]) -> None:
        if len({action.key for action in actions}) != len(actions) or len(actions) > 100:
            raise Invalid("at most 100 actions, each on an item of its own")
        with self._lock:
            reasons = [self._failed(action) for action in actions]
            judged = [each for each, failed in zip(actions, reasons, strict=True) if failed is None]
            outcome = {each.key: self._outcome(each) for each in judged if not isinstance(each, Check)}
            if any(reasons):
                raise Cancelled(reasons)
            self._apply(outcome)

    def write_many(self, actions: Iterable[Put | Delete]) -> None:
        with self._lock:
            for action in actions:
                if action.conditions:
                    raise Invalid(f"a batch has no conditions: {action}")
                self._apply({action.key: self._outcome(action)})

    def _failed(self, action: Action) -> Failed | None:
        item = self.items.get(action.key)
        if all(condition.holds(item) for condition in action.conditions):
            return None
        return Failed(copy.deepcopy(item))

    def _outcome(self, action: Put | Update | Delete) -> Item | None:
        if isinstance(action, Put):
            return {**copy.deepcopy(action.item), "pk": action.key.pk, "sk": action.key.sk}
        return changed(self.items.get(action.key), action) if isinstance(action, Update) else None

    def _apply(self, outcome: dict[Key, Item | None]) -> None:
        for key, new in outcome.items():
            old = self.items.pop(key, None)
            if new is not None:
                self.items[key] = new
            if old != new:
                self.changes.append((copy.deepcopy(old), copy.deepcopy(new)))


def _page(
    found: list[Item],
    order: Callable[[Item], tuple[str, ...]],
    *,
    start: Item | None,
    limit: int,
    names: tuple[str, str],
) -> Page:
    """As DynamoDB: a full page always names a key to go on from, even if nothing follows."""
    if start is not None:
        behind = [place for place, item in enumerate(found) if order(item) == order(start)]
        first = behind[0] + 1 if behind else _after(found, order, start)
        found = found[first:]
    items = found[:limit]
    last = {name: items[-1][name] for name in ("pk", "sk", *names)} if len(items) == limit else None
    return Page(tuple(copy.deepcopy(items)), last)


def _after(found: list[Item], order: Callable[[Item], tuple[str, ...]], start: Item) -> int:
    """Where to go on if the item named by `start` is gone meanwhile."""
    backwards = len(found) > 1 and order(found[0]) > order(found[-1])
    passed = [order(item) > order(start) if backwards else order(item) < order(start) for item in found]
    return sum(passed)
