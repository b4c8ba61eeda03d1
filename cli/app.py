"""The command and its groups. Each group is a module of its own."""

from __future__ import annotations

import typer

from cli import risk

app = typer.Typer(name="holdfast", no_args_is_help=True, add_completion=False, rich_markup_mode=None)
app.add_typer(risk.app, name="risk")


@app.callback()
def holdfast() -> None:
    """Ask a stack of Holdfast: the local one, or the one named by HOLDFAST_… variables or options."""
