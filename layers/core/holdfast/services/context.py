"""What every service works with. Made once per process by the composition root, or by a test with fakes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from holdfast.domain.errors import UnknownSku
from holdfast.domain.level import Level, Place
from holdfast.domain.policy import Policy, Sku
from holdfast.store.ledger import Ledger

SETTINGS_REMEMBERED = timedelta(seconds=30)
SHORTAGE_REMEMBERED = timedelta(seconds=1)
MEMORIES_KEPT = 10_000


class Memory:
    """What one process remembers between requests. Losing it costs calls, never correctness."""

    def __init__(self) -> None:
        self._shortages: dict[Place, tuple[Level, datetime]] = {}
        self._settings: dict[str, tuple[Sku, datetime]] = {}

    def note_short(self, level: Level, *, now: datetime) -> None:
        """Keep what a look at a short level showed."""
        if len(self._shortages) >= MEMORIES_KEPT:
            self._shortages.clear()
        self._shortages[level.place] = (level, now)

    def last_look(self, place: Place) -> tuple[Level, datetime] | None:
        """The level as it was when it was last found short, and when; None: it never was, or suffices again."""
        return self._shortages.get(place)

    def forget_shortage(self, place: Place) -> None:
        self._shortages.pop(place, None)

    def settings(self, sku: str, *, now: datetime) -> Sku | None:
        found = self._settings.get(sku)
        return found[0] if found and now - found[1] < SETTINGS_REMEMBERED else None

    def note_settings(self, settings: Iterable[Sku], *, now: datetime) -> None:
        if len(self._settings) >= MEMORIES_KEPT:
            self._settings.clear()
        self._settings.update({each.sku: (each, now) for each in settings})


@dataclass(frozen=True, slots=True)
class Context:
    """`clock` gives aware UTC times; `wait(attempt)` sleeps between attempts; `count(metric, n)` counts.

    `measure(metric, seconds)` is for what has quantiles.
    """

    ledger: Ledger
    policy: Policy
    clock: Callable[[], datetime]
    wait: Callable[[int], None]
    count: Callable[[str, int], None]
    memory: Memory = field(default_factory=Memory)
    measure: Callable[[str, float], None] = lambda _metric, _seconds: None

    def settings_of(self, skus: Iterable[str]) -> Mapping[str, Sku]:
        """Settings of every one of the SKUs, at most 30 s old. Raises UnknownSku naming those that do not exist."""
        now = self.clock()
        known = {sku: self.memory.settings(sku, now=now) for sku in dict.fromkeys(skus)}
        missing = [sku for sku, found in known.items() if found is None]
        read = self.ledger.levels.settings(missing) if missing else {}
        self.memory.note_settings(read.values(), now=now)
        unknown = [sku for sku in missing if sku not in read]
        if unknown:
            raise UnknownSku(unknown)
        return {sku: found or read[sku] for sku, found in known.items()}
