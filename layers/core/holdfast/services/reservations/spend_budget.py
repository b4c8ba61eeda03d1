"""Hold a buyer to his budget: judge what he asks for, and look at what became of his holds before he is refused."""

import contextlib
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from holdfast.domain.budget import Asked, Buyer, Clock, End, Entry, Over, Terms, fits_at, judge, judge_change
from holdfast.domain.errors import HoldBudget, PolicyRefused, Refused, Unavailable
from holdfast.domain.reservation import Line, Reservation, State, Wanted
from holdfast.domain.risk import Hit
from holdfast.services.context import Context
from holdfast.services.stock.fold_level import fold_level
from holdfast.store.buyers import Refusal


def budgeted_units(lines: Iterable[Line | Wanted], terms: Terms) -> Mapping[str, int]:
    """Units by SKU, of the SKUs that have a budget."""
    units: dict[str, int] = {}
    for line in lines:
        if line.sku in terms.of_sku:
            units[line.sku] = units.get(line.sku, 0) + line.quantity
    return units


def admit(context: Context, buyer: Buyer, asked: Asked, terms: Terms, clock: Clock, *, change: bool = False) -> Buyer:
    """The buyer, with what was found out about his holds. Raises HoldBudget; PolicyRefused if waiting is no help."""
    check = judge_change if change else judge
    if not check(buyer, asked, terms, clock):
        return buyer
    buyer = settled(context, buyer, clock)
    over = check(buyer, asked, terms, clock)
    if not over:
        return buyer
    at = _retry_at(over) if change else fits_at(buyer, asked, terms, clock)
    if at is None:
        limits = ", ".join(f"{each.limit} {each.most}" for each in over)
        raise PolicyRefused([each.limit for each in over], f"one buyer never gets as much ({limits}); ask for less")
    raise HoldBudget(over, retry_after_seconds=max(1, math.ceil(at - clock.now_s)))


def _retry_at(over: Sequence[Over]) -> int | None:
    times = [each.retry_at for each in over if each.retry_at is not None]
    return max(times) if len(times) == len(over) else None


def settled(context: Context, buyer: Buyer, clock: Clock) -> Buyer:
    """The buyer with the end of each hold whose record tells of one. Units of holds that are over are given back.

    What was folded has ended whatever clocks say, so that a buyer need not wait until all of them agree.
    """
    unknown = [each for each in buyer.entries.values() if each.end is None]
    records = {each.id: each for each in context.ledger.reservations.get_many([each.id for each in unknown])}
    for entry in unknown:
        record = records.get(entry.id)
        ended = _ended(context, entry, record, clock) if record is not None else None
        buyer = buyer.with_entry(ended) if ended is not None else buyer
    return buyer


def _ended(context: Context, entry: Entry, record: Reservation, clock: Clock) -> Entry | None:
    at = int(record.changed_at.timestamp())
    if record.paid:
        return entry.finished(End.PAID, at)
    if record.state is State.RELEASED:
        return entry.finished(End.RELEASED, at) if at < entry.until else entry.finished(End.EXPIRED, entry.until)
    if record.state is State.HELD and entry.in_doubt(clock) and _is_folded(context, record, clock):
        return entry.finished(End.EXPIRED, entry.until)
    return None


def _is_folded(context: Context, record: Reservation, clock: Clock) -> bool:
    """Whether none of its units is held any more; what is due is folded on the way."""
    if record.minute is None or record.minute + clock.margin_s > clock.now_s:
        return False
    now = context.clock()
    for level in context.ledger.levels.get_many([line.place for line in record.lines]):
        if record.minute in level.wheel and record.minute in fold_level(context, level, now=now).wheel:
            return False
    return True


def note_refusal(
    context: Context, refused: Refused, *, buyer_id: str, skus: Iterable[str], hits: Sequence[Hit] = ()
) -> None:
    """For the operator who asks why. Once a minute; a note that cannot be written changes no answer."""
    now = context.clock()
    if not context.memory.tells_refusal(buyer_id, refused.code, now=now):
        return
    told = Refusal(
        buyer_id=buyer_id,
        at=now,
        code=refused.code,
        reasons=_reasons(refused),
        skus=tuple(dict.fromkeys(skus)),
        retry_at=_comes_back(refused, now),
        hits=tuple(hits),
    )
    with contextlib.suppress(Unavailable):
        context.ledger.buyers.note_refusal(told)


def _reasons(refused: Refused) -> tuple[str, ...]:
    if isinstance(refused, HoldBudget):
        return tuple(dict.fromkeys(f"{each.limit}:{each.sku or '*'}" for each in refused.over))
    return refused.reasons if isinstance(refused, PolicyRefused) else ()


def _comes_back(refused: Refused, now: datetime) -> datetime | None:
    if isinstance(refused, HoldBudget):
        return datetime.fromtimestamp(math.ceil(now.timestamp()) + refused.retry_after_seconds, now.tzinfo)
    return refused.retry_at if isinstance(refused, PolicyRefused) else None
