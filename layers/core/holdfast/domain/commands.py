"""What a command does to a reservation: pure decisions, taken anew after each failed write.

`Situation.seen` holds levels as the last failed write returned them, never older than the record they are judged
with. A level that is not in it is believed to be as the record says; the write's own conditions find out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from . import changes, incident
from .errors import ClockAhead, InsufficientStock, LedgerBroken, NotInThisState, Shortage
from .incident import Incident
from .level import Level, LevelChange, Place
from .placing import highest_fold_mark
from .policy import Policy
from .reservation import Command, Go, Line, Refuse, Reservation, State, rule_for
from .wheel import boundary, boundary_after

COMMITTED_LATE = "committed late"
HELD_AGAIN = "held again, payment begun"


@dataclass(frozen=True, slots=True)
class Situation:
    """What a command is judged by: the levels seen in failed writes, the time, the stack's settings.

    `floors`: so many last units by SKU are not for this buyer to hold. A payment is not asked for them.
    """

    seen: Mapping[Place, Level]
    now: datetime
    policy: Policy
    floors: Mapping[str, int] = field(default_factory=dict)

    def floor(self, line: Line) -> int:
        return self.floors.get(line.sku, 0)

    def has_due(self, level: Level) -> bool:
        return bool(level.due(now_s=self.now.timestamp(), margin_seconds=self.policy.margin_seconds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Write `record` over its last version, with the levels and the incidents, or nothing of it."""

    record: Reservation
    changes: tuple[LevelChange, ...] = ()
    incidents: tuple[Incident, ...] = ()
    closes: tuple[str, ...] = ()
    outcome: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """Nothing changes; `record` is the answer. `incidents` are written all the same."""

    record: Reservation
    incidents: tuple[Incident, ...] = ()
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class FoldFirst:
    """Too little is free, and units of ended holds lie in this level: fold it, then decide again."""

    level: Level


Decision = Write | Stay | FoldFirst


@dataclass(frozen=True, slots=True)
class _Sources:
    """Where each line's units come from: its own entry, free units, or nowhere."""

    entry: Sequence[Line]
    free: Sequence[Line]
    short: Sequence[Line]


def _next_state(record: Reservation, command: Command) -> Go | None:
    """None: the command changes nothing. Raises NotInThisState where the table refuses."""
    rule = rule_for(record, command)
    if isinstance(rule, Refuse):
        raise NotInThisState(rule.code, state=record.state.value, command=command.value)
    return rule if isinstance(rule, Go) else None


def _sources(record: Reservation, situation: Situation) -> _Sources | FoldFirst:
    entry: list[Line] = []
    free: list[Line] = []
    short: list[Line] = []
    for line in record.lines:
        level = situation.seen.get(line.place)
        held = record.minute if record.state is State.HELD else None
        if level is None:
            (free if held is None else entry).append(line)
        elif held is not None and level.wheel.get(held, 0) >= line.quantity:
            entry.append(line)
        elif level.available >= line.quantity + situation.floor(line):
            free.append(line)
        elif situation.has_due(level):
            return FoldFirst(level)
        else:
            short.append(line)
    return _Sources(entry, free, short)


def commit(record: Reservation, situation: Situation, *, payment_id: str) -> Decision:
    """Money has moved. Never refused: the outcome is `committed`, `refund_due`, `refunded` or `duplicate_payment`."""
    now = situation.now
    if record.payment_id is not None:
        return _paid_before(record, payment_id=payment_id, now=now)
    if record.state in (State.COMMITTED, State.SHIPPED):
        paid = record.became(record.state, "paid", now, paid=True, payment_id=payment_id, pay_by=None)
        return Write(record=paid, outcome="committed")
    if record.state is State.RELEASED:
        return _refund(record, "paid after its release", (), payment_id=payment_id, situation=situation)
    sources = _sources(record, replace(situation, floors={}))
    if isinstance(sources, FoldFirst):
        return sources
    if sources.short:
        back = tuple(changes.give_back_held(ln.place, ln.quantity, minute=_minute(record)) for ln in sources.entry)
        return _refund(record, "paid too late, units gone", back, payment_id=payment_id, situation=situation)
    taken = (
        *(changes.commit_held(ln.place, ln.quantity, minute=_minute(record)) for ln in sources.entry),
        *(changes.commit_free(ln.place, ln.quantity) for ln in sources.free),
    )
    what = COMMITTED_LATE if record.expired(now) else "committed"
    paid = record.became(State.COMMITTED, what, now, paid=True, payment_id=payment_id, minute=None)
    return Write(record=paid, changes=taken, outcome="committed")


def _paid_before(record: Reservation, *, payment_id: str, now: datetime) -> Stay:
    if record.payment_id == payment_id:
        served = record.state in (State.COMMITTED, State.SHIPPED)
        return Stay(record=record, outcome="committed" if served else record.state.value)
    twice = incident.duplicate_payment(
        record.id, payment_id=payment_id, first_payment_id=str(record.payment_id), at=now
    )
    return Stay(record=record, incidents=(twice,), outcome="duplicate_payment")


def _refund(
    record: Reservation, why: str, back: tuple[LevelChange, ...], *, payment_id: str | None, situation: Situation
) -> Write:
    now = situation.now
    by = now + timedelta(seconds=situation.policy.refund_seconds)
    due = record.became(
        State.REFUND_DUE,
        f"refund due: {why}",
        now,
        paid=True,
        payment_id=payment_id,
        minute=None,
        pay_by=None,
        refund_by=by,
    )
    told = incident.refund_due(record.id, payment_id=payment_id, why=why, at=now)
    return Write(record=due, changes=back, incidents=(told,), outcome="refund_due")


