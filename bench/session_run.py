"""A session run over ten thousand listings whose targets all differ: reads of levels, and calls at the marketplace."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.hot_sku import push_alone
from bench.push_work import open_queue
from holdfast.domain.level import Place
from holdfast.domain.push import Limits
from holdfast.domain.schedules import schedule
from holdfast.domain.shop import ShopKey
from holdfast.domain.shop_sync import ShopSync
from holdfast.domain.sync import Rules, SyncMode
from holdfast.services.sync.sync_shop import sync_shop

if TYPE_CHECKING:
    from bench.fair import Fair

MANY, SOME, PLAIN = 10_000, 200, 200
# The marketplace with the smallest batches gets the most listings; Tiki has no call that takes many.
LARGE, ALL = "lazada", ("shopee", "lazada", "tiktok_shop", "haravan", "shopify", "woocommerce")
LISTINGS_OF_A_SKU = 5
UNITS, SHOWN = 7, 3
MOST_S = 300.0
LIMITS = Limits()
SESSION = Rules(mode=SyncMode.SESSION)


@dataclass(frozen=True, slots=True)
class SessionRun:
    """`level_reads`: of any one level while the run was planned, at most. `calls`: all that reached the marketplace."""

    marketplace: str
    listings: int
    skus: int
    asked: int
    level_reads: int
    calls: int
    wrong: int
    planned_s: float
    pushed_s: float

    @property
    def listings_per_call(self) -> float:
        return self.listings / self.calls


def run_all(fair: Fair, *, many: int = MANY, some: int = SOME) -> list[SessionRun]:
    return [run_one(fair, each, listings=many if each == LARGE else some) for each in ALL]


def run_one(fair: Fair, marketplace: str, *, listings: int) -> SessionRun:
    shop = fair.open_shop(_early(marketplace), SESSION, marketplace=marketplace)
    skus = [f"{marketplace}-{number}" for number in range(listings // LISTINGS_OF_A_SKU)]
    fair.stock(dict.fromkeys(skus, UNITS))
    fair.list_goods(shop, [skus[number % len(skus)] for number in range(listings)], shown=SHOWN)
    pushes = open_queue(fair, f"run-{marketplace}")
    syncing = fair.syncing(pushes.queue, LIMITS)
    fair.reads.begin()
    began = time.monotonic()
    ran = sync_shop(syncing, shop, run="bench")
    planned = time.monotonic()
    most_reads = max(fair.reads.of.values())
    pushes.work_off(syncing, over=lambda: True, most_s=MOST_S)
    pushed = time.monotonic()
    return SessionRun(
        marketplace=marketplace,
        listings=listings,
        skus=len(skus),
        asked=ran.asked,
        level_reads=most_reads,
        calls=fair.calls(shop),
        wrong=sum(quantity != UNITS for quantity in fair.shown(shop).values()),
        planned_s=round(planned - began, 1),
        pushed_s=round(pushed - planned, 1),
    )


@dataclass(frozen=True, slots=True)
class PlainRun:
    """Each listing looked at and pushed by itself. `level_reads`: of any one level, at most."""

    listings: int
    level_reads: int
    calls: int

    @property
    def listings_per_call(self) -> float:
        return self.listings / self.calls


def run_plainly(fair: Fair, *, listings: int = PLAIN) -> PlainRun:
    shop = fair.open_shop("plain-run", SESSION, marketplace=LARGE)
    skus = [f"plain-{number}" for number in range(listings // LISTINGS_OF_A_SKU)]
    fair.stock(dict.fromkeys(skus, UNITS))
    sold = [skus[number % len(skus)] for number in range(listings)]
    keys = fair.list_goods(shop, sold, shown=SHOWN)
    fair.reads.begin()
    for key, sku in zip(keys, sold, strict=True):
        level = fair.world.context.ledger.levels.get(Place(sku, "main"))
        if level is not None:
            push_alone(fair, shop, key, level.available)
    return PlainRun(listings=listings, level_reads=max(fair.reads.of.values()), calls=fair.calls(shop))


def _early(marketplace: str) -> str:
    """A shop's name whose pushes begin in the second of its run; they are spread over a minute by the name."""
    plan = ShopSync(rules=SESSION).plan
    names = (f"run-{number}" for number in range(1_000))
    return next(each for each in names if schedule(plan, shop=str(ShopKey(marketplace, each))).delay_s == 0)
