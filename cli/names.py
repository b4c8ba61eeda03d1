"""Names as people write them: `shopee/hanoi`, `shopee/hanoi/123~456`."""

import typer

from cli.api import in_path

SHOP_PARTS, LISTING_PARTS = 2, 3


def shop_path(name: str) -> str:
    """The path of a shop. Raises BadParameter."""
    parts = name.split("/")
    if len(parts) != SHOP_PARTS or not all(parts):
        raise typer.BadParameter(f"{name!r}: expected CHANNEL/SHOP, as in shopee/hanoi")
    return f"/v1/shops/{in_path(parts[0])}/{in_path(parts[1])}"


def listing_path(name: str) -> str:
    """The path of a listing. Raises BadParameter."""
    parts = name.split("/")
    if len(parts) != LISTING_PARTS or not all(parts):
        raise typer.BadParameter(f"{name!r}: expected CHANNEL/SHOP/LISTING, as in shopee/hanoi/123~456")
    return f"/v1/listings/{'/'.join(map(in_path, parts))}"


def shop_of(name: str) -> tuple[str, str | None]:
    """A shop's path, and a listing of it if one is named."""
    parts = name.split("/")
    if len(parts) == LISTING_PARTS:
        return shop_path("/".join(parts[:SHOP_PARTS])), parts[2]
    return shop_path(name), None
