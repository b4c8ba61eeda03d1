"""What takes several things in a row, within a second or within a lease, and hardly comes about by chance.

Played where all is calm and at rest, in seeds of still waters: what is wrong afterwards, stays wrong.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from holdfast.domain.listing import ListingKey
from holdfast.domain.market import MarketOrder, OrderLine
from holdfast.domain.market import Stage as OrderStage
from holdfast.domain.sync import Overrides
from holdfast.services.context import Context
from holdfast.services.orders import messages
from holdfast.services.sync.set_sync import set_listing

from .listings import Listings
from .market import Market, second
from .marketplaces import Marketplaces
from .parts import Act
from .shops import PULLED, Shops
from .stage import Crash
from .world import World


class LastScenes:
    """Each is played once in each shop."""

    def __init__(self, world: World, shops: Shops, marketplaces: Marketplaces, listings: Listings) -> None:
        self.world = world
        self.shops = shops
        self.marketplaces = marketplaces
        self.listings = listings
        self._waits = world.profile.still

    def begin(self) -> None:
        """They wait for the end."""

    def acts(self) -> Sequence[Act]:
        return []

    def at_rest(self) -> Iterator[str]:
        return iter(())

    def settle(self) -> bool:
        if not self._waits or self.world.ended:
            return False
        self._waits = False
        for market in self.shops.markets.values():
            self._mapped_late(market)
            self._dead_worker(market)
        return True

    def _mapped_late(self, market: Market) -> None:
        """An order is told; then its listing is mapped."""
        unmapped = [each for each in market.shown if self.shops.listing_key(market, each) not in self.world.store.items]
        if not unmapped:
            return
        listing = self.world.chance.choice(unmapped)
        if self.world.chance.random() < HALF:
            self._told(market, listing, OrderStage.SHIPPED, ordered=3, withheld=2)
        elif not self._changed_within_its_second(market, listing):
            return
        self.shops.map_at_once(market, listing)

    def _changed_within_its_second(self, market: Market, listing: str) -> bool:
        """After it was told; nobody tells of the change."""
        if market.manner.lists_whole or market.manner.key.channel == PULLED:
            return False
        self.world.now = float(int(self.world.now) + 1)
        order = self._told(market, listing, OrderStage.PAID, ordered=2)
        if second(self.world) != order.updated_at:
            return False
        self.world.met("changed_twice_in_a_second")
        market.keep(replace(order, lines=(replace(order.lines[0], cancelled=1),)))
        return True

    def _told(self, market: Market, listing: str, stage: OrderStage, **units: int) -> MarketOrder:
        """It came with its listing unmapped, and was applied."""
        now, key = second(self.world), market.manner.key
        lines = (OrderLine(listing=listing, **units),)
        order = MarketOrder(order_id="Z1", stage=stage, created_at=now, updated_at=now, lines=lines)
        market.keep(order)

        def told(context: Context) -> None:
            orders = self.shops.tools(context).intake.orders
            orders.send(messages.changed(key, order.order_id, heard_by="webhook"))

        self.world.at_once("receive_webhook", told)
        self.marketplaces.drain()
        return order

    def _dead_worker(self, market: Market) -> None:
        """Who dies in a push leaves a number that is applied after the one of who takes over."""
        mapped = [each for each in market.shown if self.shops.listing_key(market, each) in self.world.store.items]
        if not mapped:
            return
        listing = ListingKey(market.manner.key, self.world.chance.choice(mapped))
        self._set(listing, Overrides(threshold=1))
        market.doomed = True
        try:
            self.listings.drain()
        except Crash:
            self.world.met("crash_after_call", "in calm")
        market.doomed = False
        self._set(listing, Overrides())
        self.listings.drain()

    def _set(self, listing: ListingKey, own: Overrides) -> None:
        self.world.at_once(
            "manage_stock", lambda context: set_listing(self.shops.tools(context).planning, listing, own=own)
        )


HALF = 0.5
