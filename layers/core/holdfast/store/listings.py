"""Listings: what each sells, and the rows by which the listings of a SKU are found."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from holdfast.domain.listing import Listing, ListingKey
from holdfast.domain.market import Part
from holdfast.domain.shop import ShopKey

from . import shop_keys
from .table import Action, Delete, Item, Page, Put, Query, Table


def listing_from(item: Item) -> Listing:
    _, channel, shop = item["pk"].split("#", 2)
    return Listing(
        key=ListingKey(ShopKey(channel, shop), item["sk"]),
        parts=tuple(Part(sku, quantity) for sku, quantity in item["parts"]),
        price=Decimal(item["price"]) if "price" in item else None,
        currency=item.get("currency"),
        location=item.get("location"),
    )


def item_of(listing: Listing) -> Item:
    optional = {
        "price": None if listing.price is None else str(listing.price),
        "currency": listing.currency,
        "location": listing.location,
    }
    return {
        "parts": [[part.sku, part.quantity] for part in listing.parts],
        **{name: value for name, value in optional.items() if value is not None},
    }


class Listings:
    """Access patterns of listings."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, key: ListingKey) -> Listing | None:
        item = self._table.get(shop_keys.listing(key))
        return listing_from(item) if item else None

    def parts_of(self, shop: ShopKey, listings: Iterable[str]) -> Mapping[str, tuple[Part, ...]]:
        """What those of the listings sell that are mapped."""
        wanted = [shop_keys.listing(ListingKey(shop, each)) for each in dict.fromkeys(listings)]
        found = map(listing_from, self._table.get_many(wanted)) if wanted else ()
        return {listing.key.listing: listing.parts for listing in found}

    def get_many(self, wanted: Sequence[ListingKey]) -> list[Listing]:
        return [listing_from(item) for item in self._table.get_many([shop_keys.listing(key) for key in wanted])]

    def put(self, listing: Listing, *, before: Listing | None) -> None:
        """The listing with its rows, and without the rows of SKUs it no longer sells. The last one wins."""
        rows: list[Action] = [
            Put(key=shop_keys.listing_of_sku(part.sku, listing.key), item={"quantity": part.quantity})
            for part in listing.parts
        ]
        kept = {part.sku for part in listing.parts}
        gone: list[Action] = [
            Delete(key=shop_keys.listing_of_sku(part.sku, listing.key))
            for part in (before.parts if before else ())
            if part.sku not in kept
        ]
        self._table.transact([Put(key=shop_keys.listing(listing.key), item=item_of(listing)), *rows, *gone])

    def delete(self, listing: Listing) -> None:
        rows = [Delete(key=shop_keys.listing_of_sku(part.sku, listing.key)) for part in listing.parts]
        self._table.transact([Delete(key=shop_keys.listing(listing.key)), *rows])

    def of_shop(self, shop: ShopKey, *, limit: int, start: Item | None = None) -> Page:
        """Items by listing key; read with `listing_from`."""
        return self._table.query(Query(partition=shop_keys.listings_partition(shop), limit=limit, start=start))

    def of_sku(self, sku: str) -> list[ListingKey]:
        """Keys of all listings that sell the SKU."""
        found: list[ListingKey] = []
        start: Item | None = None
        while True:
            page = self._table.query(Query(partition=shop_keys.listings_of_sku_partition(sku), limit=1000, start=start))
            found.extend(shop_keys.listing_in_row(item["sk"]) for item in page.items)
            start = page.next
            if start is None:
                return found
