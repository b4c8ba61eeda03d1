"""What a person sees while the demo runs: progress where there is a terminal, a line for each part elsewhere."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from demo.day import FASTER
from demo.ledger import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from demo.buyers import Timeline

TOLD_EVERY_SECONDS = 20


class Stage:
    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)

    def say(self, line: str) -> None:
        self.console.print(line, markup=False, soft_wrap=True)

    def warn(self, problem: object) -> None:
        self.console.print(f"! {problem}", style="yellow", markup=False, soft_wrap=True)

    @contextlib.contextmanager
    def part(self, name: str, steps: int) -> Iterator[Callable[[], None]]:
        """Yields what is to be called after each step."""
        began = time.monotonic()
        with self._progress() as progress:
            task = progress.add_task(name, total=steps, told="")
            yield lambda: progress.advance(task)
        self.say(f"{name}: {time.monotonic() - began:.0f} s")

    @contextlib.contextmanager
    def steps(self, name: str, whole: int) -> Iterator[Callable[[int, str], None]]:
        """Yields what is to be told how much is done, and what is being done."""
        began = time.monotonic()
        with self._progress() as progress:
            task = progress.add_task(name, total=whole, told="")
            yield lambda done, what: progress.update(task, completed=min(done, whole), told=what)
        self.say(f"{name}: {time.monotonic() - began:.0f} s")

    @contextlib.contextmanager
    def day(self, first: datetime, timeline: Timeline, orders: int) -> Iterator[Callable[[str], None]]:
        """Yields what is to be told each buyer's steps; shows the time of that day and how its orders stand."""
        seen: Counter[str] = Counter()
        told_at = time.monotonic()
        with self._progress() as progress:
            task = progress.add_task("The day", total=orders, told="")

            def say(step: str) -> None:
                nonlocal told_at
                seen[step] += 1
                clock = first + timedelta(seconds=timeline.now() * FASTER)
                line = f"{clock:%H:%M}  " + ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in seen.items())
                ended = sum(seen[each] for each in Outcome)
                progress.update(task, completed=min(ended, orders), told=line)
                if not self.console.is_terminal and time.monotonic() - told_at > TOLD_EVERY_SECONDS:
                    told_at = time.monotonic()
                    self.say(line)

            yield say
        self.say(f"The day: {timeline.now():.0f} s")

    def _progress(self) -> Progress:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[told]}"),
        )
        return Progress(*columns, console=self.console, transient=True, disable=not self.console.is_terminal)
