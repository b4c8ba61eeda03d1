"""Reservation records, and the transactions in which they and their levels change together."""

# ruff: noqa: PLC0415 - what a marketplace told is imported with the first order of one: buyers wait for hold_stock to start

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from holdfast.domain.budget import Buyer
from holdfast.domain.commands import Write
from holdfast.domain.conditions import id_not_used, state_is, version_is
from holdfast.domain.incident import Incident
from holdfast.domain.level import Level, LevelChange, Place
from holdfast.domain.policy import Mode
from holdfast.domain.reservation import Event, Line, Reservation, State

from . import incidents, keys
from .buyers import BuyerWrite, buyer_action, failed_buyer, hits_from, hits_item
from .levels import level_action, level_from
from .table import Action, Cancelled, Check, Failed, Item, Put, Table, Update
from .times import from_ms, to_ms

if TYPE_CHECKING:
    from holdfast.domain.market import Told

# What ended is kept for a while, then TTL clears it away. A committed one, and one with a refund due, is not ended.
ENDS = frozenset({State.OPEN, State.HELD, State.RELEASED, State.SHIPPED, State.REFUNDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why nothing was written: the record as another writer left it, and the levels whose conditions failed.

    `buyer`: the budget, if it is no longer the one that was read (a buyer without entries: there is none).
    """

    existing: Reservation | None
    levels: Mapping[Place, Level]
    buyer: Buyer | None = None


def record_from(item: Item) -> Reservation:
    return Reservation(
        id=item["pk"].removeprefix("RESERVATION#"),
        state=State(item["state"]),
        mode=Mode(item["mode"]),
        buyer_id=item["buyer_id"],
        lines=tuple(Line(line["sku"], line["quantity"], line["location"]) for line in item["lines"]),
        body_hash=item["body_hash"],
        hold_seconds=item["hold_seconds"],
        created_at=from_ms(item["created_at"]),
        changed_at=from_ms(item["changed_at"]),
        version=item["version"],
        channel=item.get("channel"),
        minute=item.get("minute"),
        payment_begun=item.get("payment_begun", False),
        paid=item.get("paid", False),
        payment_id=item.get("payment_id"),
        pay_by=from_ms(item.get("pay_by")),
        shipped_at=from_ms(item.get("shipped_at")),
        told=_told_from(item["told"]) if "told" in item else None,
        budgeted=item.get("budgeted", False),
        untrusted=item.get("untrusted", False),
        hits=hits_from(item.get("hits", ())),
        refund_by=from_ms(item.get("refund_by")),
        history=tuple(Event(from_ms(entry["at"]), entry["what"]) for entry in item["history"]),
    )


def item_of(record: Reservation, *, keep_ended_seconds: int) -> Item:
    """The whole record. `ttl` only while it is, or by itself becomes, one that has ended."""
    ended = max(record.changed_at, record.expires_at or record.changed_at)
    optional: dict[str, Any] = {
        "channel": record.channel,
        "minute": record.minute,
        "payment_begun": record.payment_begun or None,
        "paid": record.paid or None,
        "payment_id": record.payment_id,
        "pay_by": record.pay_by and to_ms(record.pay_by),
        "shipped_at": record.shipped_at and to_ms(record.shipped_at),
        "told": record.told and _told_item(record.told),
        "budgeted": record.budgeted or None,
        "untrusted": record.untrusted or None,
        "hits": hits_item(record.hits) or None,
        "refund_by": record.refund_by and to_ms(record.refund_by),
        "ttl": int((ended + timedelta(seconds=keep_ended_seconds)).timestamp()) if record.state in ENDS else None,
    }
    return {
        "state": record.state.value,
        "mode": record.mode.value,
        "buyer_id": record.buyer_id,
        "lines": [{"sku": ln.sku, "quantity": ln.quantity, "location": ln.location} for ln in record.lines],
        "body_hash": record.body_hash,
        "hold_seconds": record.hold_seconds,
        "created_at": to_ms(record.created_at),
        "changed_at": to_ms(record.changed_at),
        "version": record.version,
        "history": [{"at": to_ms(event.at), "what": event.what} for event in record.history],
        **{name: value for name, value in optional.items() if value is not None},
    }


def _told_from(item: Item) -> "Told":
    from .told import told_from

    return told_from(item)


def _told_item(told: "Told") -> Item:
    from .told import told_item

    return told_item(told)


class Reservations:
    """Access patterns of reservations. `keep_ended_seconds`: how long one that ended can still be asked for."""

    def __init__(self, table: Table, *, keep_ended_seconds: int) -> None:
        self._table = table
        self._keep_ended_seconds = keep_ended_seconds

    def get(self, reservation_id: str) -> Reservation | None:
        item = self._table.get(keys.reservation(reservation_id))
        return record_from(item) if item else None

    def get_many(self, reservation_ids: Sequence[str]) -> list[Reservation]:
        """Each of them once, however often it is named: DynamoDB refuses a batch that names a key twice."""
        wanted = [keys.reservation(each) for each in dict.fromkeys(reservation_ids)]
        return [record_from(item) for item in self._table.get_many(wanted)]

    def create(
        self, record: Reservation, changes: Sequence[LevelChange], *, budget: BuyerWrite | None = None
    ) -> Failure | None:
        """The first write of a record, with its levels. None: written. The first writer of an id wins."""
        return self.transact(self.first_version(record), changes, (), budget)

    def write(self, decision: Write, *, before: Reservation, budget: BuyerWrite | None = None) -> Failure | None:
        """A transition, with its levels and incidents. None: written."""
        closed = [incidents.close_action(each, at=decision.record.changed_at) for each in decision.closes]
        further: list[Action] = [*map(incidents.open_action, decision.incidents), *closed]
        return self.transact(self.transition(before, decision.record), decision.changes, further, budget)

    def remind(self, record: Reservation, told: Incident) -> bool:
        """Open the incident of a refund again, as long as it is due. False: it no longer is."""
        still = Check(key=keys.reservation(record.id), conditions=(state_is(State.REFUND_DUE.value),))
        try:
            self._table.transact([still, incidents.open_action(told)])
        except Cancelled:
            return False
        return True

    def first_version(self, record: Reservation) -> Put:
        return Put(
            key=keys.reservation(record.id),
            item=item_of(record, keep_ended_seconds=self._keep_ended_seconds),
            conditions=(id_not_used(),),
        )

    def transition(self, before: Reservation, after: Reservation) -> Update:
        """Only what changed is written: another version of this code may keep attributes unknown to this one."""
        old = item_of(before, keep_ended_seconds=self._keep_ended_seconds)
        new = item_of(after, keep_ended_seconds=self._keep_ended_seconds)
        return Update(
            key=keys.reservation(before.id),
            put={(name,): value for name, value in new.items() if old.get(name) != value},
            remove=tuple((name,) for name in old if name not in new),
            conditions=(state_is(before.state.value), version_is(before.version)),
        )

    def transact(
        self,
        first: Put | Update,
        changes: Sequence[LevelChange],
        further: Sequence[Action],
        budget: BuyerWrite | None = None,
    ) -> Failure | None:
        """The record, its levels and what goes with them, or nothing of it. None: written."""
        spent = [buyer_action(budget)] if budget else []
        try:
            self._table.transact([first, *map(level_action, changes), *further, *spent])
        except Cancelled as cancelled:
            own, *rest = cancelled.reasons
            return Failure(
                existing=record_from(own.item) if own and own.item else None,
                levels=failed_levels(zip(changes, rest, strict=False)),
                buyer=failed_buyer(budget, rest[-1]) if budget else None,
            )
        return None


def failed_levels(reasons: Iterable[tuple[LevelChange, Failed | None]]) -> dict[Place, Level]:
    """The levels whose conditions failed, as they are. One that does not exist has no units."""
    return {
        change.place: level_from(failed.item, place=change.place) if failed.item else Level(place=change.place)
        for change, failed in reasons
        if failed is not None
    }
