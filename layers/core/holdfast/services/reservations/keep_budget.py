"""What commands on a reservation do to its buyer's budget, asked with the budget as it is, before the write."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from holdfast.domain.budget import Asked, Buyer, Clock, End, Entry, Terms, take
from holdfast.domain.commands import HELD_AGAIN, Write
from holdfast.domain.errors import HoldBudget, PolicyRefused
from holdfast.domain.reservation import Reservation
from holdfast.services.context import Context

from .spend_budget import admit, budgeted_units, note_refusal

# (context, the record before, what is to be written, the buyer, the clock) → the buyer after; None: nothing changes.
Spend = Callable[[Context, Reservation, Write, Buyer, Clock], Buyer | None]


def for_payment(context: Context, before: Reservation, write: Write, buyer: Buyer, clock: Clock) -> Buyer | None:
    """In time the hold's new end is noted; past it, it is judged as a new hold. Raises HoldBudget, PolicyRefused."""
    after = write.record
    terms = _terms(context, after)
    if terms is None or after.minute is None:
        return None
    now_s = int(clock.now_s)
    asked = Asked(id=after.id, lines=budgeted_units(after.lines, terms), since=now_s, until=after.minute)
    anew = before.expired(datetime.fromtimestamp(clock.now_s, UTC)) or after.history[-1].what == HELD_AGAIN
    if anew:
        buyer = admit(context, buyer.lapsed(after.id), asked, terms, clock)
        buyer = buyer.lapsed(after.id)
    elif after.minute == before.minute:
        return None
    return take(buyer, asked, clock)


def for_change(context: Context, _before: Reservation, write: Write, buyer: Buyer, clock: Clock) -> Buyer | None:
    """Only what is added is judged. Raises HoldBudget, PolicyRefused."""
    after = write.record
    terms = _terms(context, after)
    own = buyer.entries.get(after.id)
    if terms is None or after.minute is None:
        return None if own is None else buyer.with_entry(own.finished(End.RELEASED, int(clock.now_s)))
    since = own.since if own is not None else int(clock.now_s)
    asked = Asked(id=after.id, lines=budgeted_units(after.lines, terms), since=since, until=after.minute)
    return take(admit(context, buyer, asked, terms, clock, change=True), asked, clock)


def for_commit(context: Context, before: Reservation, write: Write, buyer: Buyer, clock: Clock) -> Buyer | None:
    """Paid: it ties up nothing any more, and what ran out before is forgiven.

    So it is with a hold so old that it counted for nothing any more; and what is bought now counts from now on.
    """
    own = buyer.entries.get(before.id) or _bought_late(context, write.record, int(clock.now_s))
    if own is None or own.end is End.PAID or not write.record.paid:
        return None
    return buyer.with_entry(own.finished(End.PAID, int(clock.now_s))).pruned(clock)


def _bought_late(context: Context, record: Reservation, now_s: int) -> Entry | None:
    terms = _terms(context, record)
    if terms is None:
        return None
    return Entry(id=record.id, lines=budgeted_units(record.lines, terms), since=now_s, until=now_s)


def for_release(_context: Context, before: Reservation, write: Write, buyer: Buyer, clock: Clock) -> Buyer | None:
    """Given back before its end: it made room, and was a hold all the same."""
    own = buyer.entries.get(before.id)
    if own is None or own.end is not None or own.ran_out(clock) or write.record.paid:
        return None
    return buyer.with_entry(own.finished(End.RELEASED, int(clock.now_s))).pruned(clock)


def refuse_scarce_beside_budget(before: Reservation, after: Reservation, terms: Terms | None) -> None:
    """Scarce goods are not slipped into a reservation whose buyer was never weighed. Raises PolicyRefused."""
    if terms is None or before.budgeted:
        return
    had, has = budgeted_units(before.lines, terms), budgeted_units(after.lines, terms)
    more = [sku for sku, units in has.items() if units > had.get(sku, 0)]
    if more:
        raise PolicyRefused(["new_order_needed"], f"{', '.join(more)}: submit these units as an order of their own")


@contextlib.contextmanager
def told_refusals(context: Context, reservation_id: str) -> Iterator[None]:
    """An operator can see why a command was refused, too."""
    try:
        yield
    except (HoldBudget, PolicyRefused) as refused:
        context.count("BudgetRefused", int(isinstance(refused, HoldBudget)))
        record = context.ledger.reservations.get(reservation_id)
        if record is not None:
            skus = [line.sku for line in record.lines]
            note_refusal(context, refused, buyer_id=record.buyer_id, skus=skus)
        raise


def _terms(context: Context, record: Reservation) -> Terms | None:
    return context.policy.terms_of(context.settings_of(line.sku for line in record.lines).values())
