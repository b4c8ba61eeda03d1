"""Figures under their keys, rows, and the tables that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

from bench.targets import TARGETS, Target

if TYPE_CHECKING:
    from rich.console import Console

    from bench.expiry import Ended
    from bench.meter import Cost
    from bench.refusals import Refusals

NEVER_SEEN, SEEN = "hold with a budget, buyer never seen", "hold with a budget, buyer seen before"
HOLD, QUIET_HOLD, COMMIT = "hold, busy SKU", "hold, quiet SKU (one a minute)", "commit, held"

NOTES = """\
A refused write (marked !) counts as a call; local engines report no units for it, AWS bills it like the write.
With a budget: the buyer's item is in the transaction; a buyer whom this process saw before is read first.
The settings of a SKU are remembered for 30 s per process: a hold of a quiet SKU reads them first.
Expiry: the fold and the removal of the register's row. All in: with the writing of that row by the stream's consumer.
The consumer also writes the rows by which reservations are listed (one per SKU and one per day), expiry or not.
Plain: the same transactions, but an entry in an expiry index for each hold and one transaction for each that ends.
In step: counted by the sandbox's marketplaces, over HTTP. A retry cycle is the longest wait between two tries of that
cause (a quarter of an hour, say; a day for what was refused for good), and as much more as lies between two looks.
Plain: each change is pushed once, as it comes. Tiki has no call that takes many: each of its listings takes two."""


def figures(
    *, ours: dict[str, Cost], many: Ended, one: Ended, theirs: dict[str, Cost], refused: Refusals
) -> dict[str, float]:
    """Write units under `…_units`, calls under `…_calls…`; NOTES says what is in them."""
    return {
        "hold_write_units": ours[HOLD].write_units,
        "hold_calls_in_sequence": len(ours[HOLD].calls),
        "hold_quiet_write_units": ours[QUIET_HOLD].write_units,
        "hold_quiet_calls_in_sequence": len(ours[QUIET_HOLD].calls),
        "hold_quiet_read_units": ours[QUIET_HOLD].read_units,
        "commit_write_units": ours[COMMIT].write_units,
        "commit_calls_in_sequence": len(ours[COMMIT].calls),
        "budget_hold_write_units": ours[NEVER_SEEN].write_units,
        "budget_hold_calls_in_sequence": len(ours[NEVER_SEEN].calls),
        "budget_hold_seen_write_units": ours[SEEN].write_units,
        "budget_hold_seen_read_units": ours[SEEN].read_units,
        "budget_hold_seen_calls_in_sequence": len(ours[SEEN].calls),
        "expiry_holds_per_minute": many.holds,
        "expiry_folds_per_minute": many.folds,
        "expiry_writes_per_minute": many.writes_in_sweep,
        "expiry_write_units_per_hold": many.per_hold,
        "expiry_write_units_per_hold_all_in": many.per_hold_all_in,
        "expiry_read_units_per_minute": many.read_units,
        "register_write_units_per_minute": many.register_written + many.register_removed,
        "listing_write_units_per_hold": many.listing_written / many.holds,
        "expiry_write_units_per_hold_when_alone": one.per_hold,
        "expiry_write_units_per_hold_when_alone_all_in": one.per_hold_all_in,
        "sold_out_refusals": refused.refused,
        "sold_out_zero_write_share": round(refused.zero_write_share, 4),
        "sold_out_reads_per_refusal": round(refused.reads_per_refusal, 3),
        "plain_hold_write_units": theirs[HOLD].write_units,
        "plain_commit_write_units": theirs[COMMIT].write_units,
        "plain_expiry_write_units_per_hold": theirs["expiry"].write_units / many.holds,
        "plain_expiry_write_calls_per_minute": theirs["expiry"].write_calls,
    }


def rows(ours: dict[str, Cost], theirs: dict[str, Cost]) -> list[dict[str, Any]]:
    return [
        {
            "command": name,
            "write_units": cost.write_units,
            "read_units": cost.read_units,
            "calls_in_sequence": len(cost.calls),
            "calls": cost.sequence,
            "plain_write_units": theirs[name].write_units if name in theirs else None,
        }
        for name, cost in ours.items()
    ]


def show(console: Console, figures: dict[str, float], rows: list[dict[str, Any]], in_step: list[Table]) -> None:
    console.print(_commands(rows), _expiry(figures), *in_step, _targets(figures), NOTES, sep="\n\n")


def _commands(rows: list[dict[str, Any]]) -> Table:
    table = Table(title="What each command costs", title_justify="left")
    table.add_column("command")
    for column in ("write units", "read units", "calls", "plain: write units"):
        table.add_column(column, justify="right")
    table.add_column("calls in their order")
    for row in rows:
        plain = row["plain_write_units"]
        cells = [row["write_units"], row["read_units"], row["calls_in_sequence"], "" if plain is None else plain]
        table.add_row(row["command"], *(_plainly(cell) for cell in cells), row["calls"])
    return table


def _expiry(figures: dict[str, float]) -> Table:
    table = Table(title="What the end of unpaid holds costs, in write units", title_justify="left")
    table.add_column("")
    for column in ("a hold, of 100 in its minute", "a hold, alone in its minute", "plain: a hold"):
        table.add_column(column, justify="right")
    plain = figures["plain_expiry_write_units_per_hold"]
    for name, suffix in (("when it ends", ""), ("all in", "_all_in")):
        key = f"expiry_write_units_per_hold{suffix}"
        alone = key.replace("per_hold", "per_hold_when_alone")
        table.add_row(name, *(_plainly(cell) for cell in (figures[key], figures[alone], plain)))
    return table


def _targets(figures: dict[str, float]) -> Table:
    table = Table(title="Figures to reach", title_justify="left")
    for column in ("figure", "measured", "must be", "", "what it is"):
        table.add_column(column)
    for target in TARGETS:
        table.add_row(*_judged(target, figures[target.figure]))
    return table


def _judged(target: Target, value: float) -> tuple[str, str, str, str, str]:
    verdict = "[green]met[/]" if target.met(value) else "[bold red]missed[/]"
    return target.figure, _plainly(value), f"{target.must_be} {_plainly(target.limit)}", verdict, target.says


def _plainly(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"
