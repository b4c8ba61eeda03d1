"""Follow the table's stream: keep the register, and ask for the pushes that changes of levels call for.

Off the path buyers wait on, at least once, in any order: every row written here is only a place to look at.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from holdfast.domain.reservation import Reservation, State
from holdfast.services.context import Context
from holdfast.services.sync.plan_pushes import News, plan_pushes
from holdfast.services.sync.syncing import Planning
from holdfast.store import keys
from holdfast.store.buyers import Ruled, refusal_from, ruled_row
from holdfast.store.register import minute_row, refund_row, reservation_rows, unpaid_row
from holdfast.store.reservations import record_from
from holdfast.store.table import Delete, Put

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
        elif image is not None and image["sk"] == "INCIDENT":
            news.note_incident(change.before, change.after, id=change.id)
    return news


def _rows(change: Change) -> list[Put | Delete]:
    image = change.after or change.before
    if image is None:
        return []
    if image["sk"].startswith("LEVEL#"):
        return [*_minute_rows(change)]
    if image["sk"] == "RESERVATION":
        return _reservation_rows(change)
    if image["sk"].startswith("REFUSED#"):
        return _refusal_rows(change)
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
        before = record_from(dict(change.before))
        return [*_moved_rows(before, record), *_refund_rows(before, record)]
    rows: list[Put | Delete] = [*reservation_rows(record)]
    if record.state is State.COMMITTED and record.pay_by is not None:
        rows.append(unpaid_row(record.id, pay_by=record.pay_by))
    if record.hits:
        rows.append(ruled_row(_ruled(record), name=record.id))
    return rows


def _moved_rows(before: Reservation, after: Reservation) -> Iterator[Put | Delete]:
    """A change of lines: the record is listed under the SKUs that it has now."""
    old = {row.key: row for row in reservation_rows(before)}
    new = {row.key: row for row in reservation_rows(after)}
    yield from (row for key, row in new.items() if key not in old)
    yield from (Delete(key=key) for key in old if key not in new)


def _refund_rows(before: Reservation, after: Reservation) -> Iterator[Put | Delete]:
    """The list of refunds that are due. Its first reminder is for half the time."""
    if after.refund_by is not None and before.refund_by is None:
        due, by = int(after.changed_at.timestamp()), int(after.refund_by.timestamp())
        yield refund_row(after.id, refund_by=after.refund_by, remind_at=(due + by) // 2)
    elif before.refund_by is not None and after.refund_by is None:
        yield Delete(key=keys.refund(before.refund_by, before.id))


def _ruled(record: Reservation) -> Ruled:
    return Ruled(
        at=record.created_at,
        buyer_id=record.buyer_id,
        skus=tuple(dict.fromkeys(line.sku for line in record.lines)),
        hits=record.hits,
        reservation_id=record.id,
    )


def _refusal_rows(change: Change) -> list[Put | Delete]:
    """What was refused is told among what rules did. One that TTL clears away was told long ago."""
    if change.after is None:
        return []
    refusal = refusal_from(dict(change.after))
    ruled = Ruled(
        at=refusal.at,
        buyer_id=refusal.buyer_id,
        skus=refusal.skus,
        hits=refusal.hits,
        code=refusal.code,
        reasons=refusal.reasons,
    )
    return [ruled_row(ruled, name=f"{refusal.buyer_id}#{refusal.code}")]
