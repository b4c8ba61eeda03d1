"""Sync: a shop's settings, a listing's own, and pushing now."""

from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from cli.names import listing_path, shop_of, shop_path
from cli.shops import ShopName, settings_of
from cli.talk import Talk, facts, talk_of

app = typer.Typer(no_args_is_help=True, help="Sync: when listings are pushed, and with which number.")

# One call asks for a thousand pushes.
MOST_CALLS = 1_000
COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())

Mode = Annotated[str | None, typer.Option(help="daily, session or continuous")]
Ratio = Annotated[int | None, typer.Option(help="Percent of what is free that is offered, rounded down.")]
Threshold = Annotated[int | None, typer.Option(help="So many or fewer are not offered: 0 is shown.")]
Maximum = Annotated[int | None, typer.Option(help="Never show more; 0: no limit.")]
AtThreshold = Annotated[bool | None, typer.Option("--push-at-threshold/--no-push-at-threshold")]
PriceFall = Annotated[int | None, typer.Option(help="Percent; a price that falls further waits for a person.")]


@app.command("settings")
def settings(  # noqa: PLR0913  # one option a setting
    context: typer.Context,
    shop: ShopName,
    *,
    mode: Mode = None,
    every_minutes: Annotated[int | None, typer.Option(help="15, 60 or 240, for sessions.")] = None,
    at: Annotated[str | None, typer.Option(help="Local time of daily runs, as in 04:00.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="As in Asia/Ho_Chi_Minh.")] = None,
    ratio: Ratio = None,
    threshold: Threshold = None,
    maximum: Maximum = None,
    push_at_threshold: AtThreshold = None,
    largest_price_fall: PriceFall = None,
    verify_percent: Annotated[int | None, typer.Option(help="Of the listings, read back each day.")] = None,
) -> None:
    """Show how a shop is synced, or change what is named; what is not named stays."""
    talk, path = talk_of(context), shop_path(shop)
    found = talk.ask("GET", path)
    told = {
        "mode": mode,
        "every_minutes": every_minutes,
        "at": at,
        "time_zone": time_zone,
        "ratio": ratio,
        "threshold": threshold,
        "maximum": maximum,
        "push_at_threshold": push_at_threshold,
        "largest_price_fall": largest_price_fall,
        "verify_percent": verify_percent,
    }
    changed = {name: value for name, value in told.items() if value is not None}
    if changed:
        sync = {name: value for name, value in found["sync"].items() if name in told and value is not None} | changed
        if sync.get("maximum") == 0:
            del sync["maximum"]
        found = talk.ask("PUT", path, settings_of(found) | {"sync": sync})
    talk.show(found["sync"], facts(shop, found["sync"]))


@app.command("listing")
def listing(  # noqa: PLR0913  # one option a setting
    context: typer.Context,
    listing: Annotated[str, typer.Argument(metavar="CHANNEL/SHOP/LISTING")],
    *,
    mode: Mode = None,
    ratio: Ratio = None,
    threshold: Threshold = None,
    maximum: Maximum = None,
    push_at_threshold: AtThreshold = None,
    incoming_cap: Annotated[int | None, typer.Option(help="Units on their way that may be sold already.")] = None,
    largest_price_fall: PriceFall = None,
    pause: Annotated[bool | None, typer.Option("--pause/--resume")] = None,
    approve_price: Annotated[
        str | None, typer.Option(help="The price that may be pushed however far it falls.")
    ] = None,
    as_shop: Annotated[bool, typer.Option(help="Forget what it has otherwise than its shop.")] = False,
) -> None:
    """What a listing has otherwise than its shop. It is pushed at once."""
    talk, path = talk_of(context), listing_path(listing)
    found = talk.ask("GET", path)
    told = {
        "mode": mode,
        "ratio": ratio,
        "threshold": threshold,
        "maximum": maximum,
        "push_at_threshold": push_at_threshold,
        "incoming_cap": incoming_cap,
        "largest_price_fall": largest_price_fall,
        "paused": pause,
    }
    own: dict[str, Any] = {} if as_shop else {k: v for k, v in (found.get("overrides") or {}).items() if v is not None}
    own |= {name: value for name, value in told.items() if value is not None}
    body = {name: found[name] for name in ("components", "price", "location") if found.get(name) is not None}
    body["overrides"] = own
    if approve_price is not None:
        body["approved_price"] = approve_price
    found = talk.ask("PUT", path, body)
    talk.show(found, facts(listing, found.get("overrides") or {"": "as its shop"}))


@app.command("now")
def now(context: typer.Context, name: Annotated[str, typer.Argument(metavar="CHANNEL/SHOP[/LISTING]")]) -> None:
    """Push what differs, now; also what was given up. Goes on until all of it is asked for."""
    path, one = shop_of(name)
    talk = talk_of(context)
    ran = _until_all_is_asked_for(talk, f"{path}/sync", {} if one is None else {"listing": one})
    sentence = f"{name}: {ran['listings']} listings, {ran['differ']} differ, {ran['asked']} pushes asked for."
    talk.show(ran, sentence + (f" {ran['left']} are left: run it again." if ran["left"] else ""))


def _until_all_is_asked_for(talk: Talk, path: str, body: dict[str, str]) -> dict[str, Any]:
    """The first call's listings and differences, the pushes of all of them, and what the last one left."""
    with Progress(*COLUMNS, console=talk.err, disable=talk.as_json, transient=True) as progress:
        task = progress.add_task("asking for pushes", total=None)
        first = last = talk.ask("POST", path, body)
        asked = first["asked"]
        for _ in range(MOST_CALLS):
            progress.update(task, total=asked + last["left"], completed=asked)
            if not last["left"]:
                break
            last = talk.ask("POST", path, body)
            asked += last["asked"]
    return {**first, "asked": asked, "left": last["left"]}
