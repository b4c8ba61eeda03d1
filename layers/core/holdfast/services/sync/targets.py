"""Read what targets depend on, each level once, and compute them."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from holdfast.channels.sheet import Sheet
from holdfast.domain.level import Level, Place
from holdfast.domain.listing import Listing
from holdfast.domain.passport import LevelSeen
from holdfast.domain.push import PushState
from holdfast.domain.shop import Shop
from holdfast.domain.shop_sync import ShopSync
from holdfast.domain.sync import Rules, Stock, Target, rules_of, target
from holdfast.services.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A target with all it was made of."""

    listing: Listing
    rules: Rules
    target: Target
    levels: tuple[LevelSeen, ...]


@dataclass(slots=True)
class Looks:
    """Levels as they were when they were first looked at: one read a level, however many listings sell it."""

    context: Context
    levels: dict[Place, Level] = field(default_factory=dict)

    def at(self, places: Iterable[Place]) -> None:
        """Consistent reads of those that were not looked at yet."""
        missing = [place for place in dict.fromkeys(places) if place not in self.levels]
        if missing:
            found = self.context.ledger.levels.get_many(missing, check=False)
            self.levels.update({level.place: level for level in found})


def places_of(context: Context, shop: Shop, listings: Iterable[Listing]) -> list[Place]:
    """Where what these listings sell lies: where the shop's orders are served from."""
    locations = serving(context, shop)
    return [Place(part.sku, location) for listing in listings for part in listing.parts for location in locations]


def serving(context: Context, shop: Shop) -> tuple[str, ...]:
    return (shop.location,) if shop.location else context.policy.locations


def make(
    looks: Looks, *, shop: Shop, sync: ShopSync, sheet: Sheet, listing: Listing, state: PushState, now: datetime
) -> Made | None:
    """The listing's target by the levels that were looked at. None: one of them does not add up, and nothing is said.

    The auditor repairs it; what it would show until then is anybody's guess.
    """
    context = looks.context
    locations = serving(context, shop)
    seen: list[LevelSeen] = []
    stock: dict[str, Stock] = {}
    for part in listing.parts:
        levels = [looks.levels[Place(part.sku, location)] for location in locations]
        if not all(level.adds_up() for level in levels):
            return None
        told = [_seen(context, level, takes=part.quantity, now=now) for level in levels]
        seen.extend(told)
        stock[part.sku] = Stock(free=sum(each.free for each in told), incoming=sum(each.incoming for each in told))
    rules = rules_of(replace(sync.rules, paused=shop.paused), state.own)
    needs = {part.sku: part.quantity for part in listing.parts}
    made = target(needs, stock, rules, channel_limit=sheet.most_quantity)
    return Made(listing=listing, rules=rules, target=made, levels=tuple(seen))


def _seen(context: Context, level: Level, *, takes: int, now: datetime) -> LevelSeen:
    free = level.sellable(now_s=now.timestamp(), margin_seconds=context.policy.margin_seconds)
    return LevelSeen(
        sku=level.place.sku,
        location=level.place.location,
        takes=takes,
        free=free,
        reserved=level.reserved - (free - level.available),
        committed=level.committed,
        incoming=level.incoming,
        version=level.version,
    )
