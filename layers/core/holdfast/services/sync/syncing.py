"""What the services of sync work with. Made by the composition root, or by a test."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from holdfast.channels.protocol import Channel
from holdfast.channels.sheet import Sheet
from holdfast.domain.listing import ListingKey
from holdfast.domain.push import Limits
from holdfast.domain.shop import ShopKey
from holdfast.services.context import Context
from holdfast.services.orders.intake import Intake

PushMessage = Mapping[str, Any]
"""`{"channel", "shop", "listings": [...], "asked": id}`: names and no number, so that an old one says nothing old.

`asked`: the request it was sent for; one that was replaced meanwhile has a message of its own.
"""


class PushQueue(Protocol):
    """Where pushes wait. A message is kept once `send_many` returns; it may be delivered twice and in any order."""

    def send_many(self, messages: Sequence[PushMessage], *, delay_seconds: int = 0) -> None:
        """Raises Unavailable: some of them may have been sent."""
        ...


@dataclass(frozen=True, slots=True)
class Planning:
    """What it takes to ask for pushes. `channel(name)` is the marketplace's module."""

    context: Context
    queue: PushQueue
    channel: Callable[[str], Channel]
    limits: Limits = Limits()  # noqa: RUF009  # frozen

    def now(self) -> datetime:
        return self.context.clock()

    def sheet(self, shop: ShopKey) -> Sheet:
        return self.channel(shop.channel).sheet


@dataclass(frozen=True, slots=True)
class Syncing:
    """What it takes to push. `chance()` gives a number from 0 to 1, for waits that differ; `sleep(seconds)` waits."""

    planning: Planning
    intake: Intake
    chance: Callable[[], float]
    sleep: Callable[[float], None]

    @property
    def context(self) -> Context:
        return self.planning.context

    @property
    def limits(self) -> Limits:
        return self.planning.limits

    def now(self) -> datetime:
        return self.context.clock()


def message_of(shop: ShopKey, listings: Sequence[str], *, asked: str) -> PushMessage:
    return {"channel": shop.channel, "shop": shop.shop, "listings": list(listings), "asked": asked}


def listings_in(message: PushMessage) -> list[ListingKey]:
    shop = ShopKey(message["channel"], message["shop"])
    return [ListingKey(shop, listing) for listing in message["listings"]]
