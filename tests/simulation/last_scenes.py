"""What takes several things in a row, within a second, a push or a lease, and hardly comes about by chance.

Played where all is calm and in step, in seeds of still waters: what is wrong afterwards, stays wrong.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from holdfast.channels.protocol import ChannelError
from holdfast.domain.errors import Unavailable
from holdfast.domain.listing import ListingKey
from holdfast.domain.market import MarketOrder, OrderLine
from holdfast.domain.market import Stage as OrderStage
from holdfast.domain.movement import Movement, Type
from holdfast.domain.sync import Overrides, SyncMode
from holdfast.services.context import Context
from holdfast.services.orders import messages
from holdfast.services.orders.shop_account import call_shop
from holdfast.services.stock.move_stock import move_stock
from holdfast.services.sync.set_sync import set_listing
from holdfast.store.table import Delete, Key

from .listings import DAY_SECONDS, Listings
from .machinery import Machinery
from .market import FOR_EVER, LEFT_OUT_SECONDS, LIMITS, Market, NextPush, second
from .marketplaces import SWEEP_SECONDS, Marketplaces
from .parts import Act
from .shops import LOCK_AND_MEMORY_SECONDS, PULLED, Shops
from .stage import Crash
from .world import World

# More than a marketplace has oversold, at each location: then targets are what a listing's own maximum says.
PLENTY = 40
# Longer than the long look looks back.
SILENCE_SECONDS = 5 * DAY_SECONDS
# Later than a change of the same second may be unknown.
LATE_SECONDS = 300.0


class LastScenes:
    """One of them is played in each shop, once all is in step: what it finds had not been wrong before."""

    def __init__(
        self, world: World, shops: Shops, marketplaces: Marketplaces, listings: Listings, machinery: Machinery
    ) -> None:
        self.world = world
        self.shops = shops
        self.marketplaces = marketplaces
        self.listings = listings
        self.machinery = machinery
        self._waits = world.profile.still

    def begin(self) -> None:
        """They wait for the end."""

    def acts(self) -> Sequence[Act]:
        return []

    def at_rest(self) -> Iterator[str]:
        return iter(())

    def settle(self) -> bool:
        if not self._waits or self.world.ended or not self._is_in_step():
            return False
        self._waits = False
        self._much_arrives()
        for market in self.shops.markets.values():
            scenes: tuple[Callable[[Market], object], ...] = (
                self._mapped_late,
                self._changed_and_polled,
                self._told_as_it_was,
                self._left_out,
                self._applied_late,
                self._sold_while_pushed,
                self._gone_and_back,
                self._told_after_months,
                self._tokens_run_out,
            )
            self.world.chance.choice(scenes)(market)
            # What nobody tells of is found.
            self.marketplaces.poll_in_calm(market)
            self.marketplaces.drain()
        return True

    def _is_in_step(self) -> bool:
        wrong = next(self.marketplaces.at_rest(), None) or next(self.listings.at_rest(), None)
        return wrong is None and not self.shops.pushes.work.waiting

    def _much_arrives(self) -> None:
        world = self.world
        for sku in world.profile.skus:
            for location in world.profile.locations:
                more = Movement(id=f"last {location}", type=Type.RECEIVE, sku=sku, location=location, quantity=PLENTY)
                world.at_once("manage_stock", lambda context: move_stock(context, more))  # noqa: B023
        self._all_pushed()

    def _all_pushed(self) -> None:
        self.machinery.all_streamed()
        self.listings.drain()

    def _one_of(self, market: Market) -> str | None:
        """A listing of the shop that is mapped."""
        mapped = [each for each in market.shown if self.shops.listing_key(market, each) in self.world.store.items]
        return self.world.chance.choice(mapped) if mapped else None

    # ---- orders

    def _mapped_late(self, market: Market) -> None:
        """An order is told of a listing that is new; then that is mapped, by somebody who may die before he says so."""
        listing, dies = "9~0", False
        market.shown[listing] = 0
        known = self._one_of(market)
        if known and self.world.chance.random() < HALF:
            lines = (OrderLine(listing=known, ordered=1), OrderLine(listing=listing, ordered=3, withheld=2))
            self._told(market, OrderStage.SHIPPED, *lines)
            dies = self.world.chance.random() < HALF
        elif not self._changed_within_its_second(market, listing):
            return
        # A poll would take it for one that may have changed again by then.
        self.world.now += LATE_SECONDS
        with suppress(Crash):
            self.shops.map_at_once(market, listing, dies=dies)
        self.marketplaces.drain()

    def _changed_and_polled(self, market: Market) -> None:
        """An order is told, and changes within the second; only a poll can tell."""
        listing = self._one_of(market)
        if listing is not None:
            self._changed_within_its_second(market, listing)

    def _told_as_it_was(self, market: Market) -> None:
        """An order is told, and told again after a change within the second; then the first comes once more."""
        listing = self._one_of(market)
        if listing is None or not market.manner.tells_lines:
            return
        self.world.now = float(int(self.world.now) + 1)
        order = self._new(market, OrderStage.PAID, OrderLine(listing=listing, ordered=2))
        newer = replace(order, lines=(replace(order.lines[0], cancelled=1),))
        market.keep(newer)
        self.world.met("changed_twice_in_a_second")
        for each in (order, newer, order):
            self._say(market, each)

    def _changed_within_its_second(self, market: Market, listing: str) -> bool:
        """After it was told; nobody tells of the change."""
        if market.manner.lists_whole or market.manner.key.channel == PULLED:
            return False
        self.world.now = float(int(self.world.now) + 1)
        order = self._told(market, OrderStage.PAID, OrderLine(listing=listing, ordered=2))
        if second(self.world) != order.updated_at:
            return False
        self.world.met("changed_twice_in_a_second")
        market.keep(replace(order, lines=(replace(order.lines[0], cancelled=1),)))
        return True

    def _left_out(self, market: Market) -> None:
        """Lists leave out an order nobody tells of: beside a later one, or with all others after a long silence."""
        listing = self._one_of(market)
        if listing is None:
            return
        order = self._new(market, OrderStage.PAID, OrderLine(listing=listing, ordered=1))
        if self.world.chance.random() < HALF:
            self.world.now += LEFT_OUT_SECONDS
            self._told(market, OrderStage.PAID, OrderLine(listing=listing, ordered=1))
            market.left_out[order.order_id] = FOR_EVER
            self.marketplaces.poll_in_calm(market)
        else:
            self.world.now += SILENCE_SECONDS
            market.left_out |= dict.fromkeys(market.orders, FOR_EVER)
            self.marketplaces.poll_in_calm(market)
            self.world.now += SWEEP_SECONDS
            self.marketplaces.poll_in_calm(market)
        market.left_out.clear()
        self.world.now += SWEEP_SECONDS

    def _told_after_months(self, market: Market) -> None:
        """Its record was cleared away since."""
        listing = self._one_of(market)
        if listing is None:
            return
        order = self._told(market, OrderStage.SHIPPED, OrderLine(listing=listing, ordered=1))
        self._all_pushed()
        self.machinery.months_pass()
        record = f"RESERVATION#{market.manner.key.channel}:{market.manner.key.shop}:{order.order_id}"
        self.world.met("cleared_by_ttl")
        self.world.store.write(Delete(key=Key(record, "RESERVATION")))
        self._tell(market, order)

    def _tokens_run_out(self, market: Market) -> None:
        """Several find at once that the shop's token is good no more; its refresh may take longer than its lock."""
        # By then nobody remembers older ones.
        self.world.now += LOCK_AND_MEMORY_SECONDS
        market.access.clear()
        market.crowded, market.slow_once = True, self.world.chance.random() < HALF
        for _ in range(self.world.profile.at_once):
            self.world.enter("poll_orders", "ask", lambda context: self._ask_the_shop(context, market))
        self.world.stage.play()
        market.crowded = market.slow_once = False

    def _ask_the_shop(self, context: Context, market: Market) -> None:
        intake = self.shops.tools(context).intake
        with suppress(ChannelError, Unavailable):
            call_shop(
                intake, market.manner.key, lambda account: market.fetch_orders(account, [], intake.send, intake.now())
            )

    def _told(self, market: Market, stage: OrderStage, *lines: OrderLine) -> MarketOrder:
        """It is new, is told, and is applied."""
        order = self._new(market, stage, *lines)
        self._tell(market, order)
        return order

    def _new(self, market: Market, stage: OrderStage, *lines: OrderLine) -> MarketOrder:
        now = second(self.world)
        name = f"Z{sum(each.startswith('Z') for each in market.orders)}"
        order = MarketOrder(order_id=name, stage=stage, created_at=now, updated_at=now, lines=lines)
        market.keep(order)
        return order

    def _tell(self, market: Market, order: MarketOrder) -> None:
        def tell(context: Context) -> None:
            orders = self.shops.tools(context).intake.orders
            orders.send(messages.changed(market.manner.key, order.order_id, heard_by="webhook"))

        self.world.at_once("receive_webhook", tell)
        self.marketplaces.drain()

    def _say(self, market: Market, order: MarketOrder) -> None:
        """Tell all of it, as it is here."""
        told = messages.told(market.manner.key, order, heard_by="webhook")
        self.world.at_once("receive_webhook", lambda context: self.shops.tools(context).intake.orders.send(told))
        self.marketplaces.drain()

    # ---- pushes

    def _applied_late(self, market: Market) -> None:
        """A number is applied after the one that takes its place: its sender dies, hears nothing, or hears yes."""
        listing = self._one_of(market)
        if listing is None:
            return
        self._push(market, listing, 2)
        market.next_push = self.world.chance.choice(list(NextPush))
        market.meanwhile = lambda: self._ask(market, listing, 2)
        with suppress(Crash):
            self._push(market, listing, 1)
        market.next_push = market.meanwhile = None
        self.listings.drain()

    def _sold_while_pushed(self, market: Market) -> None:
        """It is told at once, and leaves enough for the same target: the marketplace shows less than it said yes to."""
        listing = self._one_of(market)
        if listing is None:
            return
        self._push(market, listing, 2)

        def sold() -> None:
            self.world.met("sold_while_pushed")
            market.sell(listing, 1)
            self._told(market, OrderStage.PAID, OrderLine(listing=listing, ordered=1))
            self.machinery.all_streamed()

        market.meanwhile = sold
        self._push(market, listing, 1)

    def _gone_and_back(self, market: Market) -> None:
        """A listing is not there one day; the next it is, with a number that its merchant gave it."""
        listing = self._one_of(market)
        if listing is None or not market.sheet.read_back:
            return
        self._push(market, listing, 1)
        market.broken.add(listing)
        market.ever_broken.add(listing)
        self.world.met("listing_banned")
        self._look(market, percent=100)
        market.broken.clear()
        market.shown[listing] = 2
        self._look(market, percent=0)

    def _look(self, market: Market, *, percent: int) -> None:
        """A day later, what the marketplace shows is read back."""
        self.world.now += DAY_SECONDS
        self.listings.verify(market, percent=percent)
        self.listings.run_in_calm(market)
        self.listings.drain()

    def _push(self, market: Market, listing: str, units: int) -> None:
        """A number is told that no earlier one can take the place of any more."""
        self.world.now += LIMITS.horizon_s
        self._ask(market, listing, units)
        self.listings.drain()

    def _ask(self, market: Market, listing: str, units: int) -> None:
        """The listing shows so many at most; there is plenty."""
        key = ListingKey(market.manner.key, listing)
        own = Overrides(mode=SyncMode.CONTINUOUS, ratio=100, threshold=0, maximum=units)
        self.world.at_once(
            "manage_stock", lambda context: set_listing(self.shops.tools(context).planning, key, own=own)
        )


HALF = 0.5
