"""Movements: each is written with its effect, once per id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from holdfast.domain.conditions import id_not_used
from holdfast.domain.level import Level, Place
from holdfast.domain.movement import Effect, Movement, Type

from . import incidents, keys
from .levels import announcement_actions, level_action
from .reservations import failed_levels
from .table import Cancelled, Item, Put, Query, Table
from .times import from_ms, to_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A movement as it was written, and what it changed: units by location, for the auditor to add up.

    `shipped_before`: for a checkpoint, the time up to which it counts shipped reservations.
    """

    movement: Movement
    body_hash: str
    at: datetime
    on_hand: Mapping[str, int]
    unavailable: Mapping[str, int]
    incoming: Mapping[str, int]
    shipped_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementFailure:
    """Why nothing was written. `announcement_moved`: another part of the receipt came in between."""

    existing: Recorded | None
    levels: Mapping[Place, Level]
    announcement_moved: bool


def recorded_from(item: Item) -> Recorded:
    movement = Movement(
        id=item["sk"],
        type=Type(item["type"]),
        sku=item["pk"].removeprefix("MOVEMENTS#"),
        location=item["location"],
        quantity=item["quantity"],
        to_location=item.get("to_location"),
        expected_at=from_ms(item.get("expected_at")),
        announcement=item.get("announcement"),
        reason=item.get("reason"),
        as_of=from_ms(item.get("as_of")),
    )
    return Recorded(
        movement=movement,
        body_hash=item["body_hash"],
        at=from_ms(item["at"]),
        on_hand=item["on_hand"],
        unavailable=item["unavailable"],
        incoming=item["incoming"],
        shipped_before=from_ms(item.get("shipped_before")),
    )


def item_of(recorded: Recorded) -> Item:
    movement = recorded.movement
    optional = {
        "to_location": movement.to_location,
        "expected_at": movement.expected_at and to_ms(movement.expected_at),
        "announcement": movement.announcement,
        "reason": movement.reason,
        "as_of": movement.as_of and to_ms(movement.as_of),
        "shipped_before": recorded.shipped_before and to_ms(recorded.shipped_before),
    }
    return {
        "type": movement.type.value,
        "location": movement.location,
        "quantity": movement.quantity,
        "body_hash": recorded.body_hash,
        "at": to_ms(recorded.at),
        "on_hand": dict(recorded.on_hand),
        "unavailable": dict(recorded.unavailable),
        "incoming": dict(recorded.incoming),
        **{name: value for name, value in optional.items() if value is not None},
    }


class Movements:
    """Access patterns of movements."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, sku: str, movement_id: str) -> Recorded | None:
        item = self._table.get(keys.movement(sku, movement_id))
        return recorded_from(item) if item else None

    def of_sku(self, sku: str) -> list[Recorded]:
        """All movements of a SKU: its facts, never deleted."""
        found: list[Recorded] = []
        start: Item | None = None
        while True:
            page = self._table.query(Query(partition=keys.movements_partition(sku), limit=1000, start=start))
            found.extend(map(recorded_from, page.items))
            start = page.next
            if start is None:
                return found

    def write(self, recorded: Recorded, effect: Effect) -> MovementFailure | None:
        """The movement, its levels, its announced receipt and its incidents, or nothing. None: written."""
        sku = recorded.movement.sku
        put = Put(key=keys.movement(sku, recorded.movement.id), item=item_of(recorded), conditions=(id_not_used(),))
        announcement = announcement_actions(sku, effect.announced, seen_outstanding=effect.seen_outstanding)
        levels: Sequence[object] = effect.changes
        try:
            self._table.transact(
                [
                    put,
                    *map(level_action, effect.changes),
                    *announcement,
                    *map(incidents.open_action, effect.incidents),
                ]
            )
        except Cancelled as cancelled:
            own, *rest = cancelled.reasons
            return MovementFailure(
                existing=recorded_from(own.item) if own and own.item else None,
                levels=failed_levels(zip(effect.changes, rest, strict=False)),
                announcement_moved=any(rest[len(levels) : len(levels) + len(announcement)]),
            )
        return None
