"""Submit an order: hold its units, commit them, or only look at them, as its mode says. One transaction."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from holdfast.domain import changes
from holdfast.domain.commands import refuse_wrong_clock
from holdfast.domain.conditions import WHEEL_ROOM
from holdfast.domain.errors import (
    BadInput,
    Conflict,
    FieldError,
    HoldBudget,
    IdReused,
    InsufficientStock,
    PolicyRefused,
    Shortage,
)
from holdfast.domain.level import Level, LevelChange, Place
from holdfast.domain.placing import candidates, highest_fold_mark, place_lines, summed
from holdfast.domain.policy import Mode, Policy, Sku, strictest
from holdfast.domain.reservation import Event, Line, Reservation, State, Wanted
from holdfast.domain.risk import Action, Facts
from holdfast.domain.wheel import boundary, boundary_after
from holdfast.services.context import SHORTAGE_REMEMBERED, Context
from holdfast.services.stock.fold_level import crowded, fold_level, has_due
from holdfast.store.reservations import Failure

from .admit_buyer import Admission
from .answers import ReservationAnswer
from .spend_budget import budgeted_units, note_refusal

# Besides a try for each location: each fold costs one, so do a crowded wheel, a late fold mark and others' changes.
HOLD_TRIES = 12

COUNTED_AS = {Mode.RESERVE: "Held", Mode.ON_ORDER: "Ordered", Mode.ON_PAYMENT: "Opened"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a shop submits. `lines` as sent; `hold_seconds` None: as the SKUs or the stack have it.

    `facts` about the buyer are weighed and not kept; they do not make another order.
    """

    id: str
    buyer_id: str
    lines: tuple[Wanted, ...]
    hold_seconds: int | None = None
    channel: str | None = None
    facts: Facts = field(default_factory=Facts)

    def fingerprint(self) -> str:
        """Two bodies are the same if these are: the buyer, the summed lines, the hold and the channel."""
        lines = sorted((line.sku, line.location or "", line.quantity) for line in summed(self.lines))
        told = json.dumps([self.buyer_id, lines, self.hold_seconds, self.channel], separators=(",", ":"))
        return hashlib.sha256(told.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Submission:
    """One call at work: what is asked, how it is to be held, and the levels this call has come to know.

    `admission`: what it knows of the buyer; None for goods without a budget, and then nothing is asked about him.
    """

    order: Order
    wanted: tuple[Wanted, ...]
    skus: Mapping[str, Sku]
    usual_mode: Mode
    usual_seconds: int
    short_seconds: int
    known: dict[Place, Level]
    admission: Admission | None

    @property
    def action(self) -> Action:
        return self.admission.verdict.action if self.admission else Action.ALLOW

    @property
    def untrusted(self) -> bool:
        return self.admission is not None and self.admission.verdict.untrusted

    @property
    def mode(self) -> Mode:
        return Mode.ON_PAYMENT if self.action is Action.ON_PAYMENT else self.usual_mode

    @property
    def hold_seconds(self) -> int:
        shorter = self.action is Action.SHORTER_HOLD
        return min(self.usual_seconds, self.short_seconds) if shorter else self.usual_seconds

    def floor(self, sku: str) -> int:
        """So many last units are not for this buyer."""
        return (self.skus[sku].floor or 0) if self.untrusted else 0

    def sellable(self) -> dict[Place, int]:
        return {place: level.available - self.floor(place.sku) for place, level in self.known.items()}


def hold_units(context: Context, order: Order) -> ReservationAnswer:
    """The reservation, new or as an earlier call left it.

    Raises InsufficientStock, HoldBudget, PolicyRefused, IdReused, UnknownSku, BadInput; Conflict, Unavailable.
    """
    submission = _prepare(context, order)
    try:
        return _submit(context, submission)
    except (InsufficientStock, HoldBudget, PolicyRefused) as refused:
        # Read last, after the level: nobody is told "sold out" while he holds.
        own = context.ledger.reservations.get(order.id)
        if own is not None:
            return _repeated(order, own)
        context.count("Refused", 1)
        if submission.admission is not None and not isinstance(refused, InsufficientStock):
            _tell_refusal(context, order, submission.admission, refused)
        raise


def _tell_refusal(context: Context, order: Order, admission: Admission, refused: HoldBudget | PolicyRefused) -> None:
    if isinstance(refused, HoldBudget):
        context.count("BudgetRefused", 1)
    admission.count(context)
    hits = admission.verdict.hits
    note_refusal(context, refused, buyer_id=order.buyer_id, skus=admission.units, hits=hits)


def _submit(context: Context, submission: _Submission) -> ReservationAnswer:
    check_limits(submission.wanted, submission.skus)
    order, admission = submission.order, submission.admission
    if admission is not None:
        admission.look(context, order.buyer_id, now=context.clock())
    looked: set[Mode] = set()
    for _ in range(HOLD_TRIES + len(context.policy.locations)):
        now = context.clock()
        if admission is not None and submission.action is Action.REFUSE:
            raise _refused_by_rules(admission)
        if submission.mode not in looked:
            looked.add(submission.mode)
            _look_where_it_was_short(context, submission)
        lines, short = place_lines(
            submission.wanted, locations=context.policy.locations, sellable=submission.sellable()
        )
        if short:
            raise InsufficientStock(_all_shortages(context, submission))
        record = _first_record(context.policy, submission, lines, now=now)
        budget = admission.spend(context, record, now=now) if admission is not None else None
        failure = context.ledger.reservations.create(record, _changes(record, submission), budget=budget)
        if failure is None:
            context.count(COUNTED_AS[record.mode], 1)
            if admission is not None:
                context.memory.note_buyer(order.buyer_id)
                admission.count(context)
            return ReservationAnswer(record, first=True)
        if failure.existing is not None:
            return _repeated(order, failure.existing)
        _learn_from(context, submission, failure, lines, now=now)
    raise Conflict("the levels of this order kept changing; nothing was written, try again")


def _learn_from(
    context: Context, submission: _Submission, failure: Failure, lines: Sequence[Line], *, now: datetime
) -> None:
    """Take in what a cancelled transaction showed: the buyer, and the levels that were short, folded or crowded."""
    if submission.admission is not None and failure.buyer is not None:
        submission.admission.learn(context, failure.buyer, now=now)
    quantities = {line.place: line.quantity for line in lines}
    for level in failure.levels.values():
        _learn(context, submission, level, quantity=quantities[level.place], now=now)


def _refused_by_rules(admission: Admission) -> PolicyRefused:
    verdict = admission.verdict
    detail = f"rules of the shop refuse this order ({', '.join(verdict.reasons)}); a person of the shop can allow it"
    return PolicyRefused(verdict.reasons, detail, retry_at=verdict.until)


def _prepare(context: Context, order: Order) -> _Submission:
    policy = context.policy
    wanted = summed(order.lines)
    skus = context.settings_of(line.sku for line in wanted)
    if order.hold_seconds is not None and order.hold_seconds > policy.longest_hold_seconds:
        raise BadInput([FieldError("hold_seconds", f"1 to {policy.longest_hold_seconds}")])
    terms = policy.terms_of(skus.values())
    shortest = min(each.hold_seconds or policy.hold_seconds for each in skus.values())
    return _Submission(
        order=order,
        wanted=wanted,
        skus=skus,
        usual_mode=strictest({each.mode or policy.default_mode for each in skus.values()}),
        usual_seconds=min(order.hold_seconds or shortest, policy.longest_hold_seconds),
        short_seconds=policy.budget.short_hold_seconds,
        known={},
        admission=Admission(terms=terms, units=budgeted_units(wanted, terms), facts=order.facts) if terms else None,
    )


def check_limits(wanted: Sequence[Wanted], skus: Mapping[str, Sku]) -> None:
    """Raises PolicyRefused if the lines are more of a SKU than one reservation takes."""
    units: dict[str, int] = {}
    for line in wanted:
        units[line.sku] = units.get(line.sku, 0) + line.quantity
    over = [sku for sku, quantity in units.items() if quantity > (skus[sku].max_quantity or quantity)]
    if over:
        limits = ", ".join(f"{skus[sku].max_quantity} of {sku}" for sku in over)
        raise PolicyRefused(["max_quantity"], f"one reservation takes at most {limits}")


def _look_where_it_was_short(context: Context, submission: _Submission) -> None:
    """A level that was short is read, at most once a second, before anything is written to it again.

    Never before a first hold: a level nobody found short is simply tried. `on_payment` takes nothing at submit, so
    there the look is all there is.
    """
    now = context.clock()
    always = submission.mode is Mode.ON_PAYMENT
    for line in submission.wanted:
        for location in candidates(line, context.policy.locations):
            place = Place(line.sku, location)
            look = context.memory.last_look(place)
            needed = line.quantity + submission.floor(line.sku)
            short_then = look is not None and look[0].available < needed
            if look is not None and short_then and now - look[1] < SHORTAGE_REMEMBERED:
                submission.known[place] = look[0]
            elif always or short_then:
                level = context.ledger.levels.get(place) or Level(place=place)
                _learn(context, submission, level, quantity=line.quantity, now=now)


def _learn(context: Context, submission: _Submission, level: Level, *, quantity: int, now: datetime) -> None:
    """Take in a level as it is; first fold it if it is short of what is wanted, or if its wheel is crowded."""
    needed = quantity + submission.floor(level.place.sku)
    if level.available < needed or crowded(context, level, now=now):
        level = fold_level(context, level, now=now)
    if level.available >= needed:
        context.memory.forget_shortage(level.place)
    elif has_due(context, level, now=now):
        # Others kept changing it: units of ended holds still lie in it, so it is not short, only unknown.
        submission.known.pop(level.place, None)
        return
    else:
        context.memory.note_short(level, now=now)
    submission.known[level.place] = level


def _all_shortages(context: Context, submission: _Submission) -> tuple[Shortage, ...]:
    """Once it is certain that the order cannot be served, every line is looked at, so that each short one is told."""
    now = context.clock()
    quantities = {
        Place(line.sku, location): line.quantity
        for line in submission.wanted
        for location in candidates(line, context.policy.locations)
    }
    unknown = [place for place in quantities if place not in submission.known]
    for level in context.ledger.levels.get_many(unknown) if unknown else ():
        _learn(context, submission, level, quantity=quantities[level.place], now=now)
    return place_lines(submission.wanted, locations=context.policy.locations, sellable=submission.sellable())[1]


def _first_record(policy: Policy, submission: _Submission, lines: tuple[Line, ...], *, now: datetime) -> Reservation:
    order, mode = submission.order, submission.mode
    states = {Mode.RESERVE: State.HELD, Mode.ON_ORDER: State.COMMITTED, Mode.ON_PAYMENT: State.OPEN}
    known = [submission.known[line.place] for line in lines if line.place in submission.known]
    return Reservation(
        id=order.id,
        state=states[mode],
        mode=mode,
        buyer_id=order.buyer_id,
        lines=lines,
        body_hash=order.fingerprint(),
        hold_seconds=submission.hold_seconds,
        created_at=now,
        changed_at=now,
        channel=order.channel,
        minute=_hold_minute(policy, submission.hold_seconds, known, now=now) if mode is Mode.RESERVE else None,
        pay_by=now + timedelta(seconds=policy.unpaid_order_seconds) if mode is Mode.ON_ORDER else None,
        budgeted=submission.admission is not None and mode is not Mode.ON_PAYMENT,
        untrusted=submission.untrusted,
        hits=submission.admission.verdict.hits if submission.admission else (),
        history=(Event(now, states[mode].value),),
    )


def _hold_minute(policy: Policy, hold_seconds: int, known: Sequence[Level], *, now: datetime) -> int:
    """One minute for all lines, later than every fold mark it must enter, computed anew for each attempt."""
    minute = boundary(now_s=now.timestamp(), length_seconds=hold_seconds, step_seconds=policy.step_seconds)
    mark = highest_fold_mark(known)
    if mark < minute:
        return minute
    refuse_wrong_clock(mark, now=now, policy=policy)
    return boundary_after(mark, length_seconds=hold_seconds, step_seconds=policy.step_seconds)


def _changes(record: Reservation, submission: _Submission) -> list[LevelChange]:
    if record.state is State.COMMITTED:
        return [
            changes.commit_free(line.place, line.quantity, floor=submission.floor(line.sku)) for line in record.lines
        ]
    if record.minute is None:
        return []
    crowd = {place for place, level in submission.known.items() if len(level.wheel) >= WHEEL_ROOM}
    return [
        (changes.hold_in_crowd if line.place in crowd else changes.hold)(
            line.place, line.quantity, minute=record.minute, floor=submission.floor(line.sku)
        )
        for line in record.lines
    ]


def _repeated(order: Order, existing: Reservation) -> ReservationAnswer:
    if existing.body_hash != order.fingerprint():
        raise IdReused(f"reservation {order.id!r} exists with another body; use a new id for a new order")
    return ReservationAnswer(existing, first=False)
