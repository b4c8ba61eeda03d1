"""Listings kept in step: pushes, runs on a schedule, settings that change meanwhile, and what a marketplace refuses.

Each number that is sent is judged by the levels since its lease was taken; at rest every listing shows its target.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from functions.push_listings import handler as push_handler
from functions.sync_shop import handler as sync_handler
from holdfast.channels.protocol import ChannelError, StockItem
from holdfast.domain.errors import HoldfastError
from holdfast.domain.listing import ListingKey
from holdfast.domain.schedules import Schedule
from holdfast.domain.shop import ShopKey
from holdfast.domain.shop_sync import ShopSync
from holdfast.domain.sync import Overrides, Rules, SyncMode
from holdfast.runtime.working_off import WorkQueue
from holdfast.services.context import Context
from holdfast.services.orders.connect_shop import put_shop
from holdfast.services.orders.dead_letters import Aside
from holdfast.services.sync.set_sync import set_listing, set_sync
from holdfast.services.sync.sync_shop import sync_now

from .account import Changed, Item
from .machinery import Machinery
from .market import LIMITS, Market
from .parts import Act
from .queues import WEEK_SECONDS, Message
from .shelf import Shelf
from .shopping import Shopping
from .shops import Shops
from .stage import Actor, Crash
from .world import World

PUSH_NEEDS_MS, RUN_NEEDS_MS = 20_000, 60_000
DAY_SECONDS = 86_400.0
MOST_RETRIES = 2
# Settings and what a listing sells; each of them makes another number right.
SETTLED_BY = ("SYNC", "SETTINGS")


class NoSchedules:
    """Where runs are scheduled; here they come by themselves, early, late and twice."""

    def put(self, shop: ShopKey, schedule: Schedule) -> None:
        """A schedule that was told is one that can be."""

    def delete(self, shop: ShopKey) -> None:
        """No shop is removed here."""


class Listings:
    """`begun`: since when a lease is held, by whom, with which fence; `changed`: when settings changed last."""

    def __init__(self, world: World, shopping: Shopping, shops: Shops, machinery: Machinery) -> None:
        self.world = world
        self.shopping = shopping
        self.shops = shops
        self.machinery = machinery
        self.shelves = {name: Shelf(world, market) for name, market in shops.markets.items()}
        # Who took the lease of a listing last, and when each did.
        self.last: dict[tuple[str, str], Actor | None] = {}
        self.begun: dict[tuple[tuple[str, str], Actor | None], float] = {}
        self.changed: dict[str, float] = {}
        self._runs: list[tuple[str, str, int]] = []
        self._number = 0
        self._rounds = 0
        self._still = world.profile.still
        self._crashes = world.chance.choice((0.0, 0.03))
        if shops.markets:
            world.planning = lambda context: shops.tools(context).planning
            world.on_write.append(self._watch)
        for name, market in shops.markets.items():
            market.judge = lambda item, name=name: self._judge(name, item)  # type: ignore[misc]  # bound now

    def begin(self) -> None:
        for market in self.shops.markets.values():
            settings = self._settings()
            self.world.at_once(
                "manage_stock",
                lambda context: set_sync(context, NoSchedules(), market.manner.key, settings),  # noqa: B023
            )

    def _settings(self) -> ShopSync:
        chance = self.world.chance
        rules = Rules(
            mode=chance.choice((SyncMode.CONTINUOUS, SyncMode.CONTINUOUS, SyncMode.SESSION, SyncMode.DAILY)),
            ratio=chance.choice((100, 100, 80, 50)),
            threshold=chance.choice((0, 0, 1)),
            maximum=chance.choice((None, None, 2)),
            push_at_threshold=chance.random() < HALF,
        )
        return ShopSync(rules=rules, verify_percent=chance.choice((10, 100)))

    def acts(self) -> Sequence[Act]:
        if not self.shops.markets:
            return []
        return [
            Act(36, self.work),
            Act(10, self.machinery.follow),
            Act(4, self.run),
            Act(1, self.put_back),
            Act(1, self.set),
            Act(1, self.pause),
            Act(4 if self._still else 1, self.set_own),
            Act(1, self.sync_now),
            Act(4 if self._still else 1, self.trouble),
            *([Act(6, self.wait)] if self._still else []),
        ]

    def _market(self) -> Market:
        return self.world.chance.choice(list(self.shops.markets.values()))

    def _listing(self, market: Market) -> str:
        return self.world.chance.choice(sorted(market.shown))

    # ---- pushes

    def work(self) -> Actor | None:
        world, pushes = self.world, self.shops.pushes
        if world.is_full() or not pushes.work.waiting:
            return None
        world.steps += 1
        taken = pushes.take(1 + int(world.chance.random() * 5))
        return world.enter("push_listings", "push", lambda context: self._push(context, taken)) if taken else None

    def wait(self) -> Actor | None:
        """Until the next push is due: another worker's lease ends, and what that one sent may be under way still."""
        waiting = self.shops.pushes.work.waiting
        due = min((each.hidden_until for each in waiting), default=0.0) - self.world.now
        if 0 < due < LIMITS.horizon_s:
            self.world.pass_time(due)
        return None

    def _push(self, context: Context, taken: Sequence[tuple[Message, int]]) -> None:
        world, pushes, tools = self.world, self.shops.pushes, self.shops.tools(context)
        who = self.shops.name_of(context)
        work = WorkQueue(queue=pushes.post(who), aside=pushes.post_aside(who))
        is_short = self.shops.time_is_short(PUSH_NEEDS_MS)
        try:
            answer = push_handler.respond(pushes.event(taken), tools.syncing, work, time_is_short=is_short)
        except HoldfastError as error:
            self.shopping.passing(error, "push")
            return
        again = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
        for message, handle in taken:
            if f"m{handle}" in again:
                continue
            world.step(who, "pushes: done", message.body)
            if not world.calm and world.chance.random() < self._crashes:
                world.met("crash_before_delete", who)
                raise Crash
            pushes.work.delete(message, handle)

    def _watch(self, changes: list[Changed]) -> None:
        told = any(after is not None and after.get("kind") == "listing_blocked" for _, after in changes)
        for before, after in changes:
            item = after or before or {}
            kind, _, name = item["pk"].partition("#")
            if kind == "PUSH":
                key = (name.split("#")[0], item["sk"])
                if (after or {}).get("fence", 0) != (before or {}).get("fence", 0):
                    self.last[key] = self.world.stage.current
                    self.begun[key, self.world.stage.current] = self.world.now
                if "blocked" in (after or {}) and item["sk"] not in self.shops.markets[key[0]].ever_broken:
                    self.world.blame(f"{key} is given up, and was never refused by itself", item["sk"])
                if (after or {}).get("blocked") not in (None, (before or {}).get("blocked")) and not told:
                    self.world.blame(f"{key} is given up, and no person is told", item["sk"])
                if (after or {}).get("own") != (before or {}).get("own"):
                    self.changed[key[0]] = self.world.now
                self._looked(key, before or {}, after or {})
            elif kind == "LISTING" or (kind == "SHOP" and item["sk"] in SETTLED_BY):
                self.changed[name.split("#")[0]] = self.world.now

    def _looked(self, key: tuple[str, str], before: Item, after: Item) -> None:
        """A run took what the marketplace shows for another number than it acknowledged: is that still on its way?"""
        world, me = self.world, self.world.stage.current
        if me is None or not me.name.startswith("sync_shop") or world.profile.skew_seconds:
            return
        said = before.get("acknowledged")
        if "acknowledged" not in after or said in (None, after["acknowledged"]):
            return
        if any(each.listing == key[1] and each.quantity == said for each in self.shops.markets[key[0]].flights):
            world.blame(f"{key} is taken to show another number than {said}, which is on its way", key[1])

    def _judge(self, channel: str, item: StockItem) -> None:
        """A number reaches the marketplace: it was right since its lease was taken, and nobody else is at it."""
        world, shelf, me = self.world, self.shelves[channel], self.world.stage.current
        name = f"{channel}/{item.listing}"
        key = (channel, item.listing)
        since, by = self.begun.get((key, me), 0.0), self.last.get(key)
        exact = not world.profile.clocks_far_off
        for started, other in self.shops.markets[channel].pushing.get(item.listing, ()):
            early = LIMITS.call_s - 2 * world.profile.skew_seconds - (world.now - started)
            if exact and early > 0 and other is not me:
                world.blame(f"{name}: two pushes are in flight at once", item.listing)
        if by is not me and exact and world.profile.skew_seconds == 0:
            world.blame(f"{name} is pushed by one whose lease has passed", item.listing)
        # Settings are read before the lease is taken.
        if self.changed.get(channel, 0.0) >= (min(since, me.started) if me else since) or "parts" not in shelf.item(
            "LISTING", item.listing
        ):
            return
        least, most = shelf.bounds(item.listing, since=since)
        if not least <= item.quantity <= most:
            world.blame(
                f"{name} is told {item.quantity}, and {least} to {most} was right since its lease", item.listing
            )
        if item.quantity and shelf.is_paused(item.listing):
            world.blame(f"{name} is paused, and is told {item.quantity}", item.listing)

    # ---- runs

    def run(self) -> Actor | None:
        """A schedule's call: new, or one that failed, or the same once more."""
        world, market = self.world, self._market()
        if self._runs and world.chance.random() < HALF:
            channel, name, tries = self._runs.pop(int(world.chance.random() * len(self._runs)))
            world.met("run_again")
        else:
            self._number += 1
            channel, name, tries = market.manner.key.channel, f"r{self._number}", 0
            if world.chance.random() < TWICE:
                self._runs.append((channel, name, MOST_RETRIES))
        return world.enter("sync_shop", f"run {name}", lambda context: self._run(context, channel, name, tries))

    def _run(self, context: Context, channel: str, name: str, tries: int) -> None:
        event = {"channel": channel, "shop": self.shops.markets[channel].manner.key.shop, "run": name}
        is_short = self.shops.time_is_short(RUN_NEEDS_MS)
        try:
            sync_handler.respond(event, self.shops.tools(context).syncing, time_is_short=is_short)
        except HoldfastError as error:
            self.shopping.passing(error, "run")
        except ChannelError:
            self.world.met("run_failed")
        else:
            return
        if tries < MOST_RETRIES:
            self._runs.append((channel, name, tries + 1))

    def put_back(self) -> Actor | None:
        """Each hour, what was put aside goes on its way again."""
        if not self.shops.pushes.aside.waiting:
            return None
        return self.world.enter("sync_shop", "put back", self._put_back)

    def _put_back(self, context: Context) -> None:
        pushes, who, now = self.shops.pushes, self.shops.name_of(context), self.world.now
        if any(now - each.sent_at >= WEEK_SECONDS for each in pushes.aside.waiting):
            self.world.met("queue_redriven_after_a_week")
        aside = Aside(kept=pushes.post_aside(who), work=pushes.post(who))
        try:
            sync_handler.put_back(aside, time_is_short=lambda: False)
        except HoldfastError as error:
            self.shopping.passing(error, "put back")

    # ---- operators

    def set(self) -> Actor | None:
        """The whole shop is synced otherwise from now on."""
        key, settings = self._market().manner.key, self._settings()
        self.world.met("sync_settings_changed")

        def act(context: Context) -> None:
            self._try(lambda: set_sync(context, NoSchedules(), key, settings))

        return self.world.enter("manage_stock", f"sync settings of {key}", act)

    def pause(self) -> Actor | None:
        key, paused = self._market().manner.key, self.world.chance.random() < HALF

        def act(context: Context) -> None:
            self._try(lambda: self._put_paused(context, key, paused=paused))

        return self.world.enter("manage_stock", f"pause {key}" if paused else f"resume {key}", act)

    def _put_paused(self, context: Context, key: ShopKey, *, paused: bool) -> None:
        shop = context.ledger.shops.get(key)
        if shop is not None:
            put_shop(context, replace(shop, paused=paused), orders_from=None)
            self.world.met("shop_paused" if paused else "shop_resumed")

    def set_own(self) -> Actor | None:
        """A listing has something otherwise than its shop."""
        chance, market = self.world.chance, self._market()
        key = ListingKey(market.manner.key, self._listing(market))
        own = Overrides(
            mode=chance.choice((None, None, SyncMode.CONTINUOUS)),
            ratio=chance.choice((None, None, 60)),
            threshold=chance.choice((None, 1)),
            incoming_cap=chance.choice((None, None, 1)),
            paused=chance.choice((None, None, True)),
        )
        if Shelf(self.world, market).item("LISTING", key.listing) == {}:
            return None

        def act(context: Context) -> None:
            self._try(lambda: set_listing(self.shops.tools(context).planning, key, own=own))

        return self.world.enter("manage_stock", f"settings of {key}", act)

    def sync_now(self) -> Actor | None:
        key = self._market().manner.key
        return self.world.enter("manage_stock", f"sync {key} now", lambda context: self._sync_now(context, key))

    def _sync_now(self, context: Context, key: ShopKey) -> None:
        self._try(lambda: sync_now(self.shops.tools(context).planning, key))

    def _try(self, act: object) -> None:
        try:
            act()  # type: ignore[operator]  # a call without arguments
        except HoldfastError as error:
            self.shopping.passing(error, "listings")

    def trouble(self) -> Actor | None:
        """A listing is banned or in a promotion, or the day's calls are used up; some of it passes."""
        chance, market = self.world.chance, self._market()
        listing = self._listing(market)
        what = chance.choice(("banned", "promotion", "quota", "over", "over", *(STILL_TROUBLE if self._still else ())))
        if what == "banned":
            market.broken.add(listing)
            market.ever_broken.add(listing)
            self.world.met("listing_banned")
        elif what == "promotion":
            market.locked.add(listing)
        elif what == "quota":
            market.quota_until = self.world.now + chance.choice((60.0, 3_600.0))
        else:
            self._over(market)
        return None

    def _over(self, market: Market) -> None:
        """Listings are sold again; one that we know to be gone comes back with a number that its merchant gave it."""
        for listing in sorted(market.broken):
            if "blocked" in self.shelves[market.manner.key.channel].item("PUSH", listing):
                market.shown[listing] = int(self.world.chance.random() * 3)
        market.broken.clear()
        market.locked.clear()

    # ---- after the faults

    def settle(self) -> bool:
        """What is under way arrives; a run finds what was lost; what was given up is asked for by a person."""
        world, shops = self.world, self.shops
        if not shops.markets:
            return False
        self._rounds += 1
        if self._rounds == 1:
            self._all_is_well()
        self.drain()
        for _ in range(MOST_RUNS):
            if self._rounds > 1 and self._is_in_step():
                break
            self._put_all_back()
            # Whoever died in a push leaves its lease; a request whose message was never sent is lost after a while.
            world.now += LIMITS.lost_s + LIMITS.lease_s + 2 * world.profile.skew_seconds
            if self._needs_a_look():
                world.now += DAY_SECONDS
            for market in shops.markets.values():
                self.run_in_calm(market)
                if self._rounds == 1:
                    world.at_once("manage_stock", lambda context: self._sync_now(context, market.manner.key))  # noqa: B023
            self.drain()
            if self._is_in_step():
                break
        return self._rounds == 1 or not self._is_in_step()

    def _is_in_step(self) -> bool:
        """Whether nothing is under way, and nothing wrong."""
        for market in self.shops.markets.values():
            market.apply()
        under_way = any(market.flights for market in self.shops.markets.values())
        return not (under_way or self.shops.pushes.work.waiting) and next(self.at_rest(), None) is None

    def _all_is_well(self) -> None:
        for market in self.shops.markets.values():
            self._over(market)
            self._resume(market)
            # Reading back puts right what should never have gone wrong: it is left out where nothing needs it.
            self.verify(market, percent=100 if self._needs_a_look() else 0)

    def _needs_a_look(self) -> bool:
        """Whether only what the marketplace shows can tell: the stream lost what was sold, or no clock is right."""
        profile = self.world.profile
        return bool(self.machinery.lost) or profile.clocks_far_off or profile.months

    def _resume(self, market: Market) -> None:
        world, key = self.world, market.manner.key
        world.at_once("manage_stock", lambda context: self._put_paused(context, key, paused=False))
        for listing in market.shown:
            if self.shelves[key.channel].item("PUSH", listing).get("own", {}).get("paused"):
                self._set_in_calm(ListingKey(key, listing))

    def _set_in_calm(self, key: ListingKey) -> None:
        def act(context: Context) -> None:
            set_listing(self.shops.tools(context).planning, key, own=Overrides())

        self.world.at_once("manage_stock", act)

    def verify(self, market: Market, *, percent: int) -> None:
        key = market.manner.key

        def act(context: Context) -> None:
            settings = context.ledger.syncs.get(key)
            context.ledger.syncs.put(key, replace(settings, verify_percent=percent))

        self.world.at_once("manage_stock", act)

    def run_in_calm(self, market: Market) -> None:
        self._number += 1
        name = f"r{self._number}"
        self.world.at_once(
            "sync_shop",
            lambda context: self._run(context, market.manner.key.channel, name, MOST_RETRIES),
        )

    def _put_all_back(self) -> None:
        for each in self.shops.pushes.aside.waiting:
            each.hidden_until = 0.0
        if self.shops.pushes.aside.waiting:
            self.world.at_once("sync_shop", self._put_back)

    def drain(self) -> None:
        world, pushes = self.world, self.shops.pushes
        for _ in range(MOST_TURNS):
            if world.ended or not pushes.work.waiting:
                return
            self.shops.authorise_the_lost()  # or each message would be tried as often as it may
            world.now = max(world.now, min(each.hidden_until for each in pushes.work.waiting))
            taken = pushes.take(50)
            if taken:
                world.at_once("push_listings", lambda context: self._push(context, taken))  # noqa: B023
        world.blame(f"the queue of pushes does not drain: {[each.body for each in pushes.work.waiting][:2]}")

    def at_rest(self) -> Iterator[str]:
        for channel, market in self.shops.markets.items():
            market.apply()
            for listing in market.shown:
                yield from self._listing_at_rest(channel, market, listing)
        for each in self.shops.pushes.aside.waiting:
            yield f"a push is left aside: {each.body}"

    def _listing_at_rest(self, channel: str, market: Market, listing: str) -> Iterator[str]:
        shelf = self.shelves[channel]
        if "parts" not in shelf.item("LISTING", listing):
            return
        state = shelf.item("PUSH", listing)
        left: Item = {name: state[name] for name in ("lease_until", "unsettled_until", "blocked") if name in state}
        if "asked" in state and state["asked"]["due"] / 1000 + LIMITS.lost_s > self.world.now:
            left["asked"] = state["asked"]  # an older one is taken for lost, and replaced by the next that asks
        if left:
            yield f"{channel}/{listing} is still to be pushed: {left}"
        if any(
            each["kind"] in {"listing_blocked", "listing_locked"}
            and each["subject"] == f"{market.manner.key}/{listing}"
            and each["list"].endswith("open")
            for each in self.world.account.incidents.values()
        ):
            yield f"{channel}/{listing} is in step, and an incident says that it is not"
        wanted, shown = shelf.now(listing), market.shown[listing]
        if wanted != shown and (market.sheet.read_back or not self._needs_a_look()):
            yield f"{channel}/{listing} shows {shown}, it should show {wanted} ({state})"


MOST_TURNS = 400
MOST_RUNS = 2
TWICE = 0.2
STILL_TROUBLE = ("banned", "banned", "over")
HALF = 0.5
