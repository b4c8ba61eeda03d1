"""Two or more actors on one table, stopped before each of its calls, in every order there is (or a bounded number).

Each actor runs in a thread of its own, but only one of them moves at a time, so that a schedule is a list of turns
and can be run again.
"""

import heapq
import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

from holdfast.store.table import Table

Turns = tuple[int, ...]


class _Actor:
    def __init__(self, act: Callable[[], None]) -> None:
        self._go = threading.Semaphore(0)
        self._stopped = threading.Semaphore(0)
        self.done = False
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(act,), daemon=True)
        self._thread.start()

    def _run(self, act: Callable[[], None]) -> None:
        self._go.acquire()
        try:
            act()
        except BaseException as failure:  # noqa: BLE001  # told to the test below
            self.failure = failure
        self.done = True
        self._stopped.release()

    def stop(self) -> None:
        """Called by the actor itself, before a call of the table."""
        self._stopped.release()
        self._go.acquire()

    def step(self) -> None:
        """Let the actor run to its next call of the table, or to its end."""
        self._go.release()
        self._stopped.acquire()

    def is_current(self) -> bool:
        return threading.current_thread() is self._thread


class SteppedTable:
    """Stops whoever calls it, if he is one of the actors at work."""

    def __init__(self, inner: Table) -> None:
        self._inner = inner
        self.actors: list[_Actor] = []

    def __getattr__(self, method: str) -> Any:
        call = getattr(self._inner, method)

        def stopped(*args: Any, **kwargs: Any) -> Any:
            for actor in self.actors:
                if actor.is_current():
                    actor.stop()
            return call(*args, **kwargs)

        return stopped


def run(table: SteppedTable, acts: list[Callable[[], None]], turns: Turns) -> Turns:
    """Run the acts in these turns, then each to its end in order; answers the turns that were taken.

    Raises what an actor raised.
    """
    table.actors = [_Actor(act) for act in acts]
    taken: list[int] = []
    for actor in table.actors:
        actor.step()  # up to its first call: nothing has happened yet
    queue = list(turns)
    while any(not actor.done for actor in table.actors):
        wish = queue.pop(0) if queue else 0
        turn = wish if not table.actors[wish].done else next(i for i, each in enumerate(table.actors) if not each.done)
        table.actors[turn].step()
        taken.append(turn)
    for actor in table.actors:
        if actor.failure is not None:
            raise actor.failure
    return tuple(taken)


def every_order(attempt: Callable[[Turns], Turns], *, most: int) -> Iterator[Turns]:
    """Call `attempt(turns)` for every order of two actors' turns, those with the fewest changes of turn first.

    At most so many. An attempt answers the turns it took; wherever the first actor went on, the second might have.
    """
    waiting: list[tuple[int, Turns]] = [(0, ())]
    for _ in range(most):
        if not waiting:
            return
        _, prefix = heapq.heappop(waiting)
        taken = attempt(prefix)
        yield taken
        last_of_second = max((place for place, turn in enumerate(taken) if turn == 1), default=-1)
        # Beyond the prefix all turns went to the first actor while it had any: branch at each of them.
        for place in range(len(prefix), last_of_second + 1):
            if taken[place] == 0:
                branch = (*taken[:place], 1)
                changes = sum(1 for before, after in itertools.pairwise(branch) if before != after)
                heapq.heappush(waiting, (changes, branch))
