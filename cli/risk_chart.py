"""The risk report for eyes: tables and bars in the terminal, and the same bars in a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from cli.risk_report import Report, SkuLine

SKUS_SHOWN = 12
BAR_WIDTH = 30


def show(console: Console, report: Report) -> None:
    console.print(f"{report.reservations} reservations since {report.since:%Y-%m-%d %H:%M} UTC", markup=False)
    if report.cut_short:
        console.print("There were more: these are the newest.", markup=False)
    console.print(_skus(report), _holders(report), _rules(report), sep="\n\n")
    if report.refused:
        told = ", ".join(f"{code} {times}" for code, times in report.refused.items())
        console.print(f"Refused (once a minute, buyer and code): {told}", markup=False)


def _skus(report: Report) -> Table:
    table = Table(title="Holds and payments by SKU", title_justify="left")
    table.add_column("SKU")
    for column in ("holds", "paid", "expired", "holds per payment", "in unpaid holds"):
        table.add_column(column, justify="right")
    table.add_column("share of the stock in unpaid holds")
    for line in report.skus[:SKUS_SHOWN]:
        ratio = "none paid" if line.hold_to_pay is None else f"{line.hold_to_pay:.2f}"
        cells = (str(line.holds), str(line.paid), str(line.expired), ratio, f"{line.unpaid_units} of {line.on_hand}")
        table.add_row(_plain(line.sku), *cells, _bar(line.unpaid_share))
    return table


def _plain(text: str) -> str:
    """A SKU may look like markup; it is none."""
    return text.replace("[", r"\[")


def _bar(percent: float) -> str:
    full = round(BAR_WIDTH * min(100.0, max(0.0, percent)) / 100)
    return f"{'█' * full}{'·' * (BAR_WIDTH - full)} {percent:.0f} %"


def _holders(report: Report) -> Table:
    table = Table(title="Who ties up most without paying", title_justify="left")
    table.add_column("buyer")
    for column in ("holds", "paid", "units held now", "unpaid minutes"):
        table.add_column(column, justify="right")
    for each in report.holders:
        figures = (each.holds, each.paid, each.units_held_now, each.unpaid_minutes)
        table.add_row(_plain(each.buyer), *map(str, figures))
    return table


def _rules(report: Report) -> Table:
    table = Table(title="What the rules did, or would have done", title_justify="left")
    table.add_column("rule")
    table.add_column("applied", justify="right")
    table.add_column("did")
    table.add_column("would have done")
    for each in report.rules:
        table.add_row(each.rule, str(each.applied), _actions(each.did), _actions(each.would))
    return table


def _actions(counted: dict[str, int]) -> str:
    return ", ".join(f"{action.replace('_', ' ')} {times}" for action, times in sorted(counted.items())) or "nothing"


def draw(report: Report, path: Path) -> None:
    """Holds, payments and the unpaid share by SKU, as a PNG."""
    import matplotlib as mpl  # noqa: PLC0415  # half a second that only a picture is worth

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    lines: tuple[SkuLine, ...] = report.skus[:SKUS_SHOWN]
    names = [line.sku[:24] for line in lines]
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 1.5 + 0.4 * max(4, len(lines))), layout="constrained")
    places = list(range(len(lines)))
    left.barh([at - 0.2 for at in places], [line.holds for line in lines], height=0.4, label="holds")
    left.barh([at + 0.2 for at in places], [line.paid for line in lines], height=0.4, label="paid")
    left.set_title("Holds and payments")
    left.legend()
    right.barh(places, [line.unpaid_share for line in lines], color="tab:red")
    right.set_xlim(0, 100)
    right.set_title("Share of the stock in unpaid holds, %")
    for axes in (left, right):
        axes.set_yticks(places, names)
        axes.invert_yaxis()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    plt.close(figure)
