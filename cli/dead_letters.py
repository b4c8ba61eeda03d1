"""Dead letters: what was tried to the end, why it failed, and sending it on its way again."""

from typing import Annotated, Any

import typer

from cli.talk import rows, talk_of

app = typer.Typer(no_args_is_help=True, help="Dead letters: work that was put aside, with its reasons.")


@app.command("list")
def list_letters(context: typer.Context, most: int = 50) -> None:
    """A look at what was put aside."""
    talk = talk_of(context)
    found = talk.ask("GET", "/v1/dead-letters", limit=most)
    lines = [
        (each["queue"], _shop(each), each.get("kind"), each.get("order_id"), each["reason"], each["first_sent_at"])
        for each in found["items"]
    ]
    talk.show(found["items"], rows("", ("queue", "shop", "kind", "order", "reason", "since"), lines))


@app.command("redrive")
def redrive(
    context: typer.Context,
    queue: Annotated[str | None, typer.Option(help="Of this queue only.")] = None,
    most: int = 100,
) -> None:
    """Send it on its way again. Safe to repeat: an old push pushes the present number."""
    body: dict[str, Any] = {"limit": most} | ({} if queue is None else {"queue": queue})
    talk = talk_of(context)
    done = talk.ask("POST", "/v1/dead-letters/redrive", body)
    talk.show(done, f"{done['redriven']} sent on their way again, about {done['left']} are left.")


def _shop(letter: dict[str, Any]) -> str:
    return f"{letter['channel']}/{letter['shop']}" if letter.get("channel") else ""
