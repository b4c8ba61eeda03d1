"""Run a command on a reservation: read it, decide, write; on failure learn from the failure and decide again."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from holdfast.domain import commands, incident
from holdfast.domain.commands import Decision, FoldFirst, Situation, Stay
from holdfast.domain.errors import Conflict, HoldfastError, PaymentUnmatched, Unavailable, UnknownReservation
from holdfast.domain.reservation import Reservation

from .answers import ReservationAnswer
from .context import Context
from .fold_level import fold_level

if TYPE_CHECKING:
    from holdfast.domain.level import Level, Place

# A line may fail once on its entry, once on free units and once on a fold mark, and others may act in between.
COMMAND_TRIES = 12

Decide = Callable[[Reservation, Situation], Decision]


def _run(context: Context, reservation_id: str, decide: Decide, *, counted: str | None = None) -> ReservationAnswer:
    """`decide(record, situation)` is one of `commands`; a first success is counted as `counted`.

    Raises UnknownReservation, the refusals of `decide`, and Conflict if others never let it through.
    """
    seen: dict[Place, Level] = {}
    version: int | None = None
    for _ in range(COMMAND_TRIES):
        record = read(context, reservation_id)
        if record.version != version:
            # Levels seen before this version do not speak of it: its units may have moved to another minute.
            seen.clear()
            version = record.version
        now = context.clock()
        decision = decide(record, Situation(seen, now, context.policy))
        if isinstance(decision, Stay):
            for each in decision.incidents:
                context.ledger.incidents.open(each)
            return ReservationAnswer(record, first=False, outcome=decision.outcome)
        if isinstance(decision, FoldFirst):
            seen[decision.level.place] = fold_level(context, decision.level, now=now)
            continue
        failure = context.ledger.reservations.write(decision, before=record)
        if failure is None:
            if counted is not None:
                context.count(counted, 1)
            return ReservationAnswer(decision.record, first=True, outcome=decision.outcome)
        seen.update(failure.levels)
    raise Conflict(f"reservation {reservation_id!r} kept changing; nothing was written, try again")


def read(context: Context, reservation_id: str) -> Reservation:
    """Raises UnknownReservation."""
    record = context.ledger.reservations.get(reservation_id)
    if record is None:
        raise UnknownReservation(reservation_id)
    return record


def begin_payment(context: Context, reservation_id: str) -> ReservationAnswer:
    """Raises UnknownReservation, NotInThisState, InsufficientStock if the hold ended and its units are gone."""
    return _run(context, reservation_id, commands.begin_payment, counted="PaymentBegun")


def commit(context: Context, reservation_id: str, *, payment_id: str) -> ReservationAnswer:
    """Money has moved. Answers an outcome, or raises PaymentUnmatched, kept as an incident: it is to be sent again."""
    try:
        answer = _run(context, reservation_id, partial(commands.commit, payment_id=payment_id))
    except (UnknownReservation, Conflict, Unavailable) as error:
        _keep_unmatched(context, reservation_id, payment_id=payment_id, error=error)
        raise PaymentUnmatched(f"the payment is not written down yet ({error.detail}); send it again") from error
    if answer.outcome == "duplicate_payment":
        context.count("DuplicatePayment", 1)
    elif answer.first:
        context.count("RefundDue" if answer.outcome == "refund_due" else "Committed", 1)
        if answer.record.history[-1].what == commands.COMMITTED_LATE:
            context.count("CommittedLate", 1)
    return answer


def _keep_unmatched(context: Context, reservation_id: str, *, payment_id: str, error: HoldfastError) -> None:
    """No payment is lost. If the table is out of reach this fails too; then the caller's repeat is what keeps it."""
    context.count("PaymentUnmatched", 1)
    told = incident.payment_unmatched(reservation_id, payment_id=payment_id, why=error.code, at=context.clock())
    try:
        context.ledger.incidents.open(told)
    except Unavailable:
        context.count("IncidentLost", 1)


def release(context: Context, reservation_id: str) -> ReservationAnswer:
    """Raises UnknownReservation, NotInThisState after shipping."""
    answer = _run(context, reservation_id, commands.release)
    if answer.first:
        context.count("RefundDue" if answer.outcome == "refund_due" else "Released", 1)
    return answer


def release_unpaid(context: Context, reservation_id: str) -> ReservationAnswer | None:
    """Release an order that was not paid in time. None: it is gone, and with it what there was to do."""
    try:
        return _run(context, reservation_id, commands.release_unpaid, counted="ReleasedUnpaid")
    except UnknownReservation:
        return None


def ship(context: Context, reservation_id: str) -> ReservationAnswer:
    """Raises UnknownReservation, NotInThisState unless committed."""
    return _run(context, reservation_id, commands.ship, counted="Shipped")


def refunded(context: Context, reservation_id: str) -> ReservationAnswer:
    """Raises UnknownReservation, NotInThisState unless a refund was due."""
    return _run(context, reservation_id, commands.refunded, counted="Refunded")
