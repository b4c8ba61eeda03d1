"""Many seeds on every core, for a time: each worker a process of its own, kept on its core."""

import gc
import itertools
import multiprocessing
import os
import queue
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .seed import run_seed
from .stage import Stage
from .story import shortened

REPORT_SECONDS = 0.5
MOST_FOUND = 5
GRACE_SECONDS = 60.0
# A seed makes many small objects that live as long as it does: collected as often as by default, they take a tenth.
OBJECTS_BEFORE_COLLECTING = 50_000


@dataclass(slots=True)
class Found:
    """A seed that went wrong."""

    seed: int
    what: list[str]
    story: list[str]


@dataclass(slots=True)
class Totals:
    """What all workers have done so far."""

    seeds: int = 0
    steps: int = 0
    clock_reads: int = 0
    shortest_seed: int = 10**9
    faults: Counter[str] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)
    found: list[Found] = field(default_factory=list)

    def add(self, other: "Totals") -> None:
        self.seeds += other.seeds
        self.steps += other.steps
        self.clock_reads += other.clock_reads
        self.shortest_seed = min(self.shortest_seed, other.shortest_seed)
        self.faults += other.faults
        self.counted += other.counted
        self.found += other.found


def run_for(
    seconds: float,
    *,
    first_seed: int,
    workers: int,
    stop_at_first: bool,
    first_core: int = 0,
    heard: Callable[[Totals, float], None] = lambda _totals, _seconds: None,
) -> tuple[Totals, float]:
    """Run seeds from `first_seed` on; `heard(totals, seconds)` is told about twice a second. Answers what was done.
    Each worker is kept on a core of its own, counted from `first_core`.

    Ctrl-C ends it early, with what was done until then.

    Raises RuntimeError if a worker ended without a word.
    """
    method = multiprocessing.get_context("spawn")
    reports: Any = method.Queue()
    ending = method.Event()
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    processes = [
        method.Process(
            target=_work,
            args=(
                first_seed + number,
                workers,
                seconds,
                reports,
                ending,
                cores[(first_core + number) % len(cores)] if cores else None,
            ),
            daemon=True,
        )
        for number in range(workers)
    ]
    started = time.monotonic()
    for process in processes:
        process.start()
    totals, open_ones = Totals(), workers
    while open_ones and time.monotonic() - started < seconds + GRACE_SECONDS:
        try:
            report = reports.get(timeout=1.0)
        except KeyboardInterrupt:
            ending.set()
            continue
        except queue.Empty:
            if not any(process.is_alive() for process in processes):
                raise RuntimeError("a worker of the simulation ended without a word") from None
            continue
        if report is None:
            open_ones -= 1
            continue
        totals.add(report)
        if totals.found and stop_at_first:
            ending.set()
        heard(totals, time.monotonic() - started)
    for process in processes:
        process.join(timeout=5.0)
        if process.is_alive():
            process.terminate()
    return totals, time.monotonic() - started


def _work(first_seed: int, stride: int, seconds: float, reports: Any, ending: Any, core: int | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started us says when to end
    if core is not None:
        os.sched_setaffinity(0, {core})  # one thread moves at a time: on one core it hands over four times as fast
    gc.freeze()
    gc.set_threshold(OBJECTS_BEFORE_COLLECTING, 20, 100)
    stage, parent = Stage(), os.getppid()
    until = time.monotonic() + seconds
    part, told = Totals(), time.monotonic()
    found = 0
    for number in itertools.count(first_seed, stride):
        result = run_seed(number, stage)
        part.seeds += 1
        part.steps += result.steps
        part.clock_reads += result.clock_reads
        part.shortest_seed = min(part.shortest_seed, result.steps)
        part.faults += result.faults
        part.counted += result.counted
        if result.violations:
            found += 1
            part.found.append(Found(number, [each.what for each in result.violations], shortened(result)))
        now = time.monotonic()
        if now - told > REPORT_SECONDS or part.found:
            reports.put(part)
            part, told = Totals(), now
        orphaned = os.getppid() != parent
        if now > until or ending.is_set() or found >= MOST_FOUND or orphaned:
            break
    if part.seeds:
        reports.put(part)
    reports.put(None)
    stage.close()
