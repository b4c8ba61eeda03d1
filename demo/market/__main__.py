"""`python -m demo.market`: a month of shopping on seven marketplaces, every fault there is, a stack of its own."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from demo.market.door import Door
from demo.market.month import Month
from demo.market.stalls import Market
from local import stack as stacks

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from local.stack import Stack

NAME = "month"
SUMMARY = Path(__file__).resolve().parent.parent.parent / ".local" / "month.json"
# Delays of marketplaces are divided by this; their time-outs and our own pauses are not.
SPEED = 600.0
# A machine that does other things too may answer late; nothing here is timed.
PATIENCE_S = 120

console = Console(highlight=False)


class Renewed(httpx.Auth):
    """A token that is fetched anew when it has ended: a month takes longer than its hour on a slow machine."""

    def __init__(self, fetch: Callable[[], str]) -> None:
        self._fetch = fetch
        self._token = fetch()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["authorization"] = f"Bearer {self._token}"
        answer = yield request
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._token = self._fetch()
            request.headers["authorization"] = f"Bearer {self._token}"
            yield request


def market_of(stack: Stack, run: str) -> Market:
    """`run` marks everything this run makes."""
    api = httpx.Client(base_url=stack.api_url, auth=Renewed(stack.token), timeout=PATIENCE_S, trust_env=False)
    door = Door(httpx.Client(base_url=stack.sandbox["door"], timeout=PATIENCE_S, trust_env=False))
    return Market(stack=stack, api=api, door=door, run=run)


def main(
    orders: Annotated[int, typer.Option(min=1, help="Orders to place.")] = 2_000,
    seed: Annotated[int, typer.Option(help="What everything random comes from.")] = 7,
) -> None:
    """Place orders, let everything go wrong, then see that each was applied once and every level adds up."""
    stacks.down(NAME)
    stack = stacks.up(NAME, ends_with_caller=True, sandbox_speed=SPEED, say=console.print)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
            task = progress.add_task("shopping", total=orders)

            def say(done: int, what: str) -> None:
                progress.update(task, completed=done, description=what)

            figures = Month(market_of(stack, f"m{int(time.time()) % 100_000}"), orders, seed, say).run()
    finally:
        stacks.down(NAME)
    SUMMARY.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    _show(figures)
    sys.exit(1 if figures["failures"] else 0)


def _show(figures: dict[str, object]) -> None:
    table = Table(title="A month on seven marketplaces", title_justify="left", show_header=False)
    for name in ("seed", "placed", "applied", "seconds"):
        table.add_row(name, str(figures[name]))
    console.print(table)
    failures = figures["failures"]
    for each in failures if isinstance(failures, list) else ():
        console.print(f"Wrong: {each}", style="red", markup=False)
    console.print(f"The figures are in {SUMMARY.parent.name}/{SUMMARY.name}.")


if __name__ == "__main__":
    typer.run(main)
