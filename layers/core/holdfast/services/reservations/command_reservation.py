"""Run a command on a reservation: read it, decide, write; on failure learn from the failure and decide again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from holdfast.domain import commands, incident
from holdfast.domain.change_lines import change as change_lines
from holdfast.domain.commands import Decision, FoldFirst, Situation, Stay, Write
from holdfast.domain.errors import (
    Conflict,
    HoldBudget,
    HoldfastError,
    OfMarketplace,
    PaymentUnmatched,
    PolicyRefused,
    Unavailable,
    UnknownReservation,
)
from holdfast.domain.placing import summed
from holdfast.domain.reservation import Reservation, Wanted
from holdfast.services.context import Context
from holdfast.services.stock.fold_level import fold_level
from holdfast.store.buyers import BuyerWrite

from . import keep_budget
from .answers import ReservationAnswer
from .hold_units import check_limits

if TYPE_CHECKING:
    from holdfast.domain.budget import Buyer, Clock
    from holdfast.domain.level import Level, Place

# A line may fail once on its entry, once on free units and once on a fold mark, and others may act in between.
COMMAND_TRIES = 12

Decide = Callable[[Reservation, Situation], Decision]


def _run(
    context: Context,
    reservation_id: str,
    decide: Decide,
    *,
    counted: str | None = None,
    spend: "keep_budget.Spend | None" = None,
    budget_tries: int = COMMAND_TRIES,
) -> ReservationAnswer:
    """`decide(record, situation)` is one of `commands`; a first success is counted as `counted`.

    `spend` says what becomes of the buyer's budget, where he has one; it is left out after `budget_tries`, where the
    command matters more. Raises UnknownReservation, OfMarketplace, the refusals of both, and Conflict if others never
    let it through.
    """
    seen: dict[Place, Level] = {}
    buyer: Buyer | None = None
    version: int | None = None
    for attempt in range(COMMAND_TRIES):
        record = _read_ours(context, reservation_id)
        if record.version != version:
            # What was seen before this version does not speak of it: its units may have moved to another minute.
            seen.clear()
            buyer, version = None, record.version
        now = context.clock()
        decision = decide(record, Situation(seen, now, context.policy, _floors(context, record)))
        if isinstance(decision, Stay):
            return _stays(context, decision)
        if isinstance(decision, FoldFirst):
            seen[decision.level.place] = fold_level(context, decision.level, now=now)
            continue
        budget: BuyerWrite | None = None
        if spend is not None and record.budgeted and attempt < budget_tries:
            buyer = buyer or context.ledger.buyers.get(record.buyer_id)
            try:
                budget = _spent(context, record, decision, buyer, spend, context.policy.budget_clock(now.timestamp()))
            except (HoldBudget, PolicyRefused):
                # Read last: the same request may have come through meanwhile, and it is what he was counted for.
                if read(context, reservation_id).version == record.version:
                    raise
                buyer = None
                continue
        failure = context.ledger.reservations.write(decision, before=record, budget=budget)
        if failure is None:
            if counted is not None:
                context.count(counted, 1)
            return ReservationAnswer(decision.record, first=True, outcome=decision.outcome)
        seen.update(failure.levels)
        buyer = failure.buyer or buyer
    raise Conflict(f"reservation {reservation_id!r} kept changing; nothing was written, try again")


def _stays(context: Context, decision: Stay) -> ReservationAnswer:
    for each in decision.incidents:
        context.ledger.incidents.open(each)
    return ReservationAnswer(decision.record, first=False, outcome=decision.outcome)


def _spent(
    context: Context, record: Reservation, decision: Write, buyer: "Buyer", spend: "keep_budget.Spend", clock: "Clock"
) -> BuyerWrite | None:
    after = spend(context, record, decision, buyer, clock)
    return None if after is None else BuyerWrite(buyer=after, clock=clock)


def _floors(context: Context, record: Reservation) -> Mapping[str, int]:
    if not record.untrusted:
        return {}
    skus = context.settings_of(line.sku for line in record.lines)
    return {each.sku: each.floor or 0 for each in skus.values()}


def read(context: Context, reservation_id: str) -> Reservation:
    """Raises UnknownReservation."""
    record = context.ledger.reservations.get(reservation_id)
    if record is None:
        raise UnknownReservation(reservation_id)
    return record


def _read_ours(context: Context, reservation_id: str) -> Reservation:
    """Raises UnknownReservation, OfMarketplace."""
    record = read(context, reservation_id)
    if record.told is not None:
        raise OfMarketplace(reservation_id, channel=str(record.channel))
    return record


def begin_payment(context: Context, reservation_id: str) -> ReservationAnswer:
    """Raises UnknownReservation, NotInThisState; InsufficientStock, HoldBudget if an ended hold is not had anew."""
    with keep_budget.told_refusals(context, reservation_id):
        return _run(
            context,
            reservation_id,
            commands.begin_payment,
            counted="PaymentBegun",
            spend=keep_budget.for_payment,
        )


def change(
    context: Context, reservation_id: str, *, lines: Sequence[Wanted], version: int | None = None
) -> ReservationAnswer:
    """All lines as they shall be. `version`: the one the caller saw.

    Raises UnknownReservation, NotInThisState unless held, VersionChanged, InsufficientStock, HoldBudget, PolicyRefused,
    UnknownSku, BadInput.
    """
    wanted = summed(lines)
    skus = context.settings_of(line.sku for line in wanted)
    floors = {each.sku: each.floor or 0 for each in skus.values()}

    def decide(record: Reservation, situation: Situation) -> Decision:
        known = {**situation.floors, **floors} if record.untrusted else {}
        decision = change_lines(record, replace(situation, floors=known), wanted=wanted, version=version)
        if isinstance(decision, Write):
            check_limits(wanted, skus)
            keep_budget.refuse_scarce_beside_budget(record, decision.record, context.policy.terms_of(skus.values()))
        return decision

    with keep_budget.told_refusals(context, reservation_id):
        return _run(context, reservation_id, decide, counted="Changed", spend=keep_budget.for_change)


def commit(context: Context, reservation_id: str, *, payment_id: str) -> ReservationAnswer:
    """Money has moved. Answers an outcome, or raises PaymentUnmatched, kept as an incident: it is to be sent again.

    Raises OfMarketplace, kept as an incident too: to send it again is no use.
    """
    try:
        answer = _run(
            context,
            reservation_id,
            partial(commands.commit, payment_id=payment_id),
            spend=keep_budget.for_commit,
            budget_tries=COMMAND_TRIES // 2,  # a payment is written down even if the buyer's budget is never still
        )
    except OfMarketplace as error:
        _keep_unmatched(context, reservation_id, payment_id=payment_id, error=error)
        raise
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
    answer = _run(
        context, reservation_id, commands.release, spend=keep_budget.for_release, budget_tries=COMMAND_TRIES // 2
    )
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
