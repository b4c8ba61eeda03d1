"""Bodies about shops, listings and dead letters, as pydantic models. Each field's rule is the one of `fields.py`."""

from typing import Annotated, Literal

from pydantic import Field

from holdfast.services.orders.connect_shop import MOST_PARTS

from . import fields
from .models import AnyTime, Body, Name, SkuName, Title, Units, UnitsOrNone, ruled

PollSeconds = Annotated[int, *ruled(fields.POLL_SECONDS)]
OverlapSeconds = Annotated[int, *ruled(fields.OVERLAP_SECONDS)]
PartsOfUnit = Annotated[int, *ruled(fields.PARTS_OF_UNIT)]
PlaceThere = Annotated[str, *ruled(fields.PLACE_THERE)]
Amount = Annotated[str, *ruled(fields.AMOUNT)]
Currency = Annotated[str, *ruled(fields.CURRENCY)]
LettersAtOnce = Annotated[int, *ruled(fields.LETTERS_AT_ONCE)]


SyncMode = Annotated[Literal["daily", "session", "continuous"], *ruled(fields.SYNC_MODE)]
EveryMinutes = Annotated[int, *ruled(fields.EVERY_MINUTES)]
LocalTime = Annotated[str, *ruled(fields.LOCAL_TIME)]
Zone = Annotated[str, *ruled(fields.ZONE)]
Ratio = Annotated[int, *ruled(fields.RATIO)]
Percent = Annotated[int, *ruled(fields.PERCENT)]
ListingName = Annotated[str, *ruled(fields.LISTING)]


class SyncBody(Body):
    """How a shop's listings are kept in step. What is not said is as usual; `maximum` null: no limit.

    `every_minutes` (15, 60 or 240) is for sessions; `at` and `time_zone` for daily runs.
    """

    mode: SyncMode = "session"
    every_minutes: EveryMinutes = 15
    at: LocalTime = "04:00"
    time_zone: Zone = "Asia/Ho_Chi_Minh"
    ratio: Ratio = 100
    threshold: UnitsOrNone = 0
    maximum: Units | None = None
    push_at_threshold: bool = True
    largest_price_fall: Percent = 30
    verify_percent: Percent = 10


class OverridesBody(Body):
    """What a listing has otherwise than its shop; null: as its shop. `incoming_cap`: units on their way."""

    mode: SyncMode | None = None
    ratio: Ratio | None = None
    threshold: UnitsOrNone | None = None
    maximum: Units | None = None
    push_at_threshold: bool | None = None
    incoming_cap: UnitsOrNone | None = None
    largest_price_fall: Percent | None = None
    paused: bool | None = None


class SyncNowBody(Body):
    """One listing of the shop, or all of them."""

    listing: ListingName | None = None


class ShopBody(Body):
    """A merchant's account on a channel. Its credentials are in a secret; nothing here opens it.

    `orders_from`: orders made before it were counted with the stock; a new shop's count from now if it is not said.
    `stock_home`: the merchant keeps the stock there, and what it has on hand is a count for us. `sync` null: as it is.
    """

    name: Title | None = None
    paused: bool = False
    location: Name | None = None
    stock_home: bool = False
    orders_from: AnyTime | None = None
    poll_seconds: PollSeconds = 300
    overlap_seconds: OverlapSeconds = 1_800
    sync: SyncBody | None = None


class Component(Body):
    """So many units of a SKU go into one unit of the listing."""

    sku: SkuName
    quantity: PartsOfUnit = 1


class PriceBody(Body):
    amount: Amount
    currency: Currency


class ListingBody(Body):
    """What a listing sells: one SKU, or a bundle. `location`: the marketplace's id of its warehouse.

    `overrides` null: as they are. `approved_price`: a price that may be pushed however far it falls.
    """

    components: Annotated[list[Component], Field(min_length=1, max_length=MOST_PARTS)]
    price: PriceBody | None = None
    location: PlaceThere | None = None
    overrides: OverridesBody | None = None
    approved_price: Amount | None = None


class RedriveBody(Body):
    """How many to send on their way again, and of which queue if not of all."""

    limit: LettersAtOnce = 100
    queue: Literal["orders", "polls", "pushes"] | None = None
