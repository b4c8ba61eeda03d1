"""Why a buyer was refused, and what the rules did: for the operator's eyes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from holdfast.domain.budget import Asked, Buyer, Clock, Over, judge
from holdfast.domain.errors import Conflict
from holdfast.services.context import Context
from holdfast.store.buyers import BuyerWrite, Refusal, Ruled, ruled_of
from holdfast.store.table import Item

from .spend_budget import settled

REFUSALS_SHOWN = 20
ALLOW_TRIES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyerSeen:
    """`reached`: the limits that one more unit of something he had before would pass now."""

    buyer: Buyer
    clock: Clock
    reached: tuple[Over, ...]
    refusals: tuple[Refusal, ...]


def look_at_buyer(context: Context, buyer_id: str) -> BuyerSeen:
    """One that nobody saw has nothing. What his records say of his holds is looked at first."""
    clock = context.policy.budget_clock(context.clock().timestamp())
    buyer = settled(context, context.ledger.buyers.get(buyer_id), clock)
    return BuyerSeen(
        buyer=buyer,
        clock=clock,
        reached=_reached(context, buyer, clock),
        refusals=tuple(context.ledger.buyers.refusals(buyer_id, limit=REFUSALS_SHOWN)),
    )


def _reached(context: Context, buyer: Buyer, clock: Clock) -> tuple[Over, ...]:
    skus = sorted({sku for entry in buyer.entries.values() for sku in entry.lines})
    if not skus:
        return ()
    settings = context.ledger.levels.settings(skus)
    terms = context.policy.terms_of(settings.values())
    if terms is None:
        return ()
    now = int(clock.now_s)
    asked = Asked(id="", lines=dict.fromkeys(terms.of_sku, 1), since=now, until=now)
    return judge(buyer, asked, terms, clock)


def allow_buyer(context: Context, buyer_id: str, *, allowed: bool, note: str | None) -> BuyerSeen:
    """Put him on the allow-list, or take him off it. Raises Conflict if his budget is never still."""
    clock = context.policy.budget_clock(context.clock().timestamp())
    for attempt in range(ALLOW_TRIES):
        buyer = context.ledger.buyers.get(buyer_id)
        changed = replace(buyer.pruned(clock), allowed=allowed, note=note if allowed else None)
        if (buyer.allowed, buyer.note) == (changed.allowed, changed.note):
            break
        if context.ledger.buyers.write(BuyerWrite(buyer=changed, clock=clock)):
            break
        context.wait(attempt)
    else:
        raise Conflict(f"the budget of buyer {buyer_id!r} kept changing; try again")
    return look_at_buyer(context, buyer_id)


def list_ruled(context: Context, day: date, *, limit: int, start: Item | None) -> tuple[Sequence[Ruled], Item | None]:
    """Orders of a day (UTC) on which rules had something to say, newest first. One appears a moment late."""
    page = context.ledger.buyers.ruled(day, limit=limit, start=start)
    return ruled_of(page), page.next
