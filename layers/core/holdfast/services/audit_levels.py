"""Re-add every level from its facts; look twice before an alarm; repair with an entry that says why.

Reservations of a SKU are found through rows that the stream's consumer writes, which can be behind. So a difference
is no drift yet: the whole table is read once for the records those rows do not know, and the SKU is looked at again.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from holdfast.domain import incident
from holdfast.domain.audit import Facts, Moved, add_up, differences, repaired
from holdfast.domain.level import Level, Place
from holdfast.domain.reservation import Reservation
from holdfast.store import keys
from holdfast.store.movements import Recorded
from holdfast.store.register import reservation_rows
from holdfast.store.reservations import record_from
from holdfast.store.table import ConditionFailed, Item, Put

from .checkpoint_shipped import checkpoint_shipped
from .command_reservation import release_unpaid
from .context import Context
from .fold_level import fold_level
from .units_since import reservations_of_sku

SKUS_AT_ONCE = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One level beside its facts."""

    level: Level
    facts: Facts

    @property
    def off(self) -> dict[str, str]:
        return differences(self.level, self.facts)


@dataclass(slots=True)
class Audited:
    """`levels` checked; `off` those that did not add up; `repaired` of them; `moving` too busy to be repaired now."""

    skus: int = 0
    levels: int = 0
    off: list[dict[str, object]] = field(default_factory=list)
    repaired: int = 0
    moving: int = 0
    finished: bool = True


def audit_skus(context: Context, skus: Iterable[str]) -> Audited:
    """Audit these SKUs."""
    audited = Audited()
    suspicious: list[str] = []
    for sku in skus:
        looks = _look(context, sku)
        audited.skus += 1
        audited.levels += len(looks)
        if any(look.off for look in looks):
            suspicious.append(sku)
    if suspicious:
        _list_what_is_not_listed(context, set(suspicious))
        for sku in suspicious:
            for look in _look(context, sku):
                if look.off:
                    _alarm(context, look, audited)
    context.count("LevelsAudited", audited.levels)
    context.count("DriftFound", len(audited.off))
    return audited


def audit_all(context: Context, *, time_is_short: Callable[[], bool] = lambda: False) -> Audited:
    """Audit every SKU, from where the last call had to stop."""
    total = Audited()
    start: Item | None = _bookmark(context)
    while not time_is_short():
        page = context.ledger.levels.all_skus(limit=SKUS_AT_ONCE, start=start)
        part = audit_skus(context, [item["listed"] for item in page.items])
        total.skus += part.skus
        total.levels += part.levels
        total.off += part.off
        total.repaired += part.repaired
        total.moving += part.moving
        start = page.next
        if start is None:
            break
    else:
        total.finished = False
    context.ledger.table.write(Put(key=keys.AUDIT_BOOKMARK, item={"start": start} if start else {}))
    return total


def _bookmark(context: Context) -> Item | None:
    found = context.ledger.table.get(keys.AUDIT_BOOKMARK)
    start: Item | None = found.get("start") if found else None
    return start


def _look(context: Context, sku: str) -> list[Look]:
    """Every level of the SKU beside its facts, levels read first: what changes later shows as recent."""
    read_at = context.clock()
    view = context.ledger.levels.of_sku(sku, check=False)
    movements = context.ledger.movements.of_sku(sku)
    records = list(reservations_of_sku(context, sku))
    cutoff = max((each.shipped_before for each in movements if each.shipped_before), default=None)
    levels = {level.place: level for level in view.levels}
    places = set(levels) | _places(sku, movements, records)
    looks = [
        Look(
            level=levels.get(place, Level(place=place)),
            facts=add_up(
                place,
                movements=[_moved(each, place) for each in movements],
                reservations=records,
                shipped_since=cutoff,
                certain_before=read_at - timedelta(seconds=context.policy.recent_seconds),
            ),
        )
        for place in sorted(places, key=lambda place: place.location)
    ]
    _settle_what_the_register_missed(context, levels.values(), records, now=read_at)
    if looks and not any(look.off for look in looks):
        checkpoint_shipped(context, sku, records, last=cutoff, now=read_at)
    return looks


def _places(sku: str, movements: Sequence[Recorded], records: Sequence[Reservation]) -> set[Place]:
    named = {location for each in movements for location in (*each.on_hand, *each.unavailable, *each.incoming)}
    served = {line.location for record in records for line in record.lines if line.sku == sku}
    return {Place(sku, location) for location in named | served}


def _moved(recorded: Recorded, place: Place) -> Moved:
    at = place.location
    return Moved(
        at=recorded.at,
        on_hand=recorded.on_hand.get(at, 0),
        unavailable=recorded.unavailable.get(at, 0),
        incoming=recorded.incoming.get(at, 0),
    )


def _settle_what_the_register_missed(
    context: Context, levels: Iterable[Level], records: Iterable[Reservation], *, now: datetime
) -> None:
    for level in levels:
        if level.adds_up():
            fold_level(context, level, now=now)
    for record in records:
        if record.awaits_payment and record.pay_by is not None and record.pay_by < now:
            release_unpaid(context, record.id)


def _list_what_is_not_listed(context: Context, skus: set[str]) -> None:
    """Read the whole table once and write the rows of every record of these SKUs. Costly, and rare: only in doubt."""
    start: Item | None = None
    while True:
        page = context.ledger.table.scan(start=start)
        records = [record_from(item) for item in page.items if item["sk"] == "RESERVATION"]
        doubted = [record for record in records if any(line.sku in skus for line in record.lines)]
        context.ledger.register.write(row for record in doubted for row in reservation_rows(record))
        start = page.next
        if start is None:
            return


def _alarm(context: Context, look: Look, audited: Audited) -> None:
    place = look.level.place
    if not look.facts.exact:
        audited.moving += 1
        return
    audited.off.append({"sku": place.sku, "location": place.location, "differences": look.off})
    version = look.level.version
    try:
        context.ledger.levels.replace(repaired(look.level, look.facts), seen_version=version)
    except ConditionFailed:
        audited.moving += 1  # it changed meanwhile: the next audit looks again
        return
    audited.repaired += 1
    told = incident.drift_found(place.sku, place.location, version=version, differences=look.off, at=context.clock())
    context.ledger.incidents.open(told)
