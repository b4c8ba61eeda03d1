"""A change of lines while a hold lasts: the difference is taken or given back, and the hold gets no longer."""

from collections.abc import Iterator, Sequence

from . import changes
from .commands import Decision, FoldFirst, Situation, Stay, Write
from .conditions import WHEEL_ROOM
from .errors import BadInput, FieldError, InsufficientStock, NotInThisState, Shortage, VersionChanged
from .level import LevelChange, Place
from .placing import place_lines
from .reservation import Command, Line, Refuse, Reservation, Wanted, rule_for

# A transaction takes 100 actions: the record, the buyer's budget, and so many levels.
MOST_LEVELS_CHANGED = 98


def change(
    record: Reservation, situation: Situation, *, wanted: Sequence[Wanted], version: int | None = None
) -> Decision:
    """`wanted`: all lines as they shall be, summed. `version`: what the caller saw; a late repeat undoes nothing.

    Raises NotInThisState unless held and not ended, VersionChanged, InsufficientStock, BadInput.
    """
    rule = rule_for(record, Command.CHANGE)
    if isinstance(rule, Refuse):
        raise NotInThisState(rule.code, state=record.state.value, command=Command.CHANGE.value)
    if _is_served(record, wanted):
        return Stay(record=record)
    if record.expired(situation.now) or record.minute is None:
        raise _ended()
    if version is not None and version != record.version:
        raise VersionChanged(version, record.version)
    lines = _placed(record, situation, wanted)
    found = list(_changes(record, situation, lines, minute=record.minute))
    fold = next((each for each in found if isinstance(each, FoldFirst)), None)
    if fold is not None:
        return fold
    short = [each for each in found if isinstance(each, Shortage)]
    if short:
        raise InsufficientStock(short)
    moved = tuple(each for each in found if isinstance(each, LevelChange))
    if len(moved) > MOST_LEVELS_CHANGED:
        raise BadInput([FieldError("lines", f"a change of at most {MOST_LEVELS_CHANGED} lines")])
    return Write(record=record.became(record.state, "lines changed", situation.now, lines=lines), changes=moved)


def _ended() -> NotInThisState:
    return NotInThisState("hold_ended", state="expired", command=Command.CHANGE.value)


def _is_served(record: Reservation, wanted: Sequence[Wanted]) -> bool:
    """Whether the lines are as wanted already: a repeat."""
    if len(wanted) != len(record.lines):
        return False
    left = list(record.lines)
    for want in wanted:
        line = next((ln for ln in left if _same(ln, want) and ln.quantity == want.quantity), None)
        if line is None:
            return False
        left.remove(line)
    return True


def _same(line: Line, want: Wanted) -> bool:
    return line.sku == want.sku and want.location in (None, line.location)


def _placed(record: Reservation, situation: Situation, wanted: Sequence[Wanted]) -> tuple[Line, ...]:
    """A line that is there stays where it is; a new one goes where there are enough, as far as is known."""
    lines: list[Line] = []
    new: list[Wanted] = []
    for want in wanted:
        there = [line for line in record.lines if _same(line, want)]
        if len(there) > 1:
            raise BadInput([FieldError("lines", f"{want.sku!r} with its location, as it is held at several")])
        if there:
            lines.append(Line(want.sku, want.quantity, there[0].location))
        else:
            new.append(want)
    sellable = {place: level.available - situation.floors.get(place.sku, 0) for place, level in situation.seen.items()}
    served, short = place_lines(new, locations=situation.policy.locations, sellable=sellable)
    # One that is short keeps the fullest location, so that due units there are folded before it is refused.
    return (*lines, *served, *(Line(each.sku, each.wanted, each.location) for each in short))


def _changes(
    record: Reservation, situation: Situation, lines: Sequence[Line], *, minute: int
) -> Iterator[LevelChange | FoldFirst | Shortage]:
    held = {line.place: line.quantity for line in record.lines}
    wanted = {line.place: line for line in lines}
    for place in dict.fromkeys([*held, *wanted]):
        before, line = held.get(place, 0), wanted.get(place)
        after = line.quantity if line else 0
        level = situation.seen.get(place)
        if before and before != after and level is not None and level.wheel.get(minute, 0) < before:
            raise _ended()  # somebody's clock is ahead and has folded it
        if after < before:
            yield changes.hold_fewer(place, before - after, minute=minute, held=before)
        elif after > before and line is not None:
            yield _more(situation, line, before=before, minute=minute)


def _more(situation: Situation, line: Line, *, before: int, minute: int) -> LevelChange | FoldFirst | Shortage:
    place: Place = line.place
    more, floor, level = line.quantity - before, situation.floor(line), situation.seen.get(line.place)
    if level is not None:
        crowded = not before and len(level.wheel) >= WHEEL_ROOM
        if (level.available < more + floor or crowded) and situation.has_due(level):
            return FoldFirst(level)
        if level.available < more + floor:
            return Shortage(line.sku, line.location, line.quantity, before + max(0, level.available - floor))
        if not before and level.folded_to >= minute:
            raise _ended()
        if crowded:
            return changes.hold_in_crowd(place, more, minute=minute, floor=floor)
    if before:
        return changes.hold_more(place, more, minute=minute, held=before, floor=floor)
    return changes.hold(place, more, minute=minute, floor=floor)
