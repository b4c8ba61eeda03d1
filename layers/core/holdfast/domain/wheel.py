"""The wheel: a small map in the level from a minute to the units whose holds end then.

A minute is the epoch time, in seconds, of a boundary: never a minute of the day and never a count of steps, so that
neither another day nor another step can meet an old entry.
"""

from collections.abc import Mapping

# (holds of up to so many steps, end at a multiple of so many steps). Each granularity is a multiple of the one
# before, so that long and short holds share entries; at most 44 entries are alive at once, the
# ones that wait out the margin among them.
LADDER = ((20, 1), (40, 5), (120, 20), (720, 120), (4320, 720))
LONGEST_HOLD_STEPS = LADDER[-1][0]

# A level with more due minutes than this is folded by whoever meets it.
DUE_MINUTES_TOLERATED = 3

Wheel = Mapping[int, int]


def granularity_seconds(*, length_seconds: float, step_seconds: int) -> int:
    """How far apart the boundaries are for a hold of this length. Raises ValueError beyond the longest hold."""
    for longest, every in LADDER:
        if length_seconds <= longest * step_seconds:
            return every * step_seconds
    raise ValueError(f"a hold lasts at most {LONGEST_HOLD_STEPS * step_seconds} seconds, not {length_seconds}")


def boundary(*, now_s: float, length_seconds: float, step_seconds: int) -> int:
    """The minute at which a hold of `length_seconds`, taken at `now_s` (epoch), ends: never earlier than asked."""
    every = granularity_seconds(length_seconds=length_seconds, step_seconds=step_seconds)
    return -int(-(now_s + length_seconds) // every) * every


def boundary_after(minute: int, *, length_seconds: float, step_seconds: int) -> int:
    """The first boundary later than `minute`, as coarse as a hold of this length asks for."""
    every = granularity_seconds(length_seconds=length_seconds, step_seconds=step_seconds)
    return (minute // every + 1) * every


def due_minutes(wheel: Wheel, *, now_s: float, margin_seconds: float) -> tuple[int, ...]:
    """The minutes that are past by the margin, oldest first.

    The margin must exceed the largest difference between two clocks plus the time limit of a commit; then nobody who
    pays in time loses his units.
    """
    return tuple(sorted(minute for minute in wheel if minute + margin_seconds <= now_s))
