"""`python -m sandbox`: run the fake marketplaces."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path  # noqa: TC003 - typer reads annotations at run time
from typing import Annotated

import typer

from sandbox.faces.all import FACES
from sandbox.serve import DOOR
from sandbox.serve import serve as run

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)


@app.command()
def serve(
    seed: Annotated[int, typer.Option(help="What everything random comes from.")] = 7,
    speed: Annotated[float, typer.Option(min=0.001, help="Divides every delay; never the clock.")] = 1.0,
    port: Annotated[list[str] | None, typer.Option(help="Where to listen, as NAME=N; a free port without it.")] = None,
    json_file: Annotated[Path | None, typer.Option(help="Write the addresses here when all is ready.")] = None,
    die_with: Annotated[int | None, typer.Option(help="Stop when the process of this id is gone.")] = None,
) -> None:
    """Serve every marketplace and the door on loopback, until stopped."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    ports = dict(_pair(each) for each in port or [])
    asyncio.run(run(seed=seed, speed=speed, ports=ports, json_file=json_file, die_with=die_with))


def _pair(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if name not in (DOOR, *FACES) or not number.isdigit():
        raise typer.BadParameter(f"{text!r}: write NAME=N, NAME one of {', '.join((DOOR, *FACES))}")
    return name, int(number)
