"""Bodies about shops, listings and dead letters, as pydantic models. Each field's rule is the one of `fields.py`."""

from typing import Annotated, Literal

from pydantic import Field

from holdfast.services.connect_shop import MOST_PARTS

from . import fields
from .models import AnyTime, Body, Name, SkuName, Title, ruled

PollSeconds = Annotated[int, *ruled(fields.POLL_SECONDS)]
OverlapSeconds = Annotated[int, *ruled(fields.OVERLAP_SECONDS)]
PartsOfUnit = Annotated[int, *ruled(fields.PARTS_OF_UNIT)]
PlaceThere = Annotated[str, *ruled(fields.PLACE_THERE)]
Amount = Annotated[str, *ruled(fields.AMOUNT)]
Currency = Annotated[str, *ruled(fields.CURRENCY)]
LettersAtOnce = Annotated[int, *ruled(fields.LETTERS_AT_ONCE)]


class ShopBody(Body):
    """A merchant's account on a channel. Its credentials are in a secret; nothing here opens it.

    `orders_from`: orders made before it were counted with the stock; a new shop's count from now if it is not said.
    `stock_home`: the merchant keeps the stock there, and what it has on hand is a count for us.
    """

    name: Title | None = None
    paused: bool = False
    location: Name | None = None
    stock_home: bool = False
    orders_from: AnyTime | None = None
    poll_seconds: PollSeconds = 300
    overlap_seconds: OverlapSeconds = 1_800


class Component(Body):
    """So many units of a SKU go into one unit of the listing."""

    sku: SkuName
    quantity: PartsOfUnit = 1


class PriceBody(Body):
    amount: Amount
    currency: Currency


class ListingBody(Body):
    """What a listing sells: one SKU, or a bundle. `location`: the marketplace's id of its warehouse."""

    components: Annotated[list[Component], Field(min_length=1, max_length=MOST_PARTS)]
    price: PriceBody | None = None
    location: PlaceThere | None = None


class RedriveBody(Body):
    """How many to send on their way again, and of which queue if not of all."""

    limit: LettersAtOnce = 100
    queue: Literal["orders", "polls"] | None = None
