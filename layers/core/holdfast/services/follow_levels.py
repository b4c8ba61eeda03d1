"""Follow the table's stream: keep the register, and ask for the pushes that changes of levels call for.

Off the path buyers wait on, at least once, in any order: every row written here is only a place to look at.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from holdfast.domain.reservation import State
from holdfast.store import keys
from holdfast.store.register import minute_row, reservation_rows, unpaid_row
from holdfast.store.reservations import record_from
from holdfast.store.table import Delete, Put

from .context import Context
from .plan_pushes import News, plan_pushes
from .syncing import Planning

Image = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One record of the stream: the item before (None: created) and after (None: gone), as plain values.

    `id`: the record's own, the same whenever it is delivered.
    """

    before: Image | None
    after: Image | None
    id: str = ""


def follow_levels(context: Context, changes: Iterable[Change], *, planning: Planning | None = None) -> int:
    """Write the rows of these changes; answers how many. Raises Unavailable: then all of them are to come again.

    `planning` None: no listing is thought of.
    """
    told = list(changes)
    rows = [row for change in told for row in _rows(change)]
    if rows:
        context.ledger.register.write(rows)
    if planning is not None:
        plan_pushes(planning, _news(told))
    return len(rows)


def _news(changes: Iterable[Change]) -> News:
    news = News()
    for change in changes:
        image = change.after or change.before
        if image is not None and image["sk"].startswith("LEVEL#"):
            news.note_level(change.before, change.after, id=change.id)
        elif image is not None and image["sk"] == "RESERVATION":
            news.note_order(change.before, change.after, id=change.id)
    return news


def _rows(change: Change) -> list[Put | Delete]:
    image = change.after or change.before
    if image is None:
        return []
    if image["sk"].startswith("LEVEL#"):
        return [*_minute_rows(change)]
    if image["sk"] == "RESERVATION":
        return _reservation_rows(change)
    return []


def _minute_rows(change: Change) -> list[Put]:
    if change.after is None:
        return []
    known = change.before["wheel"] if change.before else {}
    place = keys.place_of_level(change.after["pk"], change.after["sk"])
    return [minute_row(int(minute), place) for minute in change.after["wheel"] if minute not in known]


def _reservation_rows(change: Change) -> list[Put | Delete]:
    if change.after is None:
        gone = record_from(dict(change.before or {}))
        return [Delete(key=row.key) for row in reservation_rows(gone)]
    record = record_from(dict(change.after))
    if change.before is not None:
        # A marketplace's order may come to hold SKUs that it had not when it was new.
        known = {row.key for row in reservation_rows(record_from(dict(change.before)))}
        return [row for row in reservation_rows(record) if row.key not in known]
    rows: list[Put | Delete] = [*reservation_rows(record)]
    if record.state is State.COMMITTED and record.pay_by is not None:
        rows.append(unpaid_row(record.id, pay_by=record.pay_by))
    return rows
