"""The register: what falls due when. Written by the stream's consumer, read by the sweeper, never a cursor.

A row says "look at this then"; it is not a fact. It may come late, twice, or be there long after its matter is
settled. Only a look at the level or the reservation decides.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from holdfast.domain.level import Place
from holdfast.domain.reservation import Reservation

from . import keys
from .table import Delete, Item, Key, Put, Query, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class DueMinute:
    """A wheel minute of a level that may have to be folded."""

    row: Key
    minute: int
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class DueOrder:
    """An order that may still be unpaid after its time."""

    row: Key
    reservation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRefund:
    """A refund that may still be due. `reminders` were sent; the next one is for `remind_at`."""

    row: Key
    reservation_id: str
    reminders: int
    remind_at: int


Due = DueMinute | DueOrder


def due_from(item: Item) -> Due:
    row = Key(item["pk"], item["sk"])
    at, kind, rest = item["sk"].split("#", 2)
    if kind == "UNPAID":
        return DueOrder(row=row, reservation_id=rest)
    location, sku = rest.split("#", 1)
    return DueMinute(row=row, minute=int(at), place=Place(sku, location))


def minute_row(minute: int, place: Place) -> Put:
    return Put(key=keys.due_minute(minute, place), item={})


def unpaid_row(reservation_id: str, *, pay_by: datetime) -> Put:
    return Put(key=keys.unpaid_order(pay_by, reservation_id), item={})


def reservation_rows(record: Reservation) -> list[Put]:
    """The rows by which a reservation is found again: one per SKU, one for its day (UTC)."""
    sort_key = keys.by_creation(record.created_at, record.id)
    partitions = {keys.sku_reservations_partition(line.sku) for line in record.lines}
    partitions.add(keys.day_partition(record.created_at.astimezone(UTC).date()))
    return [Put(key=Key(partition, sort_key), item={"id": record.id}) for partition in sorted(partitions)]


def refund_row(record_id: str, *, refund_by: datetime, remind_at: int, reminders: int = 0) -> Put:
    """`remind_at` in epoch s."""
    item = {"id": record_id, "remind_at": remind_at, "reminders": reminders}
    return Put(key=keys.refund(refund_by, record_id), item=item)


class Register:
    """Access patterns of the register and of the rows by which reservations are found."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def write(self, rows: Iterable[Put | Delete]) -> None:
        self._table.write_many(rows)

    def due(
        self, bucket: int, *, up_to_s: float, limit: int, start: Item | None = None
    ) -> tuple[list[Due], Item | None]:
        """Rows of one bucket whose time is at or before `up_to_s`, oldest first, and where to go on."""
        page = self._table.query(
            Query(partition=keys.due_partition(bucket), up_to=keys.due_up_to(up_to_s), limit=limit, start=start)
        )
        return [due_from(item) for item in page.items], page.next

    def remove(self, rows: Iterable[Key]) -> None:
        self._table.write_many(Delete(key=row) for row in rows)

    def reservation_ids(
        self, partition: str, *, limit: int, start: Item | None = None, newest_first: bool = True
    ) -> tuple[list[str], Item | None]:
        """Ids in the order of creation: of a SKU, or of a day."""
        page = self._table.query(Query(partition=partition, limit=limit, start=start, newest_first=newest_first))
        return [item["id"] for item in page.items], page.next

    def refunds(self, *, up_to_s: float, limit: int, start: Item | None = None) -> tuple[list[DueRefund], Item | None]:
        """Refunds to be paid back by then, the most urgent first."""
        page = self._table.query(Query(partition=keys.REFUNDS, up_to=keys.due_up_to(up_to_s), limit=limit, start=start))
        return [
            DueRefund(
                row=Key(item["pk"], item["sk"]),
                reservation_id=item["id"],
                reminders=item["reminders"],
                remind_at=item["remind_at"],
            )
            for item in page.items
        ], page.next

    def refund_ids(self, *, limit: int, start: Item | None = None) -> tuple[list[str], Item | None]:
        """Ids of reservations whose refund may be due, by their deadline."""
        page = self._table.query(Query(partition=keys.REFUNDS, limit=limit, start=start))
        return [item["id"] for item in page.items], page.next
