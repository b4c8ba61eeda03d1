"""`holdfast risk`: how stock is held and paid for, who holds most, and what the rules did or would have done."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from cli import risk_chart
from cli.risk_report import Report, report_of
from cli.stack import Api, FileOption, address, complain

app = typer.Typer(no_args_is_help=True, help="Hoarders, scalpers, late payers.")

DaysOption = Annotated[int, typer.Option("--days", min=1, max=30, help="How many days back, today included.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the figures as JSON and draw nothing.")]
PngOption = Annotated[Path | None, typer.Option("--png", help="Draw the chart into this file as well.")]
MOST_RESERVATIONS = 20_000
SCOPES = ("read", "stock", "operate")


@app.callback()
def risk() -> None:
    """Hoarders, scalpers, late payers."""


@app.command("report")
def report(
    *, days: DaysOption = 1, as_json: JsonOption = False, png: PngOption = None, stack_file: FileOption = None
) -> None:
    """Hold-to-pay ratio by SKU, share of stock in unpaid holds, top holders, what each rule did or would have done."""
    try:
        with Api(address(stack_file), SCOPES) as api:
            found = gathered(api, days=days, now=datetime.now(UTC))
    except httpx.HTTPError as problem:
        complain(f"The stack did not answer: {problem}")
        return
    if as_json:
        typer.echo(json.dumps(found.as_dict(), indent=2, ensure_ascii=False))
    else:
        risk_chart.show(Console(highlight=False), found)
    if png is not None:
        risk_chart.draw(found, png)
        typer.echo(f"Written to {png}", err=True)


@app.command("buyer")
def buyer(buyer_id: str, *, stack_file: FileOption = None) -> None:
    """What a buyer ties up, which limits he has reached, and why he was refused."""
    try:
        with Api(address(stack_file), ("operate",)) as api:
            typer.echo(json.dumps(api.get(f"v1/buyers/{buyer_id}"), indent=2, ensure_ascii=False))
    except httpx.HTTPError as problem:
        complain(f"The stack did not answer: {problem}")


def gathered(api: Api, *, days: int, now: datetime) -> Report:
    """Everything the report is made of, through the API. Reservations beyond a bound are left out, and it says so."""
    since = (now - timedelta(days=days - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    reservations: list[dict[str, Any]] = []
    cut_short = False
    for each in api.items("v1/reservations"):
        if datetime.fromisoformat(each["created_at"]) < since:
            break
        if len(reservations) == MOST_RESERVATIONS:
            cut_short = True
            break
        reservations.append(each)
    skus = sorted({line["sku"] for each in reservations for line in each["lines"]})
    levels = {sku: api.get("v1/skus/-/levels", sku=sku)["sum"] for sku in skus}
    ruled = [
        row for back in range(days) for row in api.items("v1/risk", day=(now - timedelta(days=back)).date().isoformat())
    ]
    return report_of(reservations, levels, ruled, since=since, now=now, cut_short=cut_short)
