"""Once a minute: fold the minutes that are due, release the orders that were not paid.

It keeps no cursor: it asks the register for all rows that are due, and removes a row only after it has seen that
there is nothing left to do. A row that is written late is found all the same; a sweep that fails is the next one's.
"""

from collections.abc import Callable
from dataclasses import dataclass

from holdfast.domain.errors import HoldfastError, LedgerBroken
from holdfast.domain.level import Level, Place
from holdfast.services.context import Context
from holdfast.services.reservations.command_reservation import release_unpaid
from holdfast.services.stock.fold_level import fold_level
from holdfast.store.keys import DUE_BUCKETS
from holdfast.store.register import Due, DueMinute, DueOrder
from holdfast.store.table import Item, Key

from .remind_refunds import remind_refunds

ROWS_AT_ONCE = 200
MOST_PAGES = 500


@dataclass(slots=True)
class Swept:
    """`rows` looked at, `folds` and `released` done, rows `left` to come back to; `finished`: nothing was cut short.

    `reminded` of refunds that are due.
    """

    rows: int = 0
    folds: int = 0
    released: int = 0
    left: int = 0
    reminded: int = 0
    finished: bool = True


def sweep_expired(context: Context, *, time_is_short: Callable[[], bool] = lambda: False) -> Swept:
    """Work through the register until nothing more is due or time is short. One row's failure stops no other."""
    swept = Swept()
    for bucket in range(DUE_BUCKETS):
        start: Item | None = None
        for _ in range(MOST_PAGES):
            if time_is_short():
                swept.finished = False
                break
            up_to = context.clock().timestamp() - context.policy.margin_seconds
            due, start = context.ledger.register.due(bucket, up_to_s=up_to, limit=ROWS_AT_ONCE, start=start)
            done = _settle(context, due, swept)
            context.ledger.register.remove(done)
            swept.rows += len(due)
            swept.left += len(due) - len(done)
            if start is None:
                break
    if not time_is_short():
        swept.reminded = remind_refunds(context)
    context.count("SweepRowsLeft", swept.left)
    return swept


def _settle(context: Context, due: list[Due], swept: Swept) -> list[Key]:
    """The rows that have nothing left to do. Each level is read once, however many of its minutes are due."""
    done: list[Key] = []
    minutes: dict[Place, list[DueMinute]] = {}
    for row in due:
        if isinstance(row, DueMinute):
            minutes.setdefault(row.place, []).append(row)
        elif _release(context, row, swept):
            done.append(row.row)
    for place, rows in minutes.items():
        level = _fold(context, place, swept)
        done.extend(row.row for row in rows if level is not None and row.minute not in level.wheel)
    return done


def _fold(context: Context, place: Place, swept: Swept) -> Level | None:
    """The level as it is after its due minutes were folded; None: it could not be found out."""
    try:
        level = context.ledger.levels.get(place) or Level(place=place)
        folded = fold_level(context, level, now=context.clock())
    except HoldfastError as error:
        _count(context, error)
        return None
    swept.folds += folded is not level
    return folded


def _release(context: Context, row: DueOrder, swept: Swept) -> bool:
    """Whether the order needs no further look: released, paid, shipped or gone."""
    try:
        answer = release_unpaid(context, row.reservation_id)
    except HoldfastError as error:
        _count(context, error)
        return False
    if answer is None:
        return True
    swept.released += answer.first
    return not answer.record.awaits_payment


def _count(context: Context, error: HoldfastError) -> None:
    context.count("SweepFailures", 1)
    context.count("LedgerBroken", int(isinstance(error, LedgerBroken)))
