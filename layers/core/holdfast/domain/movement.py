"""Movements: facts that change a level outside reservations. What each type does, as a pure rule."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from . import changes, incident
from .errors import BadInput, FieldError, InsufficientStock, MovementRefused, Shortage
from .incident import Incident
from .level import Announced, Level, LevelChange, Place


class Type(StrEnum):
    RECEIVE = "receive"
    SHIP_OUT = "ship_out"
    COUNT = "count"
    DAMAGE = "damage"
    RESTORE = "restore"
    TRANSFER = "transfer"
    ANNOUNCE = "announce"
    CHECKPOINT = "checkpoint"


# A checkpoint is the auditor's own; everything else may come in by the API.
FROM_OUTSIDE = tuple(kind for kind in Type if kind is not Type.CHECKPOINT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """`quantity` in units: for a count the units found, for an announcement the units outstanding from now on.

    `announcement` is the id of the announced receipt that a `receive` is a part of, or that an `announce` corrects.
    `as_of`: when a count was taken; what moved since is added on top of it.
    """

    id: str
    type: Type
    sku: str
    location: str
    quantity: int
    to_location: str | None = None
    expected_at: datetime | None = None
    announcement: str | None = None
    reason: str | None = None
    as_of: datetime | None = None

    @property
    def place(self) -> Place:
        return Place(self.sku, self.location)

    @property
    def destination(self) -> Place:
        return Place(self.sku, self.to_location or self.location)

    @property
    def announced_as(self) -> str | None:
        """The announcement this movement speaks of, if any."""
        if self.type is Type.ANNOUNCE:
            return self.announcement or self.id
        return self.announcement if self.type is Type.RECEIVE else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a movement writes. `on_hand` and `unavailable` are its units by location, for the auditor to add up."""

    changes: tuple[LevelChange, ...]
    on_hand: dict[str, int]
    unavailable: dict[str, int]
    announced: Announced | None = None
    seen_outstanding: int | None = None
    incidents: tuple[Incident, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What was read before a movement is judged; None: not read, or not there.

    `level` is as a failed write showed it, ended holds folded (a count reads it before its first write, too).
    `moved_since` are the units that changed `on_hand` since the count's `as_of`.
    """

    level: Level | None = None
    announced: Announced | None = None
    moved_since: int = 0

    def oversells_from(self, leaving: int) -> int | None:
        """The free units, where they are fewer than leave: a fact then goes below zero, with an incident."""
        return self.level.available if self.level is not None and self.level.available < leaving else None


def check(movement: Movement) -> None:
    """Raises BadInput for members that do not go together."""
    wrong: list[FieldError] = []
    transfer = movement.type is Type.TRANSFER
    if transfer and movement.to_location is None:
        wrong.append(FieldError("to_location", "the location the units go to, for a transfer"))
    if transfer and movement.to_location == movement.location:
        wrong.append(FieldError("to_location", "another location than `location`"))
    if not transfer and movement.to_location is not None:
        wrong.append(FieldError("to_location", "only for a transfer"))
    if movement.announcement is not None and movement.announced_as is None:
        wrong.append(FieldError("announcement", "only for receive and announce"))
    if movement.expected_at is not None and movement.type is not Type.ANNOUNCE:
        wrong.append(FieldError("expected_at", "only for announce"))
    if movement.as_of is not None and movement.type is not Type.COUNT:
        wrong.append(FieldError("as_of", "only for count"))
    zero_has_a_meaning = movement.type is Type.COUNT or (movement.type is Type.ANNOUNCE and movement.announcement)
    if movement.quantity == 0 and not zero_has_a_meaning:
        wrong.append(FieldError("quantity", "at least 1; only a count, or an announcement that is corrected, may be 0"))
    if wrong:
        raise BadInput(wrong)


def effect(movement: Movement, now: datetime, situation: Situation) -> Effect:
    """What the movement writes in this situation. Raises the refusals of the single rules."""
    match movement.type:
        case Type.RECEIVE:
            return _receive(movement, situation)
        case Type.ANNOUNCE:
            return _announce(movement, situation)
        case Type.COUNT:
            return _count(movement, now, situation)
        case Type.TRANSFER:
            return _transfer(movement, situation)
        case Type.SHIP_OUT | Type.DAMAGE:
            return _take(movement, now, situation)
        case Type.RESTORE:
            return _restore(movement, situation)
        case Type.CHECKPOINT:
            raise BadInput([FieldError("type", "a checkpoint is written by the auditor alone")])


def _receive(movement: Movement, situation: Situation) -> Effect:
    if movement.announcement is None:
        change = changes.receive(movement.place, movement.quantity)
        return Effect(changes=(change,), on_hand={movement.location: movement.quantity}, unavailable={})
    announced = situation.announced
    if announced is None:
        raise BadInput([FieldError("announcement", f"no announced receipt has the id {movement.announcement!r}")])
    if announced.location != movement.location:
        raise BadInput([FieldError("location", f"{announced.location!r}, where the receipt was announced")])
    expected = min(movement.quantity, announced.outstanding)
    rest = Announced(
        id=announced.id,
        location=announced.location,
        outstanding=announced.outstanding - expected,
        expected_at=announced.expected_at,
    )
    return Effect(
        changes=(changes.receive(movement.place, movement.quantity, expected=expected),),
        on_hand={movement.location: movement.quantity},
        unavailable={},
        announced=rest,
        seen_outstanding=announced.outstanding,
    )


def _announce(movement: Movement, situation: Situation) -> Effect:
    before = situation.announced
    if before is None and movement.announcement is not None:
        raise BadInput([FieldError("announcement", f"no announced receipt has the id {movement.announcement!r}")])
    if before is not None and before.location != movement.location:
        raise BadInput([FieldError("location", f"{before.location!r}, where the receipt was announced")])
    outstanding = before.outstanding if before else 0
    now_expected = Announced(
        id=movement.announced_as or movement.id,
        location=movement.location,
        outstanding=movement.quantity,
        expected_at=movement.expected_at or (before.expected_at if before else None),
    )
    return Effect(
        changes=(changes.announce(movement.place, movement.quantity - outstanding),),
        on_hand={},
        unavailable={},
        announced=now_expected,
        seen_outstanding=before.outstanding if before else None,
    )


def _count(movement: Movement, now: datetime, situation: Situation) -> Effect:
    level = situation.level
    on_hand = {movement.location: movement.quantity}
    if level is None:
        return Effect(
            changes=(changes.first_count(movement.place, movement.quantity),), on_hand=on_hand, unavailable={}
        )
    difference = movement.quantity + situation.moved_since - level.on_hand
    change = changes.correct(
        movement.place, difference, seen_on_hand=level.on_hand, oversells_from=situation.oversells_from(-difference)
    )
    return Effect(
        changes=(change,),
        on_hand={movement.location: difference},
        unavailable={},
        incidents=_oversold(movement, -difference, now, situation),
    )


def _take(movement: Movement, now: datetime, situation: Situation) -> Effect:
    leaves = movement.type is Type.SHIP_OUT
    if situation.level is not None and situation.level.on_hand < movement.quantity:
        raise MovementRefused(
            f"quantity: at most the {situation.level.on_hand} units of {movement.sku} that are on hand at "
            f"{movement.location}, not {movement.quantity}; count the location if the figure is wrong"
        )
    change = (changes.take_out if leaves else changes.set_aside)(
        movement.place, movement.quantity, oversells_from=situation.oversells_from(movement.quantity)
    )
    return Effect(
        changes=(change,),
        on_hand={movement.location: -movement.quantity} if leaves else {},
        unavailable={} if leaves else {movement.location: movement.quantity},
        incidents=_oversold(movement, movement.quantity, now, situation),
    )


def _restore(movement: Movement, situation: Situation) -> Effect:
    level = situation.level
    if level is not None and level.unavailable < movement.quantity:
        raise MovementRefused(
            f"quantity: at most the {level.unavailable} units of {movement.sku} that are set aside at "
            f"{movement.location}, not {movement.quantity}"
        )
    return Effect(
        changes=(changes.restore(movement.place, movement.quantity),),
        on_hand={},
        unavailable={movement.location: -movement.quantity},
    )


def _transfer(movement: Movement, situation: Situation) -> Effect:
    free = situation.oversells_from(movement.quantity)
    if free is not None:
        raise InsufficientStock([Shortage(movement.sku, movement.location, movement.quantity, max(0, free))])
    return Effect(
        changes=(
            changes.move_out(movement.place, movement.quantity),
            changes.receive(movement.destination, movement.quantity),
        ),
        on_hand={movement.location: -movement.quantity, movement.destination.location: movement.quantity},
        unavailable={},
    )


def _oversold(movement: Movement, leaving: int, now: datetime, situation: Situation) -> tuple[Incident, ...]:
    free = situation.oversells_from(leaving)
    if free is None:
        return ()
    units = leaving - free
    because = f"{movement.type.value} {movement.id}"
    return (incident.oversold(movement.sku, movement.location, units=units, because=because, at=now),)
