"""A front-end product variant on a shop, and the SKUs it sells."""

from dataclasses import dataclass
from decimal import Decimal

from .market import Part
from .shop import ShopKey


@dataclass(frozen=True, slots=True)
class ListingKey:
    """`listing` is the channel's own ids joined by `~`."""

    shop: ShopKey
    listing: str

    def __str__(self) -> str:
        return f"{self.shop}/{self.listing}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a listing sells: one SKU, or a bundle of several in given quantities. `price` in the shop's currency."""

    key: ListingKey
    parts: tuple[Part, ...]
    price: Decimal | None = None
    currency: str | None = None
    location: str | None = None
