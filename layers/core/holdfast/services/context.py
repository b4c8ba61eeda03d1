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
REFUSAL_REMEMBERED = timedelta(minutes=1)
MEMORIES_KEPT = 10_000


class Memory:
    """What one process remembers between requests. Losing it costs calls, never correctness."""

    def __init__(self) -> None:
        self._shortages: dict[Place, tuple[Level, datetime]] = {}
        self._settings: dict[str, tuple[Sku, datetime]] = {}
        self._buyers: set[str] = set()
        self._refusals: dict[tuple[str, str], datetime] = {}

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

    def knows_buyer(self, buyer_id: str) -> bool:
        """Whether this buyer has a budget for certain: then it is read first, instead of being run into."""
        return buyer_id in self._buyers

    def note_buyer(self, buyer_id: str) -> None:
        if len(self._buyers) >= MEMORIES_KEPT:
            self._buyers.clear()
        self._buyers.add(buyer_id)

    def tells_refusal(self, buyer_id: str, code: str, *, now: datetime) -> bool:
        """Whether this refusal is worth a note: one a minute is enough, however often he asks."""
        told = self._refusals.get((buyer_id, code))
        if told is not None and now - told < REFUSAL_REMEMBERED:
            return False
        if len(self._refusals) >= MEMORIES_KEPT:
            self._refusals.clear()
        self._refusals[buyer_id, code] = now
        return True


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
