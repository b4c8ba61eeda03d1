"""The table in memory, lean: exact conditions, updates, transactions, images and pages, and nothing else.

Items are never changed in place, so that readers, images and the history may share them. Held against the engines,
reply by reply, by `tests/integration/test_engines_agree.py`; `tests/support/fake_table.py` says the same more plainly.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from holdfast.domain.conditions import Condition, Path
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

Changed = tuple[Item | None, Item | None]
Watch = Callable[[list[Changed]], None]
MOST_ACTIONS = 100


class Invalid(Exception):
    """What DynamoDB answers with a ValidationException: a number that is not there, a path that leads nowhere."""


def updated(item: Item | None, update: Update) -> Item:
    """The item after the update; every operand is read from the item as it was. Raises Invalid."""
    old: Item = item if item is not None else {}
    new: Item = dict(item) if item is not None else {"pk": update.key.pk, "sk": update.key.sk}
    own: set[str] = set()
    for path, units in update.add.items():
        _set(new, own, path, _number(_get(old, path)) + units)
    for path, units in update.start.items():
        found = _get(old, path)
        _set(new, own, path, (0 if found is None else _number(found)) + units)
    for path, value in update.begin.items():
        if _get(old, path) is None:
            _set(new, own, path, value)
    for path, value in update.put.items():
        _set(new, own, path, value)
    for path in update.remove:
        if len(path) == 1:
            new.pop(path[0], None)
        else:
            _map(new, own, path).pop(path[1], None)
    return new


def _get(item: Item, path: Path) -> Any:
    found: Any = item
    for step in path:
        if not isinstance(found, dict):
            return None
        found = found.get(step)
    return found


def _number(found: Any) -> int:
    if type(found) is not int:
        raise Invalid(f"not a number: {found!r}")
    return found


def _set(new: Item, own: set[str], path: Path, value: Any) -> None:
    if len(path) == 1:
        new[path[0]] = value
        own.add(path[0])
    else:
        _map(new, own, path)[path[1]] = value


def _map(new: Item, own: set[str], path: Path) -> Item:
    """The map that holds the path's last step, copied once. No path of the table is longer than two steps."""
    name = path[0]
    inner = new.get(name)
    if len(path) != 2 or not isinstance(inner, dict):  # the sentence above
        raise Invalid(f"no map at {path[:-1]}")
    if name not in own:
        own.add(name)
        inner = new[name] = dict(inner)
    return inner


def _hold(conditions: tuple[Condition, ...], item: Item | None) -> bool:
    return all(condition.holds(item) for condition in conditions)


class Store:
    """One table. `watch` hears of every write: the items before and after it, all of one transaction together.

    `index_behind()` says by how many of the last index changes a query of the index is behind.
    """

    def __init__(self, watch: Watch | None = None, *, scan_page: int = 40) -> None:
        self.items: dict[Key, Item] = {}
        self.partitions: dict[str, dict[str, Item]] = {}
        self.watch = watch
        self.index_behind: Callable[[], int] = lambda: 0
        self._scan_page = scan_page
        self._index: dict[Key, Item] = {}
        self._index_news: list[tuple[Key, Item | None]] = []

    def get(self, key: Key) -> Item | None:
        return self.items.get(key)

    def get_many(self, keys: Sequence[Key]) -> list[Item]:
        if len(set(keys)) != len(keys):
            raise Invalid(f"keys named twice: {keys}")
        items = self.items
        return [items[key] for key in keys if key in items]

    def query(self, query: Query) -> Page:
        if query.index is None:
            return self._page(query, self.partitions.get(query.partition, {}).values(), "sk", ("pk", "sk"))
        self._catch_up(len(self._index_news) - self.index_behind())
        listed = [item for item in self._index.values() if item["list"] == query.partition]
        return self._page(query, listed, "listed", ("pk", "sk", "list", "listed"))

    def _page(self, query: Query, items: Iterable[Item], by: str, names: tuple[str, ...]) -> Page:
        def order(item: Item) -> tuple[str, str, str]:
            return item[by], item["pk"], item["sk"]

        found = [item for item in items if query.up_to is None or item[by] <= query.up_to]
        if query.start is not None:
            start, newest_first = order(query.start), query.newest_first
            found = [item for item in found if (order(item) < start if newest_first else order(item) > start)]
        found.sort(key=order, reverse=query.newest_first)
        page = found[: query.limit]
        last = {name: page[-1][name] for name in names} if len(page) == query.limit else None
        return Page(tuple(page), last)

    def scan(self, *, start: Item | None = None) -> Page:
        found = sorted(self.items)
        if start is not None:
            after = (start["pk"], start["sk"])
            found = [key for key in found if key > after]
        page = found[: self._scan_page]
        last = {"pk": page[-1].pk, "sk": page[-1].sk} if len(page) == self._scan_page else None
        return Page(tuple(self.items[key] for key in page), last)

    def write(self, action: Put | Update | Delete) -> Item | None:
        item = self.items.get(action.key)
        if not _hold(action.conditions, item):
            raise ConditionFailed(item)
        new = self._outcome(action)
        self._apply([(action.key, new)])
        return new if isinstance(action, Update) else None

    def transact(self, actions: Sequence[Action]) -> None:
        if len({action.key for action in actions}) != len(actions) or len(actions) > MOST_ACTIONS:
            raise Invalid("at most 100 actions, each on an item of its own")
        reasons = self.judged(actions)
        # What is wrong in itself is told even where another condition fails, as DynamoDB validates first.
        outcome = [
            (action.key, self._outcome(action))
            for action, failed in zip(actions, reasons, strict=True)
            if failed is None and not isinstance(action, Check)
        ]
        if any(reasons):
            raise Cancelled(reasons)
        self._apply(outcome)

    def judged(self, actions: Sequence[Action]) -> list[Failed | None]:
        """For each action None, or the item for which its conditions do not hold."""
        items = self.items
        return [
            None if _hold(action.conditions, item) else Failed(item)
            for action in actions
            for item in (items.get(action.key),)
        ]

    def write_many(self, actions: Iterable[Put | Delete]) -> None:
        for action in actions:
            if action.conditions:
                raise Invalid(f"a batch has no conditions: {action}")
            self._apply([(action.key, self._outcome(action))])

    def _outcome(self, action: Put | Update | Delete) -> Item | None:
        if isinstance(action, Put):
            return {**action.item, "pk": action.key.pk, "sk": action.key.sk}
        return updated(self.items.get(action.key), action) if isinstance(action, Update) else None

    def _apply(self, outcome: list[tuple[Key, Item | None]]) -> None:
        changes: list[Changed] = []
        for key, new in outcome:
            old = self.items.get(key)
            if old == new:
                continue
            partition = self.partitions.setdefault(key.pk, {})
            if new is None:
                del self.items[key], partition[key.sk]
            else:
                self.items[key] = partition[key.sk] = new
            if (new is not None and "list" in new) or key in self._index:
                self._index_news.append((key, new))
            elif old is not None and "list" in old:
                self._index_news.append((key, None))
            changes.append((old, new))
        if self.watch is not None and changes:
            self.watch(changes)

    def put_back(self, key: Key, item: Item | None) -> None:
        """Another table is in this one's place: nobody hears of a write."""
        watch, self.watch = self.watch, None
        self._apply([(key, item)])
        self.watch = watch

    def _catch_up(self, news: int) -> None:
        for key, item in self._index_news[: max(0, news)]:
            if item is not None and "list" in item:
                self._index[key] = item
            else:
                self._index.pop(key, None)
        del self._index_news[: max(0, news)]
