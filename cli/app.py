"""The command and its parts. Every part speaks to the API of one stack, and prints for people or as JSON."""

from pathlib import Path
from typing import Annotated

import typer

import sandbox.cli as sandbox
from cli import connect, dead_letters, import_csv, incidents, listings, risk, shops, sync, why
from cli.talk import Talk

app = typer.Typer(name="holdfast", no_args_is_help=True, add_completion=False, help="Holdfast's operator command.")
app.command("connect")(connect.connect)
app.add_typer(shops.app, name="shops")
app.add_typer(listings.app, name="listings")
app.add_typer(sync.app, name="sync")
app.command("why")(why.why)
app.add_typer(incidents.app, name="incidents")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(import_csv.app, name="import")
app.add_typer(risk.app, name="risk")
app.command("sandbox")(sandbox.serve)


@app.callback()
def main(
    context: typer.Context,
    stack: Annotated[
        Path | None,
        typer.Option(envvar="HOLDFAST_STACK", help="File that says where the stack is and who asks (see connect)."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Say which stack, and how to print."""
    context.obj = context.obj or Talk(stack_file=stack, as_json=as_json)
