"""Why a listing shows its number: a sentence, and a table of what made it."""

from datetime import datetime, time, timedelta
from typing import Annotated, Any

import typer
from rich.console import Group

from cli.names import listing_path
from cli.talk import rows, talk_of


def why(
    context: typer.Context,
    listing: Annotated[str, typer.Argument(metavar="CHANNEL/SHOP/LISTING")],
    at: Annotated[
        str | None, typer.Option(help="20:14, or 2026-03-04T20:14, or with an offset. Now if not said.")
    ] = None,
) -> None:
    """Why it shows 3, or showed 0 at 20:14."""
    path = listing_path(listing)
    moment = None if at is None else read_moment(at, now=datetime.now().astimezone())
    talk = talk_of(context)
    told = talk.ask("GET", f"{path}/passport", at=moment.isoformat() if moment else None)
    if talk.as_json:
        talk.show(told, "")
        return
    talk.out.print(told["sentence"], markup=False)
    talk.out.print(Group(_numbers(told), _levels(told["passport"])))


def read_moment(told: str, *, now: datetime) -> datetime:
    """A time of today that has passed (else of yesterday), or a date with a time; local where no offset is named.

    Raises BadParameter.
    """
    try:
        if "T" not in told and " " not in told:
            moment = datetime.combine(now.date(), time.fromisoformat(told), tzinfo=now.tzinfo)
            return moment if moment <= now else moment - timedelta(days=1)
        moment = datetime.fromisoformat(told)
    except ValueError as error:
        raise typer.BadParameter(f"{told!r} is no time, as in 20:14 or 2026-03-04T20:14") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)


def _numbers(told: dict[str, Any]) -> Any:
    lines = [
        (each["sent_at"], each["quantity"], each["answer"], each["rule"], each["because"])
        for each in [*told["later"], told["passport"]]
    ]
    return rows("", ("sent", "number", "answer", "rule", "because"), lines)


def _levels(passport: dict[str, Any]) -> Any:
    names = ("sku", "location", "takes", "free", "reserved", "committed", "incoming", "version")
    title = f"free × {passport['ratio']} % = {passport['offered']} offered, threshold {passport['threshold']}"  # noqa: RUF001  # a times sign
    return rows(title, names, [tuple(level[name] for name in names) for level in passport["levels"]])
