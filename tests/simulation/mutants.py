"""Takes each guard away in a copy of the core layer, and sees whether the simulator, and the suite, miss it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from threading import Lock
from typing import TYPE_CHECKING

from rich.console import Console

from .guards import GUARDS, Guard

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "layers" / "core"
DOCUMENT = ROOT / "docs" / "guards.md"
TESTS_SECONDS = 240
# Programs for people, which say nothing of the guards.
LEFT_OUT = ("test_demo*", "test_bench*", "test_drop*", "cli", "sandbox")
AT_ONCE = 2
console = Console(highlight=False)


@dataclass(frozen=True, slots=True)
class Missed:
    """`seed` and `suite` say what noticed that the guard was gone; empty: nothing did. `suite` None: it was not run."""

    guard: Guard
    seed: str
    suite: str | None

    @property
    def enough(self) -> bool:
        return self.suite != "" and bool(self.seed or self.guard.backed)


def without(guard: Guard, text: str) -> str:
    """The source without the guard. Raises ValueError unless it is there exactly once."""
    if text.count(guard.there) != 1:
        raise ValueError(f"{guard.name}: {guard.there!r} stands {text.count(guard.there)} times in {guard.source}")
    return text.replace(guard.there, guard.instead)


def is_of_functions(guard: Guard) -> bool:
    return guard.source.startswith("functions/")


def source_of(guard: Guard) -> Path:
    """The file in which the guard stands."""
    return ROOT / guard.source if is_of_functions(guard) else CORE / "holdfast" / guard.source


@contextmanager
def mutant(guard: Guard) -> Iterator[Path]:
    """A folder with the core layer and the functions, the guard taken away."""
    with tempfile.TemporaryDirectory(prefix="holdfast-mutant-") as folder:
        for each in (CORE / "holdfast", ROOT / "functions"):
            shutil.copytree(each, Path(folder) / each.name, ignore=shutil.ignore_patterns("__pycache__"))
        changed = Path(folder) / source_of(guard).relative_to(ROOT if is_of_functions(guard) else CORE)
        changed.write_text(without(guard, changed.read_text(encoding="utf-8")), encoding="utf-8")
        yield Path(folder)


def by_simulation(core: Path, *, seconds: float, cpu: int = 0) -> str:
    """The first violation the simulator finds on that CPU, with its seed and time; empty if it finds none."""
    done = _python(
        core,
        ["-m", "tests.simulation", "hunt", "--seconds", str(seconds), "--workers", "1", "--first-core", str(cpu)],
    )
    if done.returncode not in (0, 1) or (done.returncode == 1 and not done.stdout.startswith("seed ")):
        raise RuntimeError(f"the simulator could not be run:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def by_suite(core: Path, tests: Sequence[str]) -> str:
    """The first test that fails; empty if none does."""
    left_out = [f"--ignore-glob=*/{each}" for each in LEFT_OUT]
    done = _python(
        core,
        ["-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-o", f"pythonpath={core} {ROOT}", *left_out, *tests],
    )
    if done.returncode == 0:
        return ""
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    if failed is None:
        raise RuntimeError(f"the suite could not be run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return failed.group(1)


def _python(core: Path, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    own = os.environ | {"PYTHONPATH": f"{core}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        # -P: not the folder it is run in, which has functions of its own.
        [sys.executable, "-P", *arguments], cwd=ROOT, env=own, capture_output=True, text=True, check=False,
        timeout=TESTS_SECONDS + 120,
    )  # fmt: skip


def take_each_away(only: str = "", *, seconds: float, with_tests: bool, new: bool = False) -> bool:
    """Every guard, several at a time; answers whether each was missed. Writes their rows of docs/guards.md.

    Not `with_tests`: only those that no other guard stands behind, and what the table says of tests stays.
    `new`: only those without a row that says what misses them. A row is written as soon as it is known, so that one
    may end it and go on later.
    """
    rows = rows_of(DOCUMENT.read_text(encoding="utf-8")) if DOCUMENT.exists() else {}
    known = {name for name, row in rows.items() if "none" not in row.removesuffix(" |").split(" | ")}
    chosen = [guard for guard in GUARDS if only in guard.name and not (new and guard.name in known)]
    if not with_tests:
        chosen = [guard for guard in chosen if not guard.backed]
    if not chosen:
        console.print("No guard is left to be taken away.")
        return True
    began = time.monotonic()
    writing = Lock()
    cpus: Queue[int] = Queue()
    for number in range(AT_ONCE):
        cpus.put(number)
    if with_tests:
        broken = by_suite(CORE, sorted({each for guard in chosen for each in guard.tests.split()}))
        if broken:
            raise RuntimeError(f"with every guard in its place {broken} fails: nothing could be told from it")

    def missed(guard: Guard) -> Missed:
        cpu = cpus.get()
        try:
            with mutant(guard) as core:
                # The others have the other core: a minute of both is two minutes of one.
                seed = by_simulation(core, seconds=AT_ONCE * seconds, cpu=cpu)
                suite = by_suite(core, guard.tests.split()) if with_tests else None
        finally:
            cpus.put(cpu)
        found = Missed(guard, seed, suite)
        with writing:
            written = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
            DOCUMENT.write_text(document([found], written), encoding="utf-8")
        mark = "backed" if guard.backed and not (seed and suite) else "missed" if found.enough else "NOT MISSED"
        console.print(
            f"{mark:10} {guard.name}: {seed or 'no seed'}; {'no test' if suite == '' else suite or 'tests not run'}",
            markup=False,
            soft_wrap=True,
        )
        return found

    with ThreadPoolExecutor(max_workers=AT_ONCE) as several:
        results = list(several.map(missed, chosen))
    kept = [each for each in results if not each.enough]
    console.print(f"{len(results)} guards taken away in {time.monotonic() - began:.0f} s, {len(kept)} not missed")
    return not kept


def rows_of(written: str) -> dict[str, str]:
    """The rows of the document by the names of their guards."""
    return {line.split(" | ")[0].removeprefix("| "): line for line in written.splitlines() if line.startswith("| ")}


def document(results: Sequence[Missed], written: str = "") -> str:
    """docs/guards.md: each guard, what it protects, and what misses it. Rows of guards that were left alone stay."""
    rows = rows_of(written)
    for each in results:
        name = each.guard.name
        test = _test(each) if each.suite is not None else _last_cell(rows.get(name, "| none |"))
        rows[name] = f"| {name} | {each.guard.protects} | {_in_table(each.seed, each)} | {test} |"
    named = [rows[guard.name] for guard in GUARDS if guard.name in rows]
    return HEAD + "\n".join(["| guard | protects | simulator | test |", "| --- | --- | --- | --- |", *named]) + "\n"


def _in_table(seed: str, each: Missed) -> str:
    if not seed:
        return f"none: {each.guard.backed}" if each.guard.backed else "none"
    return re.sub(r"^seed (\d+) after [\d.]+ s: ", r"seed \1: ", seed)[:110].replace("|", "/")


def _last_cell(row: str) -> str:
    return row.removesuffix(" |").rpartition("| ")[2]


def _test(each: Missed) -> str:
    if not each.suite:
        return "none: see left" if each.guard.backed else "none"
    path, _, name = each.suite.partition("::")
    return f"`{Path(path).stem}: {name}`"


HEAD = """# Guards

A guard keeps two things that happen at once, or one that happens twice, from doing harm: a clause of a condition, a
cell of the table of states, a check before a decision, an id that is looked for. `make mutate` takes each away in a
copy of the code and runs the simulator for up to a minute on two cores, then the unit and property tests. This
table is what it found; it is written by that command. Where the simulator misses nothing, another guard stands behind
this one, and the table says which; a bare `none` is still to be shown.

"""
