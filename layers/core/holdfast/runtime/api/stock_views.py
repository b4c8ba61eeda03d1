"""SKUs, levels, movements and incidents as the API shows them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from holdfast.domain.incident import Incident
from holdfast.domain.level import Announced, Level
from holdfast.domain.policy import LIMIT_NAMES, Sku
from holdfast.services.stock.look_up import Availability
from holdfast.services.stock.move_stock import MovementAnswer
from holdfast.store.levels import SkuView

from .views import View, maybe_time, time_view

SUMMED = ("on_hand", "available", "reserved", "committed", "leased", "unavailable", "incoming", "oversold")


def _minute(minute: int) -> str:
    return time_view(datetime.fromtimestamp(minute, UTC))


def sku_view(sku: Sku) -> View:
    return {
        "sku": sku.sku,
        "name": sku.name or None,
        "deduction_mode": sku.mode and sku.mode.value,
        "hold_seconds": sku.hold_seconds,
        "limits": {
            "max_quantity": sku.max_quantity,
            "scarce": sku.scarce,
            **{name: sku.own_limits.get(name) for name in LIMIT_NAMES},
            "floor": sku.floor,
        },
    }


def levels_view(sku: str, found: SkuView, *, now: datetime, margin_seconds: float) -> View:
    levels = [_level_view(level, now_s=now.timestamp(), margin_seconds=margin_seconds) for level in found.levels]
    return {
        "sku": sku,
        "levels": levels,
        "sum": {name: sum(level[name] for level in levels) for name in (*SUMMED, "due", "sellable")},
        "announced": [announced_view(each) for each in found.announced],
    }


def _level_view(level: Level, *, now_s: float, margin_seconds: float) -> View:
    """`due`: units of holds that ended and wait for the fold; `sellable` counts them as free."""
    sellable = level.sellable(now_s=now_s, margin_seconds=margin_seconds)
    return {
        "location": level.place.location,
        **{name: getattr(level, name) for name in SUMMED},
        "due": sellable - level.available,
        "sellable": max(0, sellable),
        "wheel": [{"at": _minute(minute), "units": units} for minute, units in sorted(level.wheel.items())],
        "folded_to": _minute(level.folded_to) if level.folded_to else None,
        "version": level.version,
    }


def announced_view(announced: Announced) -> View:
    return {
        "id": announced.id,
        "location": announced.location,
        "outstanding": announced.outstanding,
        "expected_at": maybe_time(announced.expected_at),
    }


def availability_view(found: Sequence[Availability]) -> View:
    return {"skus": [_available_view(each) for each in found]}


def _available_view(found: Availability) -> View:
    return {
        "sku": found.sku,
        "known": found.known,
        "free": found.free,
        "oversold": found.oversold,
        "back_soon": [{"at": time_view(each.at), "units": each.units} for each in found.back_soon],
        "incoming": [
            {"location": each.location, "units": each.outstanding, "expected_at": maybe_time(each.expected_at)}
            for each in found.incoming
        ],
    }


def movement_view(answer: MovementAnswer) -> View:
    """The movement as it was recorded. `effect`: what it changed, by counter and location."""
    recorded, movement = answer.recorded, answer.recorded.movement
    effect: Mapping[str, Mapping[str, int]] = {
        "on_hand": recorded.on_hand,
        "unavailable": recorded.unavailable,
        "incoming": recorded.incoming,
    }
    return {
        "id": movement.id,
        "sku": movement.sku,
        "type": movement.type.value,
        "location": movement.location,
        "quantity": movement.quantity,
        "to_location": movement.to_location,
        "expected_at": maybe_time(movement.expected_at),
        "announcement": movement.announcement,
        "reason": movement.reason,
        "as_of": maybe_time(movement.as_of),
        "at": time_view(recorded.at),
        "effect": {counter: dict(units) for counter, units in effect.items()},
    }


def incident_view(incident: Incident) -> View:
    return {
        "id": incident.id,
        "kind": incident.kind.value,
        "subject": incident.subject,
        "state": "open" if incident.open else "closed",
        "at": time_view(incident.at),
        "detail": incident.detail,
        "facts": dict(incident.facts),
        "orders": list(incident.orders),
        "closed_at": maybe_time(incident.closed_at),
        "note": incident.note,
    }


def page_view(items: Sequence[Any], view: Callable[[Any], View], *, cursor: str | None) -> View:
    """`cursor` null: that was all."""
    return {"items": [view(item) for item in items], "cursor": cursor}
