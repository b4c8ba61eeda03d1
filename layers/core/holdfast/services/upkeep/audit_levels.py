"""Re-add every level from its facts; look twice before an alarm; repair with an entry that says why.

Reservations of a SKU are found through rows that the stream's consumer writes, which can be behind. So a difference
is no drift yet: the whole table is read once for the records those rows do not know, and the SKU is looked at again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from holdfast.domain import incident
from holdfast.domain.audit import Facts, Moved, add_up, differences, repaired
from holdfast.domain.errors import HoldfastError
from holdfast.domain.level import Announced, Level, Place
from holdfast.domain.reservation import Reservation
from holdfast.services.context import Context
from holdfast.services.reservations.command_reservation import release_unpaid
from holdfast.services.stock.fold_level import fold_level
from holdfast.services.stock.units_since import reservations_of_sku
from holdfast.store import keys
from holdfast.store.movements import Recorded
from holdfast.store.register import reservation_rows
from holdfast.store.reservations import record_from
from holdfast.store.table import Item, Put

from .checkpoint_shipped import checkpoint_shipped

SKUS_AT_ONCE = 25
# A transaction takes 100 actions; what is left over is found by the next audit.
RECEIPTS_AT_ONCE = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One level and the announced receipts of its place, beside their facts."""

    level: Level
    announced: Mapping[str, Announced]
    facts: Facts

    @property
    def off(self) -> dict[str, str]:
        kept = {name: each.outstanding for name, each in self.announced.items()}
        return differences(self.level, self.facts, kept)

    def announcements_repaired(self) -> list[tuple[Announced, int | None]]:
        """Each announced receipt that is not as its facts say, as it should be, and the units it is kept with."""
        location = self.level.place.location
        found: list[tuple[Announced, int | None]] = []
        for name in sorted(set(self.announced) | set(self.facts.announced)):
            kept, units = self.announced.get(name), self.facts.outstanding(name).low
            if units != (kept.outstanding if kept else 0):
                told = (
                    replace(kept, outstanding=units)
                    if kept
                    else Announced(id=name, location=location, outstanding=units)
                )
                found.append((told, kept.outstanding if kept else None))
        return found


@dataclass(slots=True)
class Audited:
    """`levels` checked; `off` those that did not add up; `repaired` of them; `moving` too busy to be repaired now.

    `failed`: SKUs that could not be looked at.
    """

    skus: int = 0
    levels: int = 0
    off: list[dict[str, object]] = field(default_factory=list)
    repaired: int = 0
    moving: int = 0
    failed: int = 0
    finished: bool = True


def audit_skus(context: Context, skus: Iterable[str]) -> Audited:
    """Audit these SKUs."""
    audited = Audited()
    suspicious: dict[Place, int] = {}
    for sku in skus:
        audited.skus += 1
        looks = _try_to_look(context, sku, audited)
        audited.levels += len(looks)
        suspicious.update({look.level.place: look.level.version for look in looks if look.off})
    if suspicious:
        doubted = {place.sku for place in suspicious}
        _list_what_is_not_listed(context, doubted)
        for look in (each for sku in sorted(doubted) for each in _try_to_look(context, sku, audited)):
            if look.off:
                _alarm(context, look, audited, first_version=suspicious.get(look.level.place))
            elif look.level.place in suspicious and not look.facts.exact:
                audited.moving += 1  # what was off may only be hidden by records that changed a moment ago
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
        total.failed += part.failed
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


def _try_to_look(context: Context, sku: str, audited: Audited) -> list[Look]:
    """One SKU that cannot be looked at now stops no other."""
    try:
        return _look(context, sku)
    except HoldfastError:
        context.count("AuditFailures", 1)
        audited.failed += 1
        return []


def _look(context: Context, sku: str) -> list[Look]:
    """Every level of the SKU beside its facts, levels read first: what changes later shows as recent."""
    read_at = context.clock()
    view = context.ledger.levels.of_sku(sku, check=False)
    # What the register missed is folded here; a level that does not add up is left as it is, to be shown.
    levels = {
        level.place: fold_level(context, level, now=read_at) if level.adds_up() else level for level in view.levels
    }
    movements = context.ledger.movements.of_sku(sku)
    records = list(reservations_of_sku(context, sku))
    cutoff = max((each.shipped_before for each in movements if each.shipped_before), default=None)
    places = set(levels) | _places(sku, movements, records)
    looks = [
        Look(
            level=levels.get(place, Level(place=place)),
            announced={each.id: each for each in view.announced if each.location == place.location},
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
    _release_unpaid(context, records, now=read_at)
    if looks and not any(look.off or not look.facts.exact for look in looks):
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
        announcement=recorded.movement.announced_as or "",
    )


def _release_unpaid(context: Context, records: Iterable[Reservation], *, now: datetime) -> None:
    """Orders whose time is over and whose row in the register was lost.

    One whose level lost its units cannot be released now; that level must be repaired first, so it stops no look.
    """
    for record in records:
        if record.awaits_payment and record.pay_by is not None and record.pay_by <= now:
            try:
                release_unpaid(context, record.id)
            except HoldfastError:
                context.count("AuditFailures", 1)


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


def _alarm(context: Context, look: Look, audited: Audited, *, first_version: int | None) -> None:
    """Alarm and repair, in one transaction, what was off twice and did not change between the looks.

    A level that did change may hold what was made after the table was read, and is listed nowhere yet.
    """
    level, place = look.level, look.level.place
    if not look.facts.exact or level.version != first_version:
        audited.moving += 1
        return
    told = incident.drift_found(
        place.sku, place.location, version=level.version, differences=look.off, at=context.clock()
    )
    announced = look.announcements_repaired()[:RECEIPTS_AT_ONCE]
    if not context.ledger.levels.repair(
        repaired(level, look.facts), seen_version=level.version, announced=announced, told=told
    ):
        audited.moving += 1  # it changed meanwhile, so nothing is known of it: the next audit looks again
        return
    audited.off.append({"sku": place.sku, "location": place.location, "differences": look.off})
    audited.repaired += 1
