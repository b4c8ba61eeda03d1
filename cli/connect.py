"""Connect to a stack: remember its addresses and the machine client."""

from pathlib import Path
from typing import Annotated

import typer

from cli.api import Refused, open_api
from cli.stack_file import OWN, StackFile, keep_stack
from cli.talk import talk_of


def connect(
    context: typer.Context,
    api_url: Annotated[str, typer.Option(help="Output ApiUrl of the stack.")],
    token_url: Annotated[str, typer.Option(help="Output TokenUrl of the stack.")],
    client_id: Annotated[str, typer.Option(help="Output ClientId of the stack.")],
    client_secret: Annotated[
        str, typer.Option(prompt=True, hide_input=True, envvar="HOLDFAST_CLIENT_SECRET", help="The client's secret.")
    ],
    file: Annotated[Path | None, typer.Option(help="Where to remember it.")] = None,
) -> None:
    """Remember a stack, once it has answered. The secret is asked for, or taken from HOLDFAST_CLIENT_SECRET."""
    talk = talk_of(context)
    stack = StackFile(api_url.rstrip("/"), token_url.rstrip("/"), client_id, client_secret)
    try:
        health = open_api(stack).ask("GET", "/v1/health")
    except Refused as refused:
        talk.refuse(refused)
    kept = file or OWN.expanduser()
    keep_stack(stack, kept)
    talk.show(health, f"{stack.api_url} answers: stage {health['stage']}, version {health['version']}. Kept in {kept}.")
