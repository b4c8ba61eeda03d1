"""What is kept of buyers: the hold budget, refusals for the operator's eyes, and how many newcomers come at once.

A budget is one item, written whole and under its version in the transaction of the hold it speaks of.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from holdfast.domain.budget import Buyer, Clock, End, Entry
from holdfast.domain.conditions import past_counts_no_more, version_is
from holdfast.domain.risk import Action as RiskAction
from holdfast.domain.risk import Hit

from . import keys
from .table import ConditionFailed, Failed, Item, Key, Page, Put, Query, Table, Update
from .times import from_ms, to_ms

NOTES_KEPT = timedelta(days=30)
DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyerWrite:
    """`buyer` as it shall be, over the version it was read at; version 0: unread, over nothing that still counts."""

    buyer: Buyer
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a buyer was refused. `skus` of his order; `retry_at`: when time alone would change it."""

    buyer_id: str
    at: datetime
    code: str
    reasons: tuple[str, ...]
    skus: tuple[str, ...]
    retry_at: datetime | None = None
    hits: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """One order on which rules had something to say: a reservation, or a refusal (then `code` says of what kind)."""

    at: datetime
    buyer_id: str
    skus: tuple[str, ...]
    hits: tuple[Hit, ...]
    reservation_id: str | None = None
    code: str | None = None
    reasons: tuple[str, ...] = ()


def hits_item(hits: Sequence[Hit]) -> list[Item]:
    return [{"code": hit.code, "acted": hit.acted, "action": hit.action.value} for hit in hits]


def hits_from(items: Iterable[Item]) -> tuple[Hit, ...]:
    return tuple(Hit(item["code"], acted=item["acted"], action=RiskAction(item["action"])) for item in items)


def entry_item(entry: Entry) -> Item:
    """Short names: the item of a busy buyer stays under 1 KB."""
    optional: dict[str, Any] = {
        "e": entry.end and entry.end.value,
        "a": entry.ended_at,
        "x": list(entry.lapses) or None,
        "y": dict(entry.lapsed) or None,
        "h": entry.earlier_seconds or None,
        "p": entry.part or None,
    }
    told = {name: value for name, value in optional.items() if value is not None}
    return {"l": dict(entry.lines), "s": entry.since, "u": entry.until, **told}


def entry_from(entry_id: str, item: Item) -> Entry:
    lapses = tuple(item.get("x", ()))
    return Entry(
        id=entry_id,
        lines=item["l"],
        since=item["s"],
        until=item["u"],
        end=End(item["e"]) if "e" in item else None,
        ended_at=item.get("a"),
        lapses=lapses,
        lapsed=item.get("y", {sku: len(lapses) * units for sku, units in item["l"].items()} if lapses else {}),
        earlier_seconds=item.get("h", 0),
        part=item.get("p", False),
    )


def buyer_from(item: Item) -> Buyer:
    return Buyer(
        id=item["pk"].removeprefix("BUYER#"),
        version=item["version"],
        entries={each: entry_from(each, entry) for each, entry in item["entries"].items()},
        allowed=item.get("allowed", False),
        note=item.get("note"),
    )


def buyer_action(write: BuyerWrite) -> Put:
    """The first version of an item is the time in ms: no number comes back after the item was written over."""
    buyer, clock = write.buyer, write.clock
    counts_until = buyer.counts_until(clock)
    seen = buyer.version > 0
    item: Item = {
        "version": buyer.version + 1 if seen else int(clock.now_s * 1000),
        "entries": {each.id: entry_item(each) for each in buyer.entries.values()},
        "counts_until": counts_until,
    }
    if buyer.allowed:
        item |= {"allowed": True, **({"note": buyer.note} if buyer.note else {})}
    else:
        item["ttl"] = counts_until + DAY_SECONDS
    condition = version_is(buyer.version) if seen else past_counts_no_more(int(clock.now_s))
    return Put(key=keys.buyer(buyer.id), item=item, conditions=(condition,))


def failed_buyer(write: BuyerWrite, failed: Failed | None) -> Buyer | None:
    """The buyer as he is, if his condition failed."""
    if failed is None:
        return None
    return buyer_from(failed.item) if failed.item else Buyer(id=write.buyer.id)


