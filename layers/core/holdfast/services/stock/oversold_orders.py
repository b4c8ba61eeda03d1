"""Which orders cannot be served: the newest that are promised and not shipped, as many as units are missing."""

from collections.abc import Iterable
from dataclasses import replace

from holdfast.domain.incident import Incident, Kind
from holdfast.domain.level import Place
from holdfast.domain.reservation import Reservation, State
from holdfast.services.context import Context

from .units_since import reservations_of_sku

MOST_ORDERS = 200


def with_orders(context: Context, found: Incident) -> Incident:
    """An open shortage with its orders, oldest first; any other incident as it is."""
    if found.kind is not Kind.OVERSOLD or not found.open:
        return found
    place = Place(str(found.facts["sku"]), str(found.facts["location"]))
    return replace(found, orders=orders_short(context, place))


def orders_short(context: Context, place: Place) -> tuple[str, ...]:
    """Ids of the reservations that the units at the place do not reach for, in the order in which they were made."""
    level = context.ledger.levels.get(place)
    missing = level.oversold if level else 0
    short: list[str] = []
    for record, units in _promised(place, reservations_of_sku(context, place.sku)):
        if missing <= 0 or len(short) >= MOST_ORDERS:
            break
        short.append(record.id)
        missing -= units
    return tuple(reversed(short))


def _promised(place: Place, records: Iterable[Reservation]) -> Iterable[tuple[Reservation, int]]:
    """Newest first, as they come."""
    for record in records:
        units = sum(line.quantity for line in record.lines if line.place == place)
        if units and record.state is State.COMMITTED:
            yield record, units
