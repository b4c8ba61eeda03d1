"""The shops of a seed: what each marketplace is like, and what a process of a function works with for them."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from holdfast.channels.sheet import GivesBack
from holdfast.domain.errors import Conflict, Unavailable
from holdfast.domain.listing import Listing, ListingKey
from holdfast.domain.market import Part
from holdfast.domain.shop import Shop, ShopKey
from holdfast.runtime.doorway import Doorway
from holdfast.runtime.shop_accounts import SecretAccounts
from holdfast.runtime.shop_secrets import ShopSecrets
from holdfast.services.context import Context
from holdfast.services.orders.connect_shop import put_listing
from holdfast.services.orders.intake import Intake
from holdfast.services.sync.set_sync import set_listing
from holdfast.services.sync.syncing import Planning, Syncing
from holdfast.store.table import Key
from tests.support.market import SHEET, no_network

from .account import Changed, Item
from .mail import DyingPost, Mailbox
from .market import LIMITS, TOKEN_LIFE_SECONDS, Manner, Market, second
from .vault import Door, Secret, Vault
from .world import World

# Of each way to tell an order one: by its number, whole, and in a queue of the marketplace's own.
CHANNELS = ("shopee", "haravan", "woocommerce", "tiktok_shop", "tiki")
PULLED = "tiki"
ON_CALLS = ("busy", "unheard", "lost", "died", "stale", "empty", "item_refused", "slow_refresh")
STAGE = "test"
# Two of one product, and two others.
LISTINGS = ("1~1", "1~2", "2~0", "3~0")


def manner_of(chance: random.Random, channel: str, *, steady: bool, share: float) -> Manner:
    """What the marketplace of one shop is like.

    `steady`: polls never stop for days, so lists may leave out orders. `share`: how often its faults come, 1 is usual.
    """
    sheet = replace(
        SHEET,
        channel=channel,
        batch=chance.choice((1, 2, 50)),
        batch_of_one_product=chance.random() < 0.2,
        compare_and_swap=chance.random() < 0.2,
        read_back=chance.random() < 0.8,
        most_quantity=chance.choice((999_999, 999_999, 2)),
        cancel_gives_back=chance.choice((GivesBack.ALWAYS, GivesBack.NEVER)),
        orders_page=chance.choice((1, 2, 50)),
        orders_window_days=chance.choice((None, 15)),
        orders_in_order=chance.random() < 0.7,
        calls_per_second=chance.choice((10.0, 1.0)),
        token_life_s=chance.choice((None, TOKEN_LIFE_SECONDS, TOKEN_LIFE_SECONDS)),
        refresh_rotates=chance.random() < 0.7,
        quota_resets=chance.choice((None, "00:00 UTC+8")),
    )
    rates = {fault: share * chance.choice((0.02, 0.1)) for fault in ON_CALLS if chance.random() < 0.5}
    if steady and chance.random() < 0.3 * share**0.5:
        rates["short"] = share * 0.15
    if chance.random() < 0.5 * share:
        rates |= {"late": chance.choice((0.3, 0.7)), "sells": 0.2}
    whole = channel in {"haravan", "woocommerce"}
    return Manner(
        key=ShopKey(channel, "hanoi"),
        sheet=sheet,
        rates=rates,
        tells_lines=whole,
        lists_whole=whole,
        oversells=chance.random() < 0.25,
        lasting=chance.random() < 0.5,
        forgiving=chance.random() < 0.3,
        token_life=chance.choice((30.0, 600.0)) if share > 1.0 and sheet.token_life_s else TOKEN_LIFE_SECONDS,
    )


@dataclass(frozen=True, slots=True)
class Tools:
    """What one process has in its memory beside the context."""

    door: Door
    secrets: ShopSecrets
    doorway: Doorway
    intake: Intake
    planning: Planning
    syncing: Syncing


class Shops:
    """`markets`: by channel, one shop each; none in half of the seeds. `alone`: little else happens in this one."""

    def __init__(self, world: World) -> None:
        self.world = world
        chance = world.chance
        still = world.profile.still
        there = chance.random() < SHARE_WITH_SHOPS or still
        names = chance.sample(CHANNELS, chance.choice((1, 1, 1, 2, 3))) if there else []
        self.alone = there and (chance.random() < SHARE_ALONE or still)
        steady = not (world.profile.has("leap") or world.profile.months)
        share = 3.0 if still else 1.0
        self.markets = {name: Market(world, manner_of(chance, name, steady=steady, share=share)) for name in names}
        fault_rate = 0.0 if still else chance.choice((0.0, 0.02, 0.06))
        self.vault = Vault(world, fault_rate=fault_rate)
        self.vault.written = self._secret_written
        self.vault.overwritten = self._secret_overwritten

        def mailbox(name: str, *, most_receives: int) -> Mailbox:
            return Mailbox(
                world,
                name,
                visibility_seconds=chance.choice((8.0, 360.0, 360.0)),
                most_receives=most_receives,
                copies=chance.choice((0, 10, 30)),
                fault_rate=fault_rate,
            )

        self.orders = mailbox("orders", most_receives=20)
        self.polls = mailbox("polls", most_receives=5)
        self.pushes = mailbox("pushes", most_receives=100)
        self.started: dict[str, datetime] = {}
        self._tools: dict[str, Tools] = {}
        if there:
            world.on_write.append(self._written)

    def begin(self) -> None:
        """The merchant connects its shops; the marketplaces let us in."""
        for market in self.markets.values():
            self._connect(market)

    def _connect(self, market: Market) -> None:
        world, chance, key = self.world, self.world.chance, market.manner.key
        started = self.started[key.channel] = second(world) - timedelta(hours=1)
        shop = Shop(
            key=key,
            orders_from=started,
            location=chance.choice((None, None, *world.profile.locations)),
            poll_seconds=chance.choice((60, 300)),
        )
        world.at_once("manage_stock", lambda context: context.ledger.shops.put(shop))
        market.new_tokens(chance.choice((600.0, float(TOKEN_LIFE_SECONDS))))
        self.vault.keep(self.secret_name(market), {"api_url": "http://market.test", **secret_of(key)})
        self.let_in(market)
        at_once = MAPPED_AT_ONCE_STILL if world.profile.still else MAPPED_AT_ONCE
        for listing in chance.sample(LISTINGS, chance.choice((1, 2, 3, 4))):
            market.shown[listing] = int(chance.random() * 3)
            if chance.random() < at_once:
                self.map_at_once(market, listing)

    def map(self, market: Market, listing: str) -> None:
        """An operator maps a listing, or has it sell something else from now on."""
        mapped = self._mapping(market, listing)
        self.world.enter("manage_stock", f"map {mapped.key} ", lambda context: self._map(context, mapped))

    def map_at_once(self, market: Market, listing: str, *, dies: bool = False) -> None:
        """In calm. `dies`: whoever does it, before he has said so."""
        mapped = self._mapping(market, listing)
        self.world.at_once("manage_stock", lambda context: self._map(context, mapped, dies=dies))

    def _mapping(self, market: Market, listing: str) -> Listing:
        """What the listing sells: one SKU, several of it, or a set."""
        world, chance = self.world, self.world.chance
        skus = chance.sample(list(world.profile.skus), min(len(world.profile.skus), chance.choice((1, 1, 1, 2))))
        parts = tuple(Part(sku, chance.choice((1, 1, 2))) for sku in skus)
        return Listing(key=ListingKey(market.manner.key, listing), parts=parts)

    def _map(self, context: Context, mapped: Listing, *, dies: bool = False) -> None:
        tools, world = self.tools(context), self.world
        intake = tools.intake
        if dies or (not world.calm and world.chance.random() < DIES_MAPPING):
            intake = replace(intake, orders=DyingPost(self.orders, self.orders.work, self.name_of(context)))
        try:
            put_listing(intake, mapped)
            set_listing(tools.planning, mapped.key)
        except (Unavailable, Conflict):
            self.world.met("mapping_failed")

    def let_in(self, market: Market) -> None:
        """The merchant authorises the shop, perhaps anew: its secret has the tokens that are good now."""
        tokens = market.newest_tokens
        if tokens is None or tokens.expires_at is None:
            return
        self.vault.change(
            self.secret_name(market),
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token or "",
            token_expires_at=tokens.expires_at.isoformat(),
        )

    def lost_to(self, market: Market) -> str | None:
        """The incident that asks the merchant to authorise the shop anew."""
        wanted = ("shop_unauthorised", str(market.manner.key))
        told = self.world.account.incidents.items()
        return next((name for name, each in told if (each["kind"], each["subject"]) == wanted and _is_open(each)), None)

    def authorise_the_lost(self) -> None:
        """In calm: each merchant who is asked to does; the lock and what processes remember run out meanwhile."""
        told = [(market, incident) for market in self.markets.values() if (incident := self.lost_to(market))]
        for market, incident in told:
            self.world.met("shop_authorised_anew")
            market.new_tokens()
            self.let_in(market)
            self.world.at_once("manage_stock", lambda context: self._close(context, incident))  # noqa: B023
            self.world.now += LOCK_AND_MEMORY_SECONDS

    @staticmethod
    def _close(context: Context, incident: str) -> None:
        context.ledger.incidents.close(incident, at=context.clock(), note="authorised anew")

    @staticmethod
    def secret_name(market: Market) -> str:
        return f"holdfast/{STAGE}/{market.manner.key}"

    def _secret_written(self, name: str, secret: Secret) -> None:
        market = self.markets[name.split("/")[2]]
        if secret.get("refresh_token") == market.refresh_token:
            market.kept_at = min(market.kept_at, self.world.now)

    def _secret_overwritten(self, name: str, secret: Secret) -> None:
        """Who stores new tokens leaves the rest as the operator made it, and newer tokens than his own."""
        market, there = self.markets[name.split("/")[2]], self.vault.secret(name)
        if _number(there) > _number(secret):
            self.world.blame(f"{market.manner.key}: older tokens took the place of newer ones", name)
        lost = sorted(member for member in there if member not in OF_TOKENS and secret.get(member) != there[member])
        if lost:
            self.world.blame(f"{market.manner.key}: new tokens took {lost} of its secret back", name)

    def _written(self, changes: Sequence[Changed]) -> None:
        for before, after in changes:
            item = after or before or {}
            if item["sk"] == "TOKEN":
                self.markets[item["pk"].split("#")[1]].lock_written(before, after)

    @staticmethod
    def health_key(market: Market) -> Key:
        return Key(f"SHOP#{market.manner.key.channel}#{market.manner.key.shop}", "HEALTH")

    @staticmethod
    def listing_key(market: Market, listing: str) -> Key:
        return Key(f"LISTING#{market.manner.key.channel}#{market.manner.key.shop}", listing)

    # ---- what a process works with

    @staticmethod
    def name_of(context: Context) -> str:
        """The process that has this context."""
        return str(getattr(context.ledger.table, "name"))  # noqa: B009  # a port has one

    def tools(self, context: Context) -> Tools:
        who = self.name_of(context)
        found = self._tools.get(who)
        if found is None or found.planning.context is not context:
            found = self._tools[who] = self._make(context, who)
        return found

    def _make(self, context: Context, who: str) -> Tools:
        world = self.world
        door = self.vault.door(who)
        secrets = ShopSecrets(door, stage=STAGE, clock=lambda: world.now)
        intake = Intake(
            context=context,
            accounts=SecretAccounts(secrets, needs=lambda _channel: ()),
            orders=self.orders.post(who),
            send=no_network,
            channel=self.markets.__getitem__,
        )
        planning = Planning(
            context=context, queue=self.pushes.post(who), channel=self.markets.__getitem__, limits=LIMITS
        )
        return Tools(
            door=door,
            secrets=secrets,
            doorway=Doorway(secrets, self.orders.post(who), clock=lambda: world.now),  # type: ignore[arg-type]  # a queue
            intake=intake,
            planning=planning,
            syncing=Syncing(planning=planning, intake=intake, chance=world.chance.random, sleep=world.pass_time),
        )

    def time_is_short(self, needed_ms: int) -> Callable[[], bool]:
        """As Lambda tells it to the call that is at work now."""
        actor, world = self.world.stage.current, self.world
        if actor is None:
            return lambda: False

        def is_short() -> bool:
            if not world.calm and world.chance.random() < SHORT_OF_TIME:
                world.met("time_was_short")
                return True
            return actor.deadline - world.now < needed_ms / 1000

        return is_short


def _number(secret: Mapping[str, str]) -> int:
    """Which tokens of the marketplace these are."""
    return int(secret.get("access_token", "-0").rpartition("-")[2])


def _is_open(incident: Item) -> bool:
    return bool(incident["list"].endswith("open"))


def secret_of(key: ShopKey) -> dict[str, str]:
    """The members by which webhooks are signed."""
    return {"webhook_key": "key-0", "callback_url": f"https://shop.test/webhooks/{key}", "app_key": "app-1"}


LOCK_AND_MEMORY_SECONDS = 400.0
OF_TOKENS = frozenset({"access_token", "refresh_token", "token_expires_at"})
SHARE_WITH_SHOPS = 0.5
SHARE_ALONE = 0.6
SHORT_OF_TIME = 0.01
MAPPED_AT_ONCE, MAPPED_AT_ONCE_STILL = 0.65, 0.4
DIES_MAPPING = 0.2
