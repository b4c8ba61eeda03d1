"""Which location serves a line: the first, in the stack's order, that holds the whole line. Never split."""

from collections.abc import Iterable, Mapping, Sequence

from .errors import BadInput, FieldError, Shortage
from .level import Level, Place
from .reservation import Line, Wanted

MAX_LINES = 90


def summed(lines: Sequence[Wanted]) -> tuple[Wanted, ...]:
    """Lines of one SKU at one location as one line, in the order of their first appearance.

    Raises BadInput if a SKU comes both with and without a location, or if more than 90 lines remain: a transaction
    takes 100 actions.
    """
    units: dict[tuple[str, str | None], int] = {}
    for line in lines:
        units[line.sku, line.location] = units.get((line.sku, line.location), 0) + line.quantity
    anywhere = {sku for sku, location in units if location is None}
    both = sorted({sku for sku, location in units if location is not None} & anywhere)
    if both:
        raise BadInput([FieldError("lines", f"{sku!r} either with a location in each line or in none") for sku in both])
    if len(units) > MAX_LINES:
        raise BadInput([FieldError("lines", f"at most {MAX_LINES} different SKUs, not {len(units)}")])
    return tuple(Wanted(sku, quantity, location) for (sku, location), quantity in units.items())


def candidates(line: Wanted, locations: Sequence[str]) -> Sequence[str]:
    return (line.location,) if line.location else locations


def place_lines(
    lines: Sequence[Wanted], *, locations: Sequence[str], sellable: Mapping[Place, int]
) -> tuple[tuple[Line, ...], tuple[Shortage, ...]]:
    """Each line at its location, by what is known: `sellable` holds only levels that were looked at.

    A level nobody has looked at is tried: the write itself finds out. Returns the served lines and the shortages;
    a shortage names the location that has most.
    """
    served: list[Line] = []
    short: list[Shortage] = []
    for line in lines:
        choices = candidates(line, locations)
        fitting = (at for at in choices if sellable.get(Place(line.sku, at), line.quantity) >= line.quantity)
        location = next(fitting, None)
        if location is not None:
            served.append(Line(line.sku, line.quantity, location))
            continue
        fullest = max(choices, key=lambda at: sellable[Place(line.sku, at)])
        free = max(0, sellable[Place(line.sku, fullest)])
        short.append(Shortage(line.sku, fullest, line.quantity, free))
    return tuple(served), tuple(short)


def places_of(lines: Iterable[Line]) -> set[Place]:
    return {line.place for line in lines}


def highest_fold_mark(levels: Iterable[Level]) -> int:
    return max((level.folded_to for level in levels), default=0)
