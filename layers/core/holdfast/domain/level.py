"""The level: the counters of one SKU at one location, and the changes that can be made to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from .conditions import Condition
from .errors import LedgerBroken
from .wheel import due_minutes

COUNTERS = ("available", "committed", "leased", "unavailable", "on_hand", "incoming")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a level is: one SKU at one location."""

    sku: str
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelChange:
    """One conditional change of one level.

    `add` changes counters by units, `turn` wheel entries by units; `clear` removes entries and `folded_to` moves the
    fold mark (both only in a fold). `creates`: the level may not exist yet. Raises LedgerBroken on a change that
    would break `on_hand = available + reserved + committed + leased + unavailable`.
    """

    place: Place
    add: Mapping[str, int] = field(default_factory=dict)
    turn: Mapping[int, int] = field(default_factory=dict)
    clear: Mapping[int, int] = field(default_factory=dict)
    folded_to: int | None = None
    conditions: tuple[Condition, ...] = ()
    creates: bool = False

    def __post_init__(self) -> None:
        inside = sum(self.add.get(name, 0) for name in ("available", "committed", "leased", "unavailable"))
        reserved = sum(self.turn.values()) - sum(self.clear.values())
        if self.add.get("on_hand", 0) != inside + reserved:
            raise LedgerBroken(f"a change of {self.place} does not add up: {self}")

    @property
    def writes(self) -> bool:
        """False for a change that only checks its conditions."""
        return bool(self.add or self.turn or self.clear)


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Counters in whole units. `wheel`: minute (epoch seconds) to units held until then. `version` counts writes."""

    place: Place
    available: int = 0
    committed: int = 0
    leased: int = 0
    unavailable: int = 0
    on_hand: int = 0
    incoming: int = 0
    wheel: Mapping[int, int] = field(default_factory=dict)
    folded_to: int = 0
    version: int = 0

    @property
    def reserved(self) -> int:
        return sum(self.wheel.values())

    @property
    def oversold(self) -> int:
        """Units promised that are not there."""
        return max(0, -self.available)

    def adds_up(self) -> bool:
        inside = self.available + self.reserved + self.committed + self.leased + self.unavailable
        held_well = all(units >= 0 for units in self.wheel.values())
        return self.on_hand == inside and self.committed >= 0 and self.unavailable >= 0 and held_well

    def checked(self) -> "Level":
        """The level itself. Raises LedgerBroken if it does not add up."""
        if not self.adds_up():
            raise LedgerBroken(f"the level of {self.place.sku!r} at {self.place.location!r} does not add up: {self}")
        return self

    def due(self, *, now_s: float, margin_seconds: float) -> tuple[int, ...]:
        return due_minutes(self.wheel, now_s=now_s, margin_seconds=margin_seconds)

    def sellable(self, *, now_s: float, margin_seconds: float) -> int:
        """Free units, counting those of holds that have ended and only wait for the fold."""
        due = self.due(now_s=now_s, margin_seconds=margin_seconds)
        return self.available + sum(self.wheel[minute] for minute in due)

    def after(self, change: LevelChange) -> "Level":
        """The level once `change` was applied, its conditions aside. Raises LedgerBroken if that would not add up."""
        wheel = {minute: units for minute, units in self.wheel.items() if minute not in change.clear}
        for minute, units in change.turn.items():
            wheel[minute] = wheel.get(minute, 0) + units
        counters: dict[str, Any] = {name: getattr(self, name) + units for name, units in change.add.items()}
        folded_to = self.folded_to if change.folded_to is None else change.folded_to
        return replace(self, **counters, wheel=wheel, folded_to=folded_to, version=self.version + 1).checked()


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """An announced receipt: units still on their way to `location`, and when they are expected."""

    id: str
    location: str
    outstanding: int
    expected_at: datetime | None = None
