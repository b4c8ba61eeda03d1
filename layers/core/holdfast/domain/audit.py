"""Does a level add up to its facts? Facts are records; counters are what they add up to.

Records that changed a moment ago may or may not be in the level that was read, so each of them widens what is right
from a number to an interval. Without them every interval is a single number.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from .level import Level, Place
from .reservation import Reservation, State


@dataclass(slots=True)
class Span:
    """What a counter may be: from `low` to `high` units."""

    low: int = 0
    high: int = 0

    def add(self, units: int, *, certain: bool) -> None:
        self.low += units if certain else min(0, units)
        self.high += units if certain else max(0, units)

    def holds(self, units: int) -> bool:
        return self.low <= units <= self.high

    @property
    def at_least_none(self) -> "Span":
        """Where a restore has lost the first of two facts, the second is no debt."""
        return Span(max(0, self.low), max(0, self.high))

    def __str__(self) -> str:
        return str(self.low) if self.low == self.high else f"{self.low} to {self.high}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What a movement did at one location, in units; `announcement`: the announced receipt whose `incoming` it is."""

    at: datetime
    on_hand: int = 0
    unavailable: int = 0
    incoming: int = 0
    announcement: str = ""


@dataclass(slots=True)
class Facts:
    """What the records of one level add up to, announced receipts one by one. `exact`: none of them is recent."""

    on_hand: Span = field(default_factory=Span)
    committed: Span = field(default_factory=Span)
    unavailable: Span = field(default_factory=Span)
    announced: defaultdict[str, Span] = field(default_factory=lambda: defaultdict(Span))
    held: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    recent_units: int = 0
    exact: bool = True

    @property
    def incoming(self) -> Span:
        """Units on their way, of all announced receipts."""
        spans = [each.at_least_none for each in self.announced.values()]
        return Span(sum(each.low for each in spans), sum(each.high for each in spans))

    def outstanding(self, announcement: str) -> Span:
        return self.announced.get(announcement, Span()).at_least_none


def add_up(
    place: Place,
    *,
    movements: Iterable[Moved],
    reservations: Iterable[Reservation],
    shipped_since: datetime | None,
    certain_before: datetime,
) -> Facts:
    """What changed after `certain_before` may not be in the level yet, or already.

    `shipped_since`: reservations shipped before it are in a checkpoint movement.
    """
    facts = Facts()
    for moved in movements:
        certain = moved.at < certain_before
        facts.exact &= certain
        facts.on_hand.add(moved.on_hand, certain=certain)
        facts.unavailable.add(moved.unavailable, certain=certain)
        if moved.incoming:
            facts.announced[moved.announcement].add(moved.incoming, certain=certain)
    for record in reservations:
        units = sum(line.quantity for line in record.lines if line.place == place)
        if units:
            _add_reservation(facts, record, units, shipped_since=shipped_since, certain_before=certain_before)
    return facts


def _add_reservation(
    facts: Facts, record: Reservation, units: int, *, shipped_since: datetime | None, certain_before: datetime
) -> None:
    if record.changed_at >= certain_before:
        # It may be read as it is, or as it was: held until any minute, committed, shipped or neither.
        facts.exact = False
        facts.recent_units += units
        facts.committed.add(units, certain=False)
        facts.on_hand.add(-units, certain=False)
    elif record.state is State.HELD and record.minute is not None:
        facts.held[record.minute] += units
    elif record.state is State.COMMITTED:
        facts.committed.add(units, certain=True)
    elif record.state is State.SHIPPED and record.shipped_at is not None:
        counted_already = shipped_since is not None and record.shipped_at < shipped_since
        facts.on_hand.add(0 if counted_already else -units, certain=True)


def differences(level: Level, facts: Facts, announced: Mapping[str, int]) -> dict[str, str]:
    """Counter → what it has and what its facts say. Empty: the level adds up.

    `announced`: the units outstanding of each announced receipt of the level's place, as they are kept.
    """
    found: dict[str, str] = {}
    spans: Mapping[str, Span] = {
        "on_hand": facts.on_hand,
        "committed": facts.committed,
        "unavailable": facts.unavailable.at_least_none,
        "incoming": facts.incoming,
    }
    for name, span in spans.items():
        if not span.holds(getattr(level, name)):
            found[name] = f"is {getattr(level, name)}, its facts say {span}"
    for minute in sorted(set(level.wheel) | set(facts.held)):
        entry = level.wheel.get(minute)
        believed = Span(facts.held.get(minute, 0), facts.held.get(minute, 0) + facts.recent_units)
        folded = entry is None and minute <= level.folded_to
        if not folded and not believed.holds(entry or 0):
            found[f"wheel.{minute}"] = f"is {entry or 0}, its facts say {believed}"
    for name in sorted(set(announced) | set(facts.announced)):
        if not facts.outstanding(name).holds(announced.get(name, 0)):
            found[f"announced.{name}"] = f"is {announced.get(name, 0)}, its facts say {facts.outstanding(name)}"
    if not level.adds_up():
        inside = level.available + level.reserved + level.committed + level.leased + level.unavailable
        found["sum"] = f"on_hand is {level.on_hand}, the parts add up to {inside}"
    return found


def repaired(level: Level, facts: Facts) -> Level:
    """The level as its facts say; what was folded stays folded. Raises ValueError unless the facts are exact."""
    if not facts.exact:
        raise ValueError("facts that are still moving repair nothing")
    wheel = {minute: units for minute, units in facts.held.items() if minute in level.wheel or minute > level.folded_to}
    unavailable = facts.unavailable.at_least_none.low
    inside = sum(wheel.values()) + facts.committed.low + unavailable + level.leased
    return replace(
        level,
        on_hand=facts.on_hand.low,
        committed=facts.committed.low,
        unavailable=unavailable,
        incoming=facts.incoming.low,
        wheel=wheel,
        available=facts.on_hand.low - inside,
    )
