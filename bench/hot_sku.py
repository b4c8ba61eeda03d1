"""A SKU that changes a thousand times while seven marketplaces take their time: what reaches each of them."""

from __future__ import annotations

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.push_work import Follower, Stream, open_queue
from holdfast.channels.protocol import StockItem
from holdfast.channels.registry import channel
from holdfast.domain.channel_names import CHANNELS
from holdfast.domain.movement import Movement, Type
from holdfast.domain.push import Limits
from holdfast.domain.sync import Rules, SyncMode
from holdfast.services.stock.move_stock import move_stock

if TYPE_CHECKING:
    from bench.fair import Fair
    from holdfast.domain.listing import ListingKey
    from holdfast.domain.shop import ShopKey

SKU, FIRST = "hot mug", 100
CHANGES, AT_ONCE, PLAIN_CHANGES = 1_000, 4, 100
# What a marketplace may apply late is applied by then: shorter than on AWS, so that nobody waits two minutes.
LIMITS = Limits(horizon_s=5.0)
ANSWER_AFTER_S = 0.5
# The changes take about so long: six times as many as a thousand in a minute.
CHANGES_S = 10.0
# Without runs and without an end of changes, so many seconds are enough on a slow machine.
MOST_S = 240.0


@dataclass(frozen=True, slots=True)
class Hot:
    """`at_once`: writes of one listing under way at the marketplace, at most. `calls`: a shop's, all shops together."""

    changes: int
    seconds: float
    shops: int
    at_once: int
    calls: int
    wrong: int
    plain_at_once: int
    plain_calls_per_change: float


def change_and_push(fair: Fair, *, changes: int = CHANGES, channels: tuple[str, ...] = CHANNELS) -> Hot:
    fair.world.stock(SKU, FIRST)
    sells = Rules(mode=SyncMode.CONTINUOUS)
    shops = [fair.open_shop("hot", sells, marketplace=each) for each in channels]
    for shop in shops:
        fair.list_goods(shop, [SKU], shown=FIRST)
        fair.door.faults(shop.channel, shop.shop, answer_after_s=ANSWER_AFTER_S, on=["stock"])
    pushes = open_queue(fair, "hot")
    syncing = fair.syncing(pushes.queue, LIMITS)
    follower = Follower(Stream(fair), syncing.planning)
    follower.start()
    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        changing = pool.submit(_change, fair, changes)
        pushes.work_off(syncing, over=lambda: changing.done() and _is_read(follower), most_s=MOST_S)
        seconds = changing.result() - began
    follower.end()
    left = FIRST + changes // 2
    at_once, calls = max(map(fair.most_at_once, shops)), sum(map(fair.calls, shops))
    wrong = sum(quantity != left for shop in shops for quantity in fair.shown(shop).values())
    plain_at_once, plain_calls = _plain(fair)
    return Hot(
        changes=changes,
        seconds=round(seconds, 1),
        shops=len(shops),
        at_once=at_once,
        calls=calls,
        wrong=wrong,
        plain_at_once=plain_at_once,
        plain_calls_per_change=plain_calls,
    )


def _is_read(follower: Follower) -> bool:
    """Whether the stream is read to its end: nothing came for a while."""
    seen = follower.records
    time.sleep(1)
    return follower.raised is not None or follower.records == seen


def _change(fair: Fair, changes: int) -> float:
    """Two units come, one goes, over and over, several at once. Answers when it was over."""
    numbers = itertools.cycle([(Type.RECEIVE, 2), (Type.SHIP_OUT, 1)])

    def move(number: int, kind: Type, units: int) -> None:
        told = Movement(id=f"hot-{number}", type=kind, sku=SKU, location="main", quantity=units)
        move_stock(fair.world.context, told)
        time.sleep(CHANGES_S * AT_ONCE / CHANGES)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in [pool.submit(move, number, *next(numbers)) for number in range(changes)]:
            done.result()
    return time.monotonic()


def _plain(fair: Fair) -> tuple[int, float]:
    """Each change is pushed as it comes. How many of one listing's were under way at once, and calls a change."""
    shop = fair.open_shop("hot-plain", Rules(), marketplace="shopee")
    [listing] = fair.list_goods(shop, [SKU], shown=FIRST)
    fair.door.faults(shop.channel, shop.shop, answer_after_s=ANSWER_AFTER_S, on=["stock"])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in [pool.submit(push_alone, fair, shop, listing, units) for units in range(PLAIN_CHANGES)]:
            done.result()
    return fair.most_at_once(shop), fair.calls(shop) / PLAIN_CHANGES


def push_alone(fair: Fair, shop: ShopKey, listing: ListingKey, units: int) -> bool:
    """One call for one listing, as it comes. Whether the marketplace took it."""
    item = StockItem(listing=listing.listing, quantity=units)
    [result] = channel(shop.channel).push_stock(fair.account(shop), [item], fair.send, fair.clock())
    return result.written
