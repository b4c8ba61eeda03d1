"""What is left of an order once its cancellations, refunds and shipments are told: for marketplaces that tell units.

Tried with the orders in tests/unit/channels; the rule for each marketplace stands in docs/channels.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from holdfast.domain.market import MarketOrder, OrderLine, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts:
    """One line as a marketplace tells it, in units.

    `to_ship`: what it still means to ship, None if it does not say. Refunded or removed units are `restocked_unsent`
    (never left, put back), `restocked_sent` (came back, put back), `restocked` (put back, it does not say which) or
    `not_restocked`.
    """

    listing: str
    ordered: int
    shipped: int = 0
    to_ship: int | None = None
    restocked_unsent: int = 0
    restocked_sent: int = 0
    restocked: int = 0
    not_restocked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settled:
    line: OrderLine
    shipped: int


def settled_order(
    facts: Iterable[LineFacts],
    *,
    order_id: str,
    created_at: datetime,
    updated_at: datetime,
    paid: bool,
    over: bool,
) -> MarketOrder:
    """The order in our words. `over`: it was cancelled or given up, so that nothing more will be shipped.

    Lines of the same listing are summed.
    """
    settled = [_settle(line, over=over) for line in facts if line.ordered > 0]
    return MarketOrder(
        order_id=order_id,
        stage=_stage(settled, paid=paid),
        created_at=created_at,
        updated_at=updated_at,
        lines=_summed(settled),
    )


def _settle(facts: LineFacts, *, over: bool) -> _Settled:
    shipped = min(facts.shipped, facts.ordered)
    unsent = facts.ordered - shipped
    gone = unsent if over else min(unsent, _removed(facts, shipped=shipped, unsent=unsent))
    cancelled = min(gone, facts.restocked_unsent + facts.restocked)
    # What was put back and cannot have been unsent must have come back.
    left_over = facts.restocked_unsent + facts.restocked - cancelled
    line = OrderLine(
        listing=facts.listing,
        ordered=facts.ordered,
        cancelled=cancelled,
        withheld=gone - cancelled,
        returned=min(shipped, facts.restocked_sent + left_over),
    )
    return _Settled(line=line, shipped=shipped)


def _removed(facts: LineFacts, *, shipped: int, unsent: int) -> int:
    """Units of a living order that will never be shipped: by the marketplace's own count, or more refunded than left.

    Returned units were shipped; they say nothing of the unsent ones.
    """
    told = 0 if facts.to_ship is None else max(0, unsent - facts.to_ship)
    either = facts.restocked + facts.not_restocked - max(0, shipped - facts.restocked_sent)
    return max(told, facts.restocked_unsent, facts.restocked_unsent + either)


def _stage(settled: Sequence[_Settled], *, paid: bool) -> Stage:
    wanted = sum(each.line.wanted for each in settled)
    if wanted == 0:
        return Stage.CANCELLED
    if wanted == sum(each.shipped for each in settled):
        return Stage.SHIPPED
    return Stage.PAID if paid else Stage.UNPAID


def _summed(settled: Sequence[_Settled]) -> tuple[OrderLine, ...]:
    lines: dict[str, OrderLine] = {}
    for line in (each.line for each in settled):
        known = lines.get(line.listing)
        lines[line.listing] = line if known is None else _both(known, line)
    return tuple(lines.values())


def _both(one: OrderLine, other: OrderLine) -> OrderLine:
    return OrderLine(
        listing=one.listing,
        ordered=one.ordered + other.ordered,
        cancelled=one.cancelled + other.cancelled,
        withheld=one.withheld + other.withheld,
        returned=one.returned + other.returned,
    )