def refusal_item(refusal: Refusal) -> Item:
    optional: dict[str, Any] = {
        "retry_at": refusal.retry_at and to_ms(refusal.retry_at),
        "hits": hits_item(refusal.hits) or None,
    }
    return {
        "at": to_ms(refusal.at),
        "code": refusal.code,
        "reasons": list(refusal.reasons),
        "skus": list(refusal.skus),
        "ttl": int((refusal.at + NOTES_KEPT).timestamp()),
        **{name: value for name, value in optional.items() if value is not None},
    }


def refusal_from(item: Item) -> Refusal:
    return Refusal(
        buyer_id=item["pk"].removeprefix("BUYER#"),
        at=from_ms(item["at"]),
        code=item["code"],
        reasons=tuple(item["reasons"]),
        skus=tuple(item["skus"]),
        retry_at=from_ms(item.get("retry_at")),
        hits=hits_from(item.get("hits", ())),
    )


def ruled_row(ruled: Ruled, *, name: str) -> Put:
    """A row of its day; the same order is the same row, however often it is told."""
    optional: dict[str, Any] = {
        "reservation": ruled.reservation_id,
        "code": ruled.code,
        "reasons": list(ruled.reasons) or None,
    }
    item = {
        "buyer": ruled.buyer_id,
        "skus": list(ruled.skus),
        "hits": hits_item(ruled.hits),
        "ttl": int((ruled.at + NOTES_KEPT).timestamp()),
        **{key: value for key, value in optional.items() if value is not None},
    }
    partition = keys.risk_partition(ruled.at.date())
    return Put(key=Key(partition, keys.by_creation(ruled.at, name)), item=item)


def ruled_from(item: Item) -> Ruled:
    return Ruled(
        at=from_ms(int(item["sk"].split("#", 1)[0])),
        buyer_id=item["buyer"],
        skus=tuple(item["skus"]),
        hits=hits_from(item["hits"]),
        reservation_id=item.get("reservation"),
        code=item.get("code"),
        reasons=tuple(item.get("reasons", ())),
    )


class Buyers:
    """Access patterns of buyers."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, buyer_id: str) -> Buyer:
        """One that was never seen has version 0."""
        item = self._table.get(keys.buyer(buyer_id))
        return buyer_from(item) if item else Buyer(id=buyer_id)

    def write(self, write: BuyerWrite) -> bool:
        """On its own, by an operator. False: it changed meanwhile."""
        try:
            self._table.write(buyer_action(write))
        except ConditionFailed:
            return False
        return True

    def note_refusal(self, refusal: Refusal) -> None:
        """One a minute, buyer and code; a repeat writes the same again."""
        minute = int(refusal.at.timestamp()) // 60 * 60
        key = keys.refusal(refusal.buyer_id, minute, refusal.code)
        self._table.write(Put(key=key, item=refusal_item(refusal)))

    def refusals(self, buyer_id: str, *, limit: int) -> list[Refusal]:
        """Newest first."""
        page = self._table.query(Query(partition=keys.buyer_partition(buyer_id), limit=limit, newest_first=True))
        return [refusal_from(item) for item in page.items if item["sk"].startswith("REFUSED#")]

    def another_newcomer(self, sku: str, *, now: datetime, bucket_seconds: int) -> int:
        """Count an order of a buyer new to the shop; answers how many there were in this stretch of time."""
        start = int(now.timestamp()) // bucket_seconds * bucket_seconds
        ends = start + bucket_seconds + DAY_SECONDS
        counted = self._table.write(Update(key=keys.crowd(sku, start), start={("n",): 1}, put={("ttl",): ends}))
        return int(counted["n"]) if counted else 0

    def ruled(self, day: date, *, limit: int, start: Item | None = None) -> Page:
        """Of a day (UTC), newest first."""
        query = Query(partition=keys.risk_partition(day), limit=limit, start=start, newest_first=True)
        return self._table.query(query)


def ruled_of(page: Page) -> list[Ruled]:
    return [ruled_from(item) for item in page.items]
