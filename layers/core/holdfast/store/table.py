"""The port: what Holdfast asks of a table, as values. `dynamodb.py` speaks it to AWS; tests may speak it to anything.

An item is a plain dict of str, int, bool, list and dict; a missing attribute is absent, never None.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from holdfast.domain.conditions import Condition, Path

Item = dict[str, Any]


class Key(NamedTuple):
    pk: str
    sk: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """Write the whole item, if all conditions hold for what is there."""

    key: Key
    item: Item
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """Change single attributes, if all conditions hold.

    `add` changes numbers that are there, `start` numbers that begin at 0 where they are not; `begin` sets an
    attribute only where it is absent.
    """

    key: Key
    put: Mapping[Path, Any] = field(default_factory=dict)
    add: Mapping[Path, int] = field(default_factory=dict)
    start: Mapping[Path, int] = field(default_factory=dict)
    begin: Mapping[Path, Any] = field(default_factory=dict)
    remove: tuple[Path, ...] = ()
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Change nothing, but let the transaction fail unless all conditions hold."""

    key: Key
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """Remove the item, if all conditions hold."""

    key: Key
    conditions: tuple[Condition, ...] = ()


Action = Put | Update | Check | Delete


@dataclass(frozen=True, slots=True)
class Failed:
    """An action whose conditions did not hold, with the item as it was (None: there is none, or it was not told)."""

    item: Item | None


class Cancelled(Exception):
    """A transaction that wrote nothing. `reasons` has one entry per action: None, or the failed conditions.

    `busy`: at least one action met another transaction or a throttle; its conditions were not judged.
    """

    def __init__(self, reasons: Sequence[Failed | None], *, busy: bool = False) -> None:
        super().__init__(f"cancelled: {reasons}, busy: {busy}")
        self.reasons = tuple(reasons)
        self.busy = busy


class ConditionFailed(Exception):
    """A single write whose conditions did not hold. `item` as in `Failed`."""

    def __init__(self, item: Item | None) -> None:
        super().__init__("condition failed")
        self.item = item


@dataclass(frozen=True, slots=True)
class Page:
    """Items in the order of their sort key, and the key to go on from (None: that was all)."""

    items: tuple[Item, ...]
    next: Item | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A partition's items in the order of their sort key, consistently read; of an index's partition never so.

    `up_to`: sort keys at or before it. `start`: the `next` of the page before.
    """

    partition: str
    index: str | None = None
    up_to: str | None = None
    limit: int = 100
    start: Item | None = None
    newest_first: bool = False


class Table(Protocol):
    """Every method raises Unavailable if the answer could not be had; a write may then have happened or not."""

    def get(self, key: Key) -> Item | None:
        """Consistent read."""
        ...

    def get_many(self, keys: Sequence[Key]) -> list[Item]:
        """Consistent reads of up to any number of keys, in no particular order; what is not there is left out."""
        ...

    def query(self, query: Query) -> Page:
        """One page of a partition, or of the index's partition."""
        ...

    def scan(self, *, start: Item | None = None) -> Page:
        """One consistent page of everything. Never on a path that a request takes."""
        ...

    def write(self, action: Put | Update | Delete) -> Item | None:
        """One write; answers the new item for an Update. Raises ConditionFailed."""
        ...

    def transact(self, actions: Sequence[Action]) -> None:
        """All or nothing, up to 100 actions on different items. Raises Cancelled; Conflict if others never let go."""
        ...

    def write_many(self, actions: Iterable[Put | Delete]) -> None:
        """Unconditional writes, each safe to repeat, in no particular order."""
        ...
