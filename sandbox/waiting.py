"""What is to happen later: pushes, late writes, ends of promotions. A queue by time; whoever runs it has the clock."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

Action = Callable[[], None]

MOST_WAITING = 200_000


@dataclass(order=True, slots=True)
class _Entry:
    due: float
    number: int
    action: Action = field(compare=False)
    settles: bool = field(compare=False)


class Waiting:
    """`clock` in seconds of any origin, never backwards. `speed` divides every delay. `on_change` wakes the runner."""

    def __init__(self, clock: Callable[[], float], *, speed: float = 1.0) -> None:
        self._clock = clock
        self._speed = speed
        self._entries: list[_Entry] = []
        self._numbers = itertools.count()
        self.on_change: Action = lambda: None

    def __len__(self) -> int:
        return len(self._entries)

    def later(self, seconds: float, action: Action, *, settles: bool = True) -> None:
        """Do it in so many seconds. `settles`: `release` may do it at once."""
        if len(self._entries) >= MOST_WAITING:
            raise OverflowError(f"{MOST_WAITING} things wait already")
        due = self._clock() + seconds / self._speed
        heapq.heappush(self._entries, _Entry(due, next(self._numbers), action, settles))
        self.on_change()

    def run_due(self) -> int:
        """Do what is due, in order; what that adds has to wait for the next run."""
        now, done = self._clock(), 0
        due = []
        while self._entries and self._entries[0].due <= now:
            due.append(heapq.heappop(self._entries))
        for entry in due:
            entry.action()
            done += 1
        return done

    def release(self) -> int:
        """Do now all that settles, due or not, in the order it would have come."""
        released = sorted(entry for entry in self._entries if entry.settles)
        self._entries = [entry for entry in self._entries if not entry.settles]
        heapq.heapify(self._entries)
        for entry in released:
            entry.action()
        return len(released)

    def seconds_left(self) -> float | None:
        """Until the next is due; None if nothing waits."""
        return max(0.0, self._entries[0].due - self._clock()) if self._entries else None

    def clear(self) -> None:
        self._entries.clear()
