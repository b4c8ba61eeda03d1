"""What is there: levels for operators, availability for product pages, lists."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from holdfast.domain.errors import UnknownIncident, UnknownSku
from holdfast.domain.incident import Incident
from holdfast.domain.level import Announced, Level
from holdfast.domain.policy import Sku
from holdfast.domain.reservation import Reservation, State
from holdfast.domain.wheel import due_minutes
from holdfast.services.context import Context
from holdfast.store import keys
from holdfast.store.incidents import incident_from
from holdfast.store.levels import SkuView, settings_from
from holdfast.store.table import Item

from .oversold_orders import with_orders

ASKED_AT_ONCE = 8
DAYS_PER_PAGE = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class BackSoon:
    """Units whose hold ends at `at` unless it is paid by then."""

    at: datetime
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """What a product page needs of one SKU, over all locations. `known` False: there is no such SKU.

    `free` counts the units of holds that have ended; `oversold` units are promised and not there.
    """

    sku: str
    known: bool
    free: int = 0
    oversold: int = 0
    back_soon: tuple[BackSoon, ...] = ()
    incoming: tuple[Announced, ...] = ()


def put_sku(context: Context, sku: Sku) -> Sku:
    """Create a SKU or replace its settings. Other processes act on them within 30 s."""
    now = context.clock()
    context.ledger.levels.put_settings(sku, now=now)
    context.memory.note_settings([sku], now=now)
    return sku


def get_sku(context: Context, sku: str) -> Sku:
    """Raises UnknownSku."""
    found = context.ledger.levels.settings([sku]).get(sku)
    if found is None:
        raise UnknownSku([sku])
    return found


def levels_of(context: Context, sku: str) -> SkuView:
    """Levels by location and open announcements. Raises UnknownSku, LedgerBroken."""
    view = context.ledger.levels.of_sku(sku)
    if view.settings is None:
        raise UnknownSku([sku])
    return view


def availability(context: Context, skus: Sequence[str]) -> list[Availability]:
    """In the order asked for."""
    with ThreadPoolExecutor(max_workers=ASKED_AT_ONCE) as several:
        return list(several.map(lambda sku: _availability(context, sku), skus))


def _availability(context: Context, sku: str) -> Availability:
    view = context.ledger.levels.of_sku(sku)
    if view.settings is None:
        return Availability(sku=sku, known=False)
    now_s, margin_s = context.clock().timestamp(), context.policy.margin_seconds
    # A location that is oversold does not take away what another one has.
    free = sum(max(0, level.sellable(now_s=now_s, margin_seconds=margin_s)) for level in view.levels)
    return Availability(
        sku=sku,
        known=True,
        free=free,
        oversold=sum(max(0, -level.sellable(now_s=now_s, margin_seconds=margin_s)) for level in view.levels),
        back_soon=_back_soon(view.levels, now_s=now_s, margin_s=margin_s),
        incoming=tuple(sorted(view.announced, key=lambda each: (each.expected_at is None, each.expected_at or now_s))),
    )


def _back_soon(levels: Iterable[Level], *, now_s: float, margin_s: float) -> tuple[BackSoon, ...]:
    units: dict[int, int] = {}
    for level in levels:
        due = due_minutes(level.wheel, now_s=now_s, margin_seconds=margin_s)
        for minute, held in level.wheel.items():
            if minute not in due and held > 0:
                units[minute] = units.get(minute, 0) + held
    return tuple(BackSoon(at=datetime.fromtimestamp(minute, UTC), units=held) for minute, held in sorted(units.items()))


def list_skus(context: Context, *, limit: int, start: Item | None) -> tuple[list[Sku], Item | None]:
    page = context.ledger.levels.all_skus(limit=limit, start=start)
    return [settings_from(item) for item in page.items], page.next


def list_incidents(
    context: Context, *, is_open: bool, limit: int, start: Item | None
) -> tuple[list[Incident], Item | None]:
    """Newest first; a shortage tells which orders it leaves without units now."""
    page = context.ledger.incidents.listed(is_open=is_open, limit=limit, start=start)
    return [with_orders(context, incident_from(item)) for item in page.items], page.next


def close_incident(context: Context, incident_id: str, *, note: str | None) -> Incident:
    """Closing it again changes nothing. Raises UnknownIncident."""
    found = context.ledger.incidents.get(incident_id)
    if found is not None and not found.open:
        return found
    if found is None or not context.ledger.incidents.close(incident_id, at=context.clock(), note=note):
        raise UnknownIncident(incident_id)
    closed = context.ledger.incidents.get(incident_id)
    if closed is None:
        raise UnknownIncident(incident_id)
    return closed


def list_reservations_of_sku(
    context: Context, sku: str, *, limit: int, start: Item | None
) -> tuple[list[Reservation], Item | None]:
    """Newest first. A reservation appears here a moment after it was made."""
    ids, following = context.ledger.register.reservation_ids(
        keys.sku_reservations_partition(sku), limit=limit, start=start
    )
    return _in_order(context, ids), following


def list_reservations(context: Context, *, limit: int, start: Item | None) -> tuple[list[Reservation], Item | None]:
    """All, newest first, day by day (UTC); a page looks back at most a month of empty days and says where to go on."""
    oldest = context.clock() - timedelta(seconds=context.policy.keep_ended_seconds)
    day = date.fromisoformat(start["day"]) if start else context.clock().astimezone(UTC).date()
    row = start.get("row") if start else None
    for _ in range(DAYS_PER_PAGE):
        ids, row = context.ledger.register.reservation_ids(keys.day_partition(day), limit=limit, start=row)
        here, day = day, day - timedelta(days=1)
        if ids:
            return _in_order(context, ids), {"day": here.isoformat(), "row": row} if row else {"day": day.isoformat()}
        if day < oldest.date():
            return [], None
    return [], {"day": day.isoformat()}


def list_refunds(context: Context, *, limit: int, start: Item | None) -> tuple[list[Reservation], Item | None]:
    """Those whose refund is due, by their deadline. One that was paid back is gone from here a moment later."""
    ids, following = context.ledger.register.refund_ids(limit=limit, start=start)
    return [each for each in _in_order(context, ids) if each.state is State.REFUND_DUE], following


def _in_order(context: Context, ids: Sequence[str]) -> list[Reservation]:
    """The records of these ids, in their order; those that are gone are left out."""
    records = {record.id: record for record in context.ledger.reservations.get_many(ids)}
    return [records[each] for each in ids if each in records]
