"""Record a movement: a fact that changes levels outside reservations, once per SKU and id."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from holdfast.domain import movement as rules
from holdfast.domain.errors import Conflict, HoldfastError, IdReused, Refused, Unavailable
from holdfast.domain.level import Level
from holdfast.domain.movement import Effect, Movement, Situation, Type
from holdfast.services.context import Context
from holdfast.store.movements import Recorded

from .fold_level import fold_level, has_due
from .units_since import on_hand_moved_since

MOVEMENT_TRIES = 12
# Well below the time limit of the function, so that what was done is answered.
LONGEST_FOR_MANY = timedelta(seconds=12)


@dataclass(frozen=True, slots=True)
class MovementAnswer:
    """`first`: this call recorded it."""

    recorded: Recorded
    first: bool


def fingerprint(movement: Movement) -> str:
    told = json.dumps(asdict(movement), default=str, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def move_stock(context: Context, movement: Movement) -> MovementAnswer:
    """Raises BadInput, UnknownSku, InsufficientStock (transfer), MovementRefused, IdReused, Conflict."""
    rules.check(movement)
    context.settings_of([movement.sku])
    try:
        return _record(context, movement)
    except Refused:
        # Read last: a repeat is answered by what happened the first time, whatever the levels say now.
        existing = context.ledger.movements.get(movement.sku, movement.id)
        if existing is None:
            raise
        return _repeated(movement, existing)


def move_many(context: Context, movements: Sequence[Movement]) -> list[MovementAnswer | HoldfastError]:
    """Each on its own, answered one by one in the order given. What time does not allow is answered Unavailable."""
    answers: list[MovementAnswer | HoldfastError] = []
    until = context.clock() + LONGEST_FOR_MANY
    for movement in movements:
        try:
            if context.clock() > until:
                raise Unavailable("not begun, as the movements before it took too long; send it again")
            answers.append(move_stock(context, movement))
        except HoldfastError as error:
            answers.append(error)
    return answers


def _record(context: Context, movement: Movement) -> MovementAnswer:
    level = _before_a_count(context, movement)
    for _ in range(MOVEMENT_TRIES):
        now = context.clock()
        effect = rules.effect(movement, now, _situation(context, movement, level))
        recorded = _recorded(movement, effect, now)
        failure = context.ledger.movements.write(recorded, effect)
        if failure is None:
            context.count("Movements", 1)
            context.count("Oversold", len(effect.incidents))
            return MovementAnswer(recorded, first=True)
        if failure.existing is not None:
            return _repeated(movement, failure.existing)
        level = _folded(context, failure.levels.get(movement.place), now=now)
    raise Conflict(f"the level of {movement.sku!r} kept changing; nothing was written, try again")


def _before_a_count(context: Context, movement: Movement) -> Level | None:
    """A count is compared with what is there, and its first try already knows what is missing."""
    if movement.type is not Type.COUNT:
        return None
    return _folded(context, context.ledger.levels.get(movement.place), now=context.clock())


def _folded(context: Context, level: Level | None, *, now: datetime) -> Level | None:
    """The level without the units of ended holds; None: it could not be had, and is not to be judged."""
    folded = level and fold_level(context, level, now=now)
    return None if folded is None or has_due(context, folded, now=now) else folded


def _situation(context: Context, movement: Movement, level: Level | None) -> Situation:
    announced = None
    if movement.announced_as is not None:
        announced = context.ledger.levels.announced(movement.sku, movement.announced_as)
    moved = 0
    if movement.as_of is not None and level is not None:
        moved = on_hand_moved_since(context, level, movement.as_of)
    return Situation(level=level, announced=announced, moved_since=moved)


def _recorded(movement: Movement, effect: Effect, now: datetime) -> Recorded:
    incoming = {change.place.location: change.add["incoming"] for change in effect.changes if "incoming" in change.add}
    return Recorded(
        movement=movement,
        body_hash=fingerprint(movement),
        at=now,
        on_hand=effect.on_hand,
        unavailable=effect.unavailable,
        incoming=incoming,
    )


def _repeated(movement: Movement, existing: Recorded) -> MovementAnswer:
    if existing.body_hash != fingerprint(movement):
        raise IdReused(f"movement {movement.id!r} of {movement.sku!r} exists with another body; use a new id")
    return MovementAnswer(existing, first=False)
