"""Listings kept in step: a hot SKU, a session run over ten thousand listings, and pushes that fail in every way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.table import Table

from bench import hot_sku, lost_pushes, market_costs, session_run
from bench.fair import open_fair

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.hot_sku import Hot
    from bench.lost_pushes import Healed
    from bench.market_costs import MarketCosts
    from bench.session_run import PlainRun, SessionRun
    from local.engine import Engine


@dataclass(frozen=True, slots=True)
class InStep:
    """What was measured, ours beside the plain way."""

    hot: Hot
    runs: list[SessionRun]
    plain: PlainRun
    healed: list[Healed]
    costs: MarketCosts

    def figures(self) -> dict[str, float]:
        hot, runs, healed = self.hot, self.runs, self.healed
        return {
            "sync_hot_changes": hot.changes,
            "sync_hot_seconds": hot.seconds,
            "sync_hot_writes_at_once": hot.at_once,
            "sync_hot_wrong": hot.wrong,
            "sync_hot_calls_per_change": round(hot.calls / hot.changes / hot.shops, 4),
            "sync_run_listings": max(run.listings for run in runs),
            "sync_run_level_reads": max(run.level_reads for run in runs),
            "sync_run_listings_per_call": round(min(run.listings_per_call for run in runs), 2),
            "sync_run_wrong": sum(run.wrong + run.listings - run.asked for run in runs),
            "sync_causes": len(healed),
            "sync_longest_wrong_cycles": round(max(each.cycles for each in healed), 3),
            "sync_wrong_in_the_end": sum(each.wrong for each in healed),
            **self.costs.figures(),
            "plain_hot_writes_at_once": hot.plain_at_once,
            "plain_hot_calls_per_change": hot.plain_calls_per_change,
            "plain_run_level_reads": self.plain.level_reads,
            "plain_run_listings_per_call": self.plain.listings_per_call,
            "plain_wrong_in_the_end": sum(each.plain_wrong or 0 for each in healed),
        }

    def tables(self) -> list[Table]:
        return [_runs(self.runs, self.plain), _healed(self.healed)]


def measure(engine: Engine, *, say: Callable[[str], None]) -> InStep:
    with open_fair(engine, name="sync") as fair:
        say(f"Changing a SKU {hot_sku.CHANGES} times …")
        hot = hot_sku.change_and_push(fair)
        say(f"Running a session over {session_run.MANY} listings …")
        runs, plain = session_run.run_all(fair), session_run.run_plainly(fair)
        say("Letting pushes fail in every way …")
        healed = lost_pushes.heal_all(fair)
        costs = market_costs.costs(fair)
    return InStep(hot=hot, runs=runs, plain=plain, healed=healed, costs=costs)


def _runs(runs: list[SessionRun], plain: PlainRun) -> Table:
    table = Table(title="A session run whose targets all differ", title_justify="left")
    table.add_column("marketplace")
    for column in ("listings", "SKUs", "reads of a level", "calls", "listings a call", "planned, s", "pushed, s"):
        table.add_column(column, justify="right")
    for run in runs:
        cells = (run.listings, run.skus, run.level_reads, run.calls, f"{run.listings_per_call:.1f}")
        table.add_row(run.marketplace, *map(str, cells), str(run.planned_s), str(run.pushed_s))
    alone = (plain.listings, "", plain.level_reads, plain.calls, f"{plain.listings_per_call:.1f}")
    table.add_row("plain: one call a listing", *map(str, alone), "", "")
    return table


def _healed(healed: list[Healed]) -> Table:
    table = Table(title="Pushes that failed, for half an hour", title_justify="left")
    table.add_column("cause")
    for column in ("shops", "calls meanwhile", "wrong after it, s", "cycle, s", "wrong in the end", "plain: wrong"):
        table.add_column(column, justify="right")
    for each in healed:
        plain = "" if each.plain_wrong is None else each.plain_wrong
        cells = (each.shops, each.tries, f"{each.longest_s:.0f}", f"{each.cycle_s:.0f}", each.wrong, plain)
        table.add_row(each.name, *map(str, cells))
    return table
