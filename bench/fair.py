"""Shops on the sandbox's marketplaces, sold from a table on the local engine: what listings are kept in step with.

Everything is real but the functions' processes: HTTP over loopback, the engine's table, stream, queue and secrets.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import random
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from bench.world import Clock, World, open_world
from demo.market.door import Door
from holdfast.channels.registry import channel
from holdfast.channels.transport import open_send
from holdfast.domain.level import COUNTERS, Place
from holdfast.domain.listing import Listing, ListingKey
from holdfast.domain.market import Part
from holdfast.domain.shop import Shop, ShopKey
from holdfast.domain.shop_sync import ShopSync
from holdfast.runtime.shop_accounts import SecretAccounts
from holdfast.runtime.shop_secrets import ShopSecrets
from holdfast.services.orders.intake import Intake
from holdfast.services.sync.syncing import Planning, PushQueue, Syncing
from holdfast.store import keys, shop_keys
from holdfast.store.listings import item_of
from holdfast.store.table import Put
from local import sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from holdfast.channels.protocol import Account
    from holdfast.domain.push import Limits
    from holdfast.domain.sync import Rules
    from local.engine import Engine

STAGE, LOCATION = "bench", "main"
# What the sandbox takes in one call.
LISTED_AT_ONCE = 1_000
OPERATIONS = ("GetItem", "BatchGetItem")


@dataclass
class Ahead(Clock):
    """The machine's clock, put forward by whoever cannot wait."""

    ahead_s: float = 0.0

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead_s)


class LevelReads:
    """Counts how often each level is read, by any thread of a client."""

    def __init__(self, client: Any) -> None:
        self._lock = threading.Lock()
        self.of: Counter[str] = Counter()
        for operation in OPERATIONS:
            client.meta.events.register(f"provide-client-params.dynamodb.{operation}", self._note)

    def begin(self) -> None:
        with self._lock:
            self.of.clear()

    def _note(self, params: dict[str, Any], **_: Any) -> None:
        asked = (
            [params["Key"]]
            if "Key" in params
            else [key for table in params["RequestItems"].values() for key in table["Keys"]]
        )
        with self._lock:
            self.of.update(key["pk"]["S"] for key in asked if key["sk"]["S"].startswith("LEVEL#"))


@dataclass
class Fair:
    """`clock` and the sandbox's own go together. `reads`: of levels, since it was told to begin."""

    world: World
    engine: Engine
    clock: Ahead
    door: Door
    secrets: Any
    reads: LevelReads
    send: Any = field(default_factory=open_send)

    def leap(self, seconds: float) -> None:
        """Let time pass, here and at the marketplaces; what they do by then is done."""
        self.clock.ahead_s += seconds
        self.door.call("POST", "/leap", {"seconds": seconds})

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self.leap(seconds)

    def is_quiet(self) -> bool:
        """Whether nothing waits at the marketplaces."""
        return int(self.door.call("GET", "/health")["waiting"]) == 0

    def open_shop(self, name: str, rules: Rules, *, marketplace: str) -> ShopKey:
        """A shop that nothing is read back of: reads are counted, and these are not of levels."""
        shop = ShopKey(marketplace, name)
        secret = self.door.open_shop(marketplace, name)
        if secret.get("callback_url") == "":
            secret["callback_url"] = "http://127.0.0.1/nobody"  # signed over, and never called: nothing subscribes
        self.secrets.create_secret(Name=f"holdfast/{STAGE}/{marketplace}/{name}", SecretString=json.dumps(secret))
        self.world.context.ledger.shops.put(Shop(key=shop, orders_from=self.clock()))
        self.world.context.ledger.syncs.put(shop, ShopSync(rules=rules, verify_percent=0))
        return shop

    def list_goods(self, shop: ShopKey, skus: Sequence[str], *, shown: int) -> list[ListingKey]:
        """A listing of each, with its rows. Where a call takes one product's, a product has as many as a call takes."""
        sheet = channel(shop.channel).sheet
        goods = [
            {"title": sku, "merchant_sku": sku, "quantity": shown}
            | ({"product": f"product-{number // sheet.batch}"} if sheet.batch_of_one_product else {})
            for number, sku in enumerate(skus)
        ]
        listed: list[ListingKey] = []
        for start in range(0, len(goods), LISTED_AT_ONCE):
            part = goods[start : start + LISTED_AT_ONCE]
            listed += [ListingKey(shop, key) for key in self.door.add_listings(shop.channel, shop.shop, part)]
        listings = [Listing(key=key, parts=(Part(sku, 1),)) for key, sku in zip(listed, skus, strict=True)]
        self.world.table.write_many(Put(key=shop_keys.listing(each.key), item=item_of(each)) for each in listings)
        self.world.table.write_many(
            Put(key=shop_keys.listing_of_sku(part.sku, each.key), item={"quantity": part.quantity})
            for each in listings
            for part in each.parts
        )
        return listed

    def stock(self, units: Mapping[str, int]) -> None:
        """Levels, written many at once."""
        self.world.table.write_many(
            Put(key=keys.level(Place(sku, LOCATION)), item=_level_of(free)) for sku, free in units.items()
        )

    def syncing(self, queue: PushQueue, limits: Limits, *, seed: int = 7) -> Syncing:
        planning = Planning(context=self.world.context, queue=queue, channel=channel, limits=limits)
        intake = Intake(
            context=self.world.context,
            accounts=self.accounts,
            orders=_Nowhere(),
            send=self.send,
            channel=channel,
        )
        return Syncing(planning=planning, intake=intake, chance=random.Random(seed).random, sleep=time.sleep)

    @functools.cached_property
    def accounts(self) -> SecretAccounts:
        return SecretAccounts(ShopSecrets(self.secrets, stage=STAGE), needs=lambda name: channel(name).needs())

    def account(self, shop: ShopKey) -> Account:
        return self.accounts.read(shop)

    def shown(self, shop: ShopKey) -> dict[str, int]:
        """What buyers can buy of each listing now, by the marketplace's own truth."""
        found = self.door.listings(shop.channel, shop.shop)
        return {key: int(each["quantity"]) for key, each in found.items()}

    def calls(self, shop: ShopKey) -> int:
        """All calls that reached the marketplace."""
        return sum(int(each["count"]) for each in self.door.calls(shop.channel, shop.shop)["calls"])

    def most_at_once(self, shop: ShopKey) -> int:
        """Writes of one listing that were under way at once, at most."""
        return int(self.door.calls(shop.channel, shop.shop)["most_writes_at_once"])


class _Nowhere:
    """No order comes here."""

    def send(self, message: Mapping[str, Any], *, delay_seconds: int = 0) -> None:
        raise AssertionError((message, delay_seconds))


def _level_of(free: int) -> dict[str, Any]:
    return {**dict.fromkeys(COUNTERS, 0), "on_hand": free, "available": free, "wheel": {}, "folded_to": 0, "version": 1}


@contextlib.contextmanager
def open_fair(engine: Engine, *, name: str) -> Iterator[Fair]:
    """A table of that name, and a sandbox that ends with the block."""
    clock = Ahead()
    world = open_world(engine, name=name, clock=clock, stream=True)
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        running = sandbox.launch(Path(folder).resolve() / "sandbox", ends_with=os.getpid())
        try:
            with httpx.Client(base_url=running.urls[sandbox.DOOR], timeout=60, trust_env=False) as client:
                yield Fair(
                    world=world,
                    engine=engine,
                    clock=clock,
                    door=Door(client),
                    secrets=engine.client("secretsmanager"),
                    reads=LevelReads(world.client),
                )
        finally:
            sandbox.stop(running)
