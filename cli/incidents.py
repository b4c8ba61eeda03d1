"""Incidents: what a person must see."""

from typing import Annotated

import typer

from cli.api import in_path
from cli.talk import rows, talk_of

app = typer.Typer(no_args_is_help=True, help="Incidents: what a person must see.")


@app.command("list")
def list_incidents(
    context: typer.Context,
    closed: Annotated[bool, typer.Option(help="Those that were closed.")] = False,
    most: int = 100,
) -> None:
    """Open incidents, newest first."""
    talk = talk_of(context)
    found = talk.pages("/v1/incidents", most=most, state="closed" if closed else "open")
    lines = [(each["at"], each["kind"], each["detail"], each["id"]) for each in found]
    talk.show(found, rows("", ("since", "kind", "what", "id"), lines))


@app.command("close")
def close_incident(
    context: typer.Context,
    incident: Annotated[str, typer.Argument(metavar="ID")],
    note: Annotated[str | None, typer.Option(help="What was done.")] = None,
) -> None:
    """Say that it is settled."""
    talk = talk_of(context)
    body = {} if note is None else {"note": note}
    talk.show(talk.ask("POST", f"/v1/incidents/{in_path(incident)}/close", body), f"{incident} is closed.")
