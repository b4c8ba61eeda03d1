"""`python -m local`: start, stop and look at local stacks."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from local import stack as stacks
from local.failure import Failure
from local.places import Places, all_names
from local.sandbox import DOOR

if TYPE_CHECKING:
    from types import FrameType

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
console = Console(stderr=True, highlight=False)

Name = Annotated[str, typer.Option("--name", help="Which stack; the main one of this clone without it.")]


@app.command()
def up(
    name: Name = "",
    parameter: Annotated[list[str] | None, typer.Option(help="A parameter of the template, as Key=value.")] = None,
    port: Annotated[int | None, typer.Option(help="Where to listen; a free port without it.")] = None,
    speed: Annotated[float, typer.Option(min=0.001, help="Divides the delays of the sandbox's marketplaces.")] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print stack.json at the end.")] = False,
) -> None:
    """Start the stack, or bring the running one in line with the code."""
    with _told():
        chosen = dict(_pair(each) for each in parameter or [])
        with console.status("…") as status:
            stack = stacks.up(
                name, parameters=chosen, port=port, sandbox_speed=speed, say=lambda line: _step(status, line)
            )
    if as_json:
        typer.echo(json.dumps(stack.as_dict(), indent=2))
        return
    typer.echo(f"API      {stack.api_url}\nTokens   {stack.token_url}\nSandbox  {stack.sandbox[DOOR]}")
    typer.echo(f"All else {_shown(name)}")


@app.command()
def down(
    name: Name = "",
    everything: Annotated[bool, typer.Option("--all", help="Every stack of this clone.")] = False,
) -> None:
    """Stop the stack and remove its state."""
    with _told():
        stopped = stacks.down_all() if everything else [name] if stacks.down(name) else []
    typer.echo("Stopped." if stopped else "Nothing was running.")


@app.command()
def status() -> None:
    """Say which stacks of this clone run, and where."""
    running = [found for each in all_names() if (found := stacks.read(each))]
    for stack in running:
        typer.echo(f"{stack.name or '(main)':12} {stack.api_url}   process {stack.pid}   {_shown(stack.name)}")
    if not running:
        typer.echo("Nothing is running.")


@app.command(name="dynamodb-local", context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def dynamodb_local(context: typer.Context) -> None:
    """Run a command beside Amazon's own DynamoDB Local, cut off from every network; needs Java, npm and unshare."""
    from local import dynamodb_local as beside  # noqa: PLC0415 - the other commands do without it

    with _told():
        raise typer.Exit(beside.run(context.args))


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise Failure(f"{text!r} is not a parameter.", advice="Write it as Key=value, as in StepSeconds=1.")
    return key, value


def _step(status: object, line: str) -> None:
    """Show the step under way where a person watches, and print it where a file does."""
    if console.is_terminal:
        status.update(line + " …")  # type: ignore[attr-defined]
    else:
        console.print(line)


def _shown(name: str) -> str:
    return os.path.relpath(Places(name).facts)


class _told:  # noqa: N801 - read as a word at its place: `with _told():`
    """Turns a failure into its sentence, and both ways of being interrupted into one."""

    def __enter__(self) -> None:
        signal.signal(signal.SIGTERM, _interrupt)

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: object) -> None:
        if isinstance(problem, Failure):
            console.print("[bold red]Failed.[/]", Text(f"{problem.why}\n{problem.advice}".rstrip()), soft_wrap=True)
            raise typer.Exit(1)
        if isinstance(problem, KeyboardInterrupt):
            console.print("Interrupted; nothing was left running.")
            raise typer.Exit(130)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
