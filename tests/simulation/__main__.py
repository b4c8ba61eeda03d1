"""`python -m tests.simulation`: run one seed again, make a certificate, or take the guards away one by one."""

from __future__ import annotations

import importlib.util
import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

if importlib.util.find_spec("holdfast") is None:  # in Lambda the layer is on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "layers" / "core"))

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tests.simulation import certificate as certificates
from tests.simulation import story
from tests.simulation.many import Totals, run_for
from tests.simulation.seed import run_seed
from tests.simulation.stage import Stage
from tests.simulation.survived import FAULTS, met

if TYPE_CHECKING:
    from tests.simulation.seed import Result

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)
console = Console(highlight=False)
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
SAY_EVERY_SECONDS = 30.0

Workers = Annotated[int, typer.Option(help="Processes; one for each core without it.")]
Seconds = Annotated[float, typer.Option(help="How long to run.")]


@app.callback(invoke_without_command=True)
def replay(
    context: typer.Context,
    seed: Annotated[int, typer.Option(help="The seed to run again.")] = 0,
    full: Annotated[bool, typer.Option("--full", help="Print the whole story.")] = False,
) -> None:
    """Run one seed and print what went wrong in it, if anything."""
    if context.invoked_subcommand is not None:
        return
    result = run_seed(seed, Stage())
    _print_seed(result, full=full)
    raise typer.Exit(1 if result.violations else 0)


def _print_seed(result: Result, *, full: bool) -> None:
    for line in story.whole(result) if full else story.shortened(result):
        console.print(Text(line), soft_wrap=True)
    for each in result.violations:
        console.print(Text(f"violated: {each.what}", style="bold red"), soft_wrap=True)
    console.print(f"seed {result.seed}: {result.steps} steps, {result.faults.total()} faults, ", end="")
    console.print(f"{len(result.violations)} violations")


@app.command()
def certify(
    seconds: Seconds = 600,
    workers: Workers = CORES,
    first_seed: Annotated[int | None, typer.Option(help="Where to begin; anywhere without it.")] = None,
) -> None:
    """Run seeds for a time and write .local/certificate.json; ends with 1 if anything was violated."""
    begin = secrets.randbelow(2**40) if first_seed is None else first_seed
    progress = _Progress(seconds)
    with progress:
        totals, took = run_for(seconds, first_seed=begin, workers=workers, stop_at_first=False, heard=progress.heard)
    told = certificates.certificate(totals, seconds=took, first_seed=begin, workers=workers)
    certificates.write(told)
    console.print(_shown(totals, took))
    for each in totals.found[:3]:
        console.print(Text(f"\nseed {each.seed}: {'; '.join(each.what)}", style="bold red"), soft_wrap=True)
        for line in each.story:
            console.print(Text(line), soft_wrap=True)
        console.print(f"Again: .venv/bin/python -m tests.simulation --seed {each.seed}")
    console.print(f"Certificate: {os.path.relpath(certificates.WHERE)}")
    raise typer.Exit(1 if totals.found else 0)


@app.command()
def hunt(
    seconds: Seconds = 60,
    workers: Workers = CORES,
    first_seed: int = 0,
    first_core: Annotated[int, typer.Option(help="The first worker's core; the others have the next ones.")] = 0,
) -> None:
    """Run seeds until one goes wrong; ends with 1 and one line about it."""
    totals, took = run_for(seconds, first_seed=first_seed, workers=workers, stop_at_first=True, first_core=first_core)
    for each in totals.found[:1]:
        typer.echo(f"seed {each.seed} after {took:.1f} s: {each.what[0]}")
    raise typer.Exit(1 if totals.found else 0)


@app.command(name="every-state")
def every_state(
    most: Annotated[int, typer.Option(help="Give up on a shop beyond so many states.")] = 1_000_000,
) -> None:
    """Go through every state of the small shops (some twenty minutes); ends with 1 if one of them is wrong."""
    from tests.simulation.every_state import SHOPS, Explorer  # nothing else needs it

    wrong = 0
    for shop in SHOPS:
        found = Explorer(shop).run(most=most)
        wrong += len(found.wrong)
        console.print(
            f"{shop.name} ({shop.faults} faults, {shop.times} times): {found.states:,} states, {found.steps:,} steps, "
            f"{found.tables:,} tables, {len(found.endings)} endings, {len(found.wrong)} wrong {found.wrong[:2]}",
            markup=False,
            soft_wrap=True,
        )
    raise typer.Exit(1 if wrong else 0)


@app.command()
def mutate(
    only: Annotated[str, typer.Option(help="Guards with this in their name.")] = "",
    seconds: Annotated[float, typer.Option(help="How long the simulator has for each, with two cores.")] = 60,
    tests: Annotated[
        bool, typer.Option(help="Run the suite too; without, those that no other guard backs are simulated.")
    ] = True,
    new: Annotated[bool, typer.Option("--new", help="Only those that docs/guards.md says nothing misses.")] = False,
) -> None:
    """Take each guard away in turn; ends with 1 unless each is missed."""
    from tests.simulation import mutants  # it starts processes of its own, nothing else needs it

    raise typer.Exit(0 if mutants.take_each_away(only, seconds=seconds, with_tests=tests, new=new) else 1)


class _Progress:
    """A table that moves where a person watches, a line now and then where a file does."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._live = Live(console=console, refresh_per_second=2) if console.is_terminal else None
        self._said = 0.0
        self._told = 0

    def __enter__(self) -> None:
        if self._live:
            self._live.start()

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def heard(self, totals: Totals, took: float) -> None:
        for each in totals.found[self._told :]:  # at once: who ends it early must know too
            console.print(Text(f"seed {each.seed} violated: {'; '.join(each.what)}", style="bold red"), soft_wrap=True)
        self._told = len(totals.found)
        if self._live:
            self._live.update(Group(Text(f"{took:.0f} of {self._seconds:.0f} s"), _shown(totals, took)))
        elif took - self._said > SAY_EVERY_SECONDS:
            self._said = took
            console.print(
                f"{took:.0f} s: {totals.seeds} seeds, {totals.steps} steps, {totals.steps / took:.0f} a second, "
                f"{len(met(totals.faults))} of {len(FAULTS)} faults met, {len(totals.found)} seeds violated"
            )


def _shown(totals: Totals, took: float) -> Group:
    figures = Table.grid(padding=(0, 2))
    for name, value in (
        ("seeds", f"{totals.seeds:,}"),
        ("steps", f"{totals.steps:,} ({totals.clock_reads:,} of them only read the clock)"),
        ("steps a second", f"{totals.steps / max(took, 0.1):,.0f}"),
        ("faults injected", f"{sum(n for name, n in totals.faults.items() if ':' not in name):,}"),
        ("seeds violated", str(len(totals.found))),
    ):
        figures.add_row(name, value)
    faults = Table("", "fault", "met", title="The faults it must survive", title_justify="left")
    for fault in FAULTS:
        counts = ", ".join(f"{totals.faults.get(name, 0):,}" for name in fault.met_by)
        shown = counts if fault.is_met(totals.faults) else "not met yet"
        faults.add_row(str(fault.number), fault.what, shown)
    return Group(figures, faults)


if __name__ == "__main__":
    app()
