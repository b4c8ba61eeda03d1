"""`make model`: TLC goes through every state of the model, and finds what each guard is there for once it is gone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOOLS = HERE.parents[1] / ".tools" / "tla"
LIMIT_SECONDS = 900
STATES = re.compile(r"^(\d+) states generated, (\d+) distinct states found, (\d+) states left", re.MULTILINE)
VIOLATED = re.compile(r"^Error: Invariant (\w+) is violated", re.MULTILINE)


@dataclass(frozen=True)
class Case:
    """A configuration, and the invariant it breaks (None: it breaks none)."""

    name: str
    breaks: str | None = None


CASES = (
    Case("Wheel"),
    Case("LastUnit"),
    Case("WithoutMark", "AnEntryIsProof"),
    Case("WithoutBack", "WhatIsNotThereWasFolded"),
    Case("WithoutEntry", "Conservation"),
    Case("WithoutVersion", "AnEntryIsProof"),
)


def missing() -> str | None:
    """Why it cannot be run here, or None."""
    if shutil.which("java") is None:
        return "the model (TLC needs Java, version 11 or later)"
    if not list(TOOLS.rglob("tla2tools.jar")):
        return "the model (its checker is not here; `make model` fetches it)"
    return None


def checked(case: Case) -> str:
    """What TLC says of the case, in a line. Raises SystemExit if it is not what is claimed."""
    [jar] = TOOLS.rglob("tla2tools.jar")
    with tempfile.TemporaryDirectory(prefix="holdfast-model-") as folder:
        done = subprocess.run(  # noqa: S603  # arguments of our own
            ["java", "-XX:+UseParallelGC", "-cp", str(jar), "tlc2.TLC", "-deadlock",  # noqa: S607  # found on PATH
             "-workers", str(os.cpu_count() or 1), "-metadir", folder, "-config", f"{case.name}.cfg", "Wheel.tla"],
            cwd=HERE, capture_output=True, text=True, check=False, timeout=LIMIT_SECONDS,
        )  # fmt: skip
    figures, broken = STATES.search(done.stdout), VIOLATED.search(done.stdout)
    if figures is None or (broken.group(1) if broken else None) not in _allowed(case):
        raise SystemExit(f"{case.name}: not as claimed.\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
    generated, distinct, left = map(int, figures.groups())
    if case.breaks is None and left:
        raise SystemExit(f"{case.name}: {left} states were not looked at")
    found = f"breaks {broken.group(1)}, as it must" if broken else "nothing is broken, no state is left"
    return f"{case.name:15} {distinct:>9,} states of {generated:>11,} found: {found}"


def _allowed(case: Case) -> set[str | None]:
    """Which of several broken invariants is met first depends on how the workers share the states."""
    any_of_them = {"Conservation", "AnEntryIsProof", "WhatIsNotThereWasFolded"}
    return {None} if case.breaks is None else {case.breaks, *any_of_them}


def main() -> None:
    why = missing()
    if why:
        sys.stdout.write(f"Left out: {why}\n")
        return
    for case in CASES:
        sys.stdout.write(checked(case) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