def begin_payment(record: Reservation, situation: Situation) -> Decision:
    """The second pre-deduction: the hold covers the payment window, taken anew if it had ended.

    Raises InsufficientStock if the hold ended and its units are gone (the record stays), NotInThisState.
    """
    if _next_state(record, Command.BEGIN_PAYMENT) is None:
        return Stay(record=record)
    if record.payment_begun and not record.expired(situation.now):
        return Stay(record=record)
    sources = _sources(record, situation)
    if isinstance(sources, FoldFirst):
        return sources
    if sources.short:
        raise InsufficientStock(
            [Shortage(line.sku, line.location, line.quantity, _free(situation, line)) for line in sources.short]
        )
    minute = _minute(record)
    until = _payment_minute(minute, situation, anew=bool(sources.free))
    kept = [
        changes.still_held(line.place, line.quantity, minute=minute)
        if until == minute
        else changes.lengthen(line.place, line.quantity, minute=minute, until=until)
        for line in sources.entry
    ]
    anew = [
        changes.hold_in_crowd(line.place, line.quantity, minute=until, floor=situation.floor(line))
        for line in sources.free
    ]
    what = HELD_AGAIN if sources.free else "payment begun"
    begun = record.became(State.HELD, what, situation.now, payment_begun=True, minute=until)
    return Write(record=begun, changes=(*kept, *anew))


def _free(situation: Situation, line: Line) -> int:
    """What this buyer may take of a level that was seen."""
    return max(0, situation.seen[line.place].available - situation.floor(line))


def _payment_minute(minute: int, situation: Situation, *, anew: bool) -> int:
    """The end of the payment window, never before the hold's own, and beyond every fold mark it must enter."""
    now, policy = situation.now, situation.policy
    window, step = policy.payment_window_seconds, policy.step_seconds
    until = max(minute, boundary(now_s=now.timestamp(), length_seconds=window, step_seconds=step))
    mark = highest_fold_mark(situation.seen.values())
    if (anew or until != minute) and mark >= until:
        refuse_wrong_clock(mark, now=now, policy=policy)
        until = boundary_after(max(until, mark), length_seconds=window, step_seconds=step)
    return until


def refuse_wrong_clock(fold_mark: int, *, now: datetime, policy: Policy) -> None:
    """Raises ClockAhead if a fold mark is so far ahead of our clock that following it would hold units too long."""
    ahead = fold_mark - now.timestamp()
    if ahead > policy.clock_alarm_seconds:
        raise ClockAhead(f"a level was folded {ahead:.0f} s ahead of this clock; check the clocks of the functions")


def release(record: Reservation, situation: Situation, *, what: str = "released") -> Decision:
    """The buyer or the shop gives the units back. Raises NotInThisState after shipping."""
    rule = _next_state(record, Command.RELEASE)
    if rule is None:
        return Stay(record=record, outcome="refund_due" if record.state is State.REFUND_DUE else None)
    if record.state is State.COMMITTED:
        _assert_committed(record, situation)
        back = tuple(changes.give_back_committed(line.place, line.quantity) for line in record.lines)
        if rule.state is State.REFUND_DUE:
            return _refund(record, what, back, payment_id=record.payment_id, situation=situation)
    else:
        back = _give_back_what_is_held(record, situation)
    return Write(record=record.became(rule.state, what, situation.now, minute=None, pay_by=None), changes=back)


def release_unpaid(record: Reservation, situation: Situation) -> Decision:
    """The time to pay an order is over, by the margin: no other clock can still think it is not.

    Anything but an unpaid, unshipped order is left alone.
    """
    margin = timedelta(seconds=situation.policy.margin_seconds)
    if not record.awaits_payment or record.pay_by is None or situation.now < record.pay_by + margin:
        return Stay(record=record)
    return release(record, situation, what="released unpaid")


def _give_back_what_is_held(record: Reservation, situation: Situation) -> tuple[LevelChange, ...]:
    """Lines whose entry was folded are back already: a folded entry never returns."""
    if record.state is not State.HELD:
        return ()
    minute, seen = _minute(record), situation.seen
    return tuple(
        changes.give_back_held(line.place, line.quantity, minute=minute)
        for line in record.lines
        if line.place not in seen or seen[line.place].wheel.get(minute, 0) >= line.quantity
    )


def ship(record: Reservation, situation: Situation) -> Decision:
    """The goods left the building. Raises NotInThisState unless committed."""
    rule = _next_state(record, Command.SHIP)
    if rule is None:
        return Stay(record=record)
    _assert_committed(record, situation)
    gone = tuple(changes.ship(line.place, line.quantity) for line in record.lines)
    return Write(
        record=record.became(rule.state, "shipped", situation.now, shipped_at=situation.now, pay_by=None), changes=gone
    )


def refunded(record: Reservation, situation: Situation) -> Decision:
    """The money went back. Raises NotInThisState unless a refund was due."""
    rule = _next_state(record, Command.REFUNDED)
    if rule is None:
        return Stay(record=record)
    told = incident.refund_due(record.id, payment_id=record.payment_id, why="", at=situation.now)
    return Write(record=record.became(rule.state, "refunded", situation.now, refund_by=None), closes=(told.id,))


def _assert_committed(record: Reservation, situation: Situation) -> None:
    for line in record.lines:
        level = situation.seen.get(line.place)
        if level is not None and level.committed < line.quantity:
            raise LedgerBroken(f"{record.id} has {line.quantity} of {line.sku} committed, its level {level.committed}")


def _minute(record: Reservation) -> int:
    if record.minute is None:
        raise LedgerBroken(f"reservation {record.id} is held and has no minute")
    return record.minute
