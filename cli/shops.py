"""Shops: list, look, connect, pause, remove."""

from typing import Annotated, Any

import typer

from cli.names import shop_path
from cli.talk import facts, rows, talk_of

app = typer.Typer(no_args_is_help=True, help="Shops: a merchant's accounts on marketplaces.")

ShopName = Annotated[str, typer.Argument(metavar="CHANNEL/SHOP")]
# What of a shop is set; the rest of the answer tells how it is doing.
SETTINGS = ("name", "paused", "location", "stock_home", "orders_from", "poll_seconds", "overlap_seconds")


def settings_of(shop: dict[str, Any]) -> dict[str, Any]:
    """A shop as it is answered → the body that leaves it as it is."""
    return {name: shop[name] for name in SETTINGS if shop.get(name) is not None}


@app.command("list")
def list_shops(context: typer.Context, most: int = 1_000) -> None:
    """All shops."""
    talk = talk_of(context)
    found = talk.pages("/v1/shops", most=most)
    lines = [
        (f"{each['channel']}/{each['shop']}", each["name"], "paused" if each["paused"] else "", each["secret"])
        for each in found
    ]
    talk.show(found, rows("", ("shop", "name", "", "secret"), lines))


@app.command("show")
def show_shop(context: typer.Context, shop: ShopName) -> None:
    """One shop: its settings, its health, how late its orders come."""
    talk = talk_of(context)
    found = talk.ask("GET", shop_path(shop))
    flat: dict[str, object] = {}
    for name, value in found.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{inner}": each for inner, each in value.items()}
        else:
            flat[name] = value
    talk.show(found, facts(shop, flat))


@app.command("set")
def set_shop(
    context: typer.Context,
    shop: ShopName,
    name: Annotated[str | None, typer.Option()] = None,
    location: Annotated[str | None, typer.Option(help="Serve its orders from here.")] = None,
    stock_home: Annotated[bool | None, typer.Option(help="The merchant keeps the stock there.")] = None,
    orders_from: Annotated[str | None, typer.Option(help="Orders made before it were counted already.")] = None,
    poll_seconds: Annotated[int | None, typer.Option()] = None,
) -> None:
    """Connect a shop, or change what is named; what is not named stays."""
    talk, path = talk_of(context), shop_path(shop)
    channel, own = shop.split("/")
    known = {f"{each['channel']}/{each['shop']}" for each in talk.pages("/v1/shops", most=10_000)}
    body = settings_of(talk.ask("GET", path)) if f"{channel}/{own}" in known else {}
    told = {
        "name": name,
        "location": location,
        "stock_home": stock_home,
        "orders_from": orders_from,
        "poll_seconds": poll_seconds,
    }
    body |= {key: value for key, value in told.items() if value is not None}
    found = talk.ask("PUT", path, body)
    talk.show(found, f"{shop} is connected; its credentials belong into the secret {found['secret']}.")


@app.command("pause")
def pause_shop(context: typer.Context, shop: ShopName) -> None:
    """Push nothing but 0 until it is resumed."""
    _set_paused(context, shop, paused=True)


@app.command("resume")
def resume_shop(context: typer.Context, shop: ShopName) -> None:
    """Push again, beginning with what has changed meanwhile."""
    _set_paused(context, shop, paused=False)


def _set_paused(context: typer.Context, shop: str, *, paused: bool) -> None:
    talk, path = talk_of(context), shop_path(shop)
    found = talk.ask("PUT", path, settings_of(talk.ask("GET", path)) | {"paused": paused})
    talk.show(found, f"{shop} is {'paused: nothing but 0 is pushed' if paused else 'resumed'}.")


@app.command("remove")
def remove_shop(context: typer.Context, shop: ShopName) -> None:
    """Listen to it and push to it no more. Its listings, orders and secret stay."""
    talk = talk_of(context)
    talk.show(talk.ask("DELETE", shop_path(shop)), f"{shop} is removed.")
