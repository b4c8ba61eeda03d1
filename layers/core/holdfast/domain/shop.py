"""A merchant's account on a channel: its settings and its health."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ShopKey:
    """`shop` is the operator's own name for the account, up to 64 of `[A-Za-z0-9._-]`."""

    channel: str
    shop: str

    def __str__(self) -> str:
        return f"{self.channel}/{self.shop}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """Settings of a shop. `location` None: its orders are served from the stack's locations in their order.

    `orders_from`: orders created before it were counted by whoever counted the stock. `stock_home`: the merchant keeps
    its stock there, so what the shop has on hand is a count for us. Times of polling in seconds: `overlap_seconds` is
    how much of what was seen already is asked for again.
    """

    key: ShopKey
    orders_from: datetime
    name: str = ""
    paused: bool = False
    location: str | None = None
    stock_home: bool = False
    poll_seconds: int = 300
    overlap_seconds: int = 1_800


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopHealth:
    """How a shop is doing. `seen_to`: update time of the newest order seen by polling, its cursor.

    `again_from`: from there the next long look lists all anew. `position`: in the marketplace's own queue.
    `failing_since`: the first of the polls that failed in a row.
    """

    seen_to: datetime | None = None
    swept_at: datetime | None = None
    again_from: datetime | None = None
    planned_at: datetime | None = None
    polled_at: datetime | None = None
    position: str | None = None
    failing_since: datetime | None = None
    error: str | None = None
