"""Listings: what each sells, and what it has otherwise than its shop."""

from typing import Annotated, Any

import typer

from cli.names import listing_path, shop_path
from cli.talk import facts, rows, talk_of

app = typer.Typer(no_args_is_help=True, help="Listings: product variants on a shop, and the SKUs they sell.")

ListingName = Annotated[str, typer.Argument(metavar="CHANNEL/SHOP/LISTING")]


@app.command("list")
def list_listings(
    context: typer.Context, shop: Annotated[str, typer.Argument(metavar="CHANNEL/SHOP")], most: int = 1_000
) -> None:
    """The listings of a shop."""
    shop_path(shop)
    talk = talk_of(context)
    channel, name = shop.split("/")
    found = talk.pages("/v1/listings", most=most, channel=channel, shop=name)
    lines = [(each["listing"], _parts(each), _state(each), _price(each)) for each in found]
    talk.show(found, rows(shop, ("listing", "sells", "shows", "price"), lines))


@app.command("show")
def show_listing(context: typer.Context, listing: ListingName) -> None:
    """One listing: what it sells, its target, what was acknowledged."""
    talk = talk_of(context)
    found = talk.ask("GET", listing_path(listing))
    sync = found.get("sync") or {}
    told = {"sells": _parts(found), "price": _price(found), "warehouse": found.get("location"), **sync}
    talk.show(found, facts(listing, told))


@app.command("map")
def map_listing(
    context: typer.Context,
    listing: ListingName,
    components: Annotated[list[str], typer.Argument(metavar="SKU[=UNITS]...", help="As in CUP=4; 1 unit if not said.")],
    price: Annotated[str | None, typer.Option(help="Amount, as in 199000.")] = None,
    currency: Annotated[str, typer.Option()] = "VND",
    warehouse: Annotated[str | None, typer.Option(help="The marketplace's id of its warehouse.")] = None,
) -> None:
    """Say which SKUs a listing sells: one, or a bundle."""
    talk = talk_of(context)
    body: dict[str, Any] = {"components": [_component(each) for each in components], "location": warehouse}
    if price is not None:
        body["price"] = {"amount": price, "currency": currency}
    found = talk.ask("PUT", listing_path(listing), body)
    talk.show(found, f"{listing} sells {_parts(found)}.")


@app.command("remove")
def remove_listing(context: typer.Context, listing: ListingName) -> None:
    """Forget what it sells: new orders for it wait until it is mapped again."""
    talk = talk_of(context)
    talk.show(talk.ask("DELETE", listing_path(listing)), f"{listing} is removed.")


def _component(told: str) -> dict[str, Any]:
    """A SKU may hold `=`: what follows the last one is the number, if it is one."""
    sku, _, units = told.rpartition("=")
    if sku and units.isdigit():
        return {"sku": sku, "quantity": int(units)}
    return {"sku": told, "quantity": 1}


def _parts(listing: dict[str, Any]) -> str:
    return ", ".join(
        each["sku"] if each["quantity"] == 1 else f"{each['quantity']} × {each['sku']}"  # noqa: RUF001  # a times sign
        for each in listing["components"]
    )


def _state(listing: dict[str, Any]) -> str:
    sync = listing.get("sync") or {}
    if sync.get("blocked"):
        return f"blocked: {sync['blocked']}"
    shown = sync.get("acknowledged")
    return "" if shown is None else str(shown)


def _price(listing: dict[str, Any]) -> str | None:
    price = listing.get("price")
    return f"{price['amount']} {price['currency']}" if price else None
