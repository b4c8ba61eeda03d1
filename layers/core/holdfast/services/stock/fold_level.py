"""Give back the units of ended holds: one write for all due minutes of a level, by whoever meets them."""

from datetime import datetime

from holdfast.domain import changes
from holdfast.domain.level import Level
from holdfast.domain.wheel import DUE_MINUTES_TOLERATED
from holdfast.services.context import Context
from holdfast.store.table import ConditionFailed

FOLD_TRIES = 6
# An expression holds at most 300 operators and 4 KB; a level that was left alone for a day is folded in parts.
MOST_FOLDED_AT_ONCE = 60


def fold_level(context: Context, level: Level, *, now: datetime) -> Level:
    """The level without its due minutes, as it is now. On a level that others keep changing it may still have some."""
    for _ in range(FOLD_TRIES):
        due = level.due(now_s=now.timestamp(), margin_seconds=context.policy.margin_seconds)
        if not due:
            return level
        part = due[:MOST_FOLDED_AT_ONCE]
        try:
            folded = context.ledger.levels.fold(changes.fold(level, part))
        except ConditionFailed:
            # Somebody committed, or folded first. The engines differ in telling the old item, so read it.
            level = context.ledger.levels.get(level.place) or Level(place=level.place)
            continue
        context.count("ExpiredUnits", sum(level.wheel[minute] for minute in part))
        level = folded
    return level


def has_due(context: Context, level: Level, *, now: datetime) -> bool:
    """Whether units of ended holds still lie in the level. Such a level is never judged short."""
    return bool(level.due(now_s=now.timestamp(), margin_seconds=context.policy.margin_seconds))


def crowded(context: Context, level: Level, *, now: datetime) -> bool:
    """Whether whoever meets the level should fold it even if nobody is short of units."""
    due = level.due(now_s=now.timestamp(), margin_seconds=context.policy.margin_seconds)
    return len(due) > DUE_MINUTES_TOLERATED
