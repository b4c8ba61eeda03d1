"""What an order of a marketplace, and a push to one, cost on the table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bench.push_work import open_queue
from holdfast.domain.market import MarketOrder, OrderLine, Stage
from holdfast.domain.push import Limits
from holdfast.domain.sync import Rules, SyncMode
from holdfast.services.orders.apply_order import apply_order
from holdfast.services.sync.push_listings import Delivery, push_listings
from holdfast.services.sync.sync_shop import sync_shop
from holdfast.services.sync.syncing import message_of

if TYPE_CHECKING:
    from bench.fair import Fair
    from bench.meter import Cost

# Fewer than are worth threads: the meter counts its own thread's calls. Each of a SKU of its own, the dearest case.
LISTINGS = 15


@dataclass(frozen=True, slots=True)
class MarketCosts:
    """`order`: told as paid, then as shipped. `planned`, `pushed`: of so many listings as LISTINGS."""

    order: Cost
    planned: Cost
    pushed: Cost

    def figures(self) -> dict[str, float]:
        return {
            "order_write_units": self.order.write_units,
            "order_read_units": self.order.read_units,
            "push_write_units": round((self.planned.write_units + self.pushed.write_units) / LISTINGS, 2),
            "push_read_units": round((self.planned.read_units + self.pushed.read_units) / LISTINGS, 2),
        }


def costs(fair: Fair) -> MarketCosts:
    skus = [f"costed-{number}" for number in range(LISTINGS)]
    for sku in skus:
        fair.world.stock(sku, 9)
    shop = fair.open_shop("costs", Rules(mode=SyncMode.SESSION), marketplace="lazada")
    listed = fair.list_goods(shop, skus, shown=1)
    pushes = open_queue(fair, "costs")
    syncing = fair.syncing(pushes.queue, Limits())
    known = fair.world.context.ledger.shops.get(shop)
    if known is None:
        raise LookupError(shop)

    def tell(stage: Stage, minute: int) -> None:
        now = fair.clock() + timedelta(minutes=minute)
        told = MarketOrder(
            order_id="260422900198363",
            stage=stage,
            created_at=known.orders_from + timedelta(seconds=1),
            updated_at=now,
            lines=(OrderLine(listing=listed[0].listing, ordered=1),),
        )
        apply_order(syncing.intake, known, told, heard_by="webhook")

    order = fair.world.cost_of(lambda: tell(Stage.PAID, 1)) + fair.world.cost_of(lambda: tell(Stage.SHIPPED, 2))
    planned = fair.world.cost_of(lambda: sync_shop(syncing, shop, run="costs"))
    # As their messages name them, and at once: the engine's queue keeps them for the shop's second.
    states = fair.world.context.ledger.pushes.get_many(listed)
    asked = next(state.asked.id for state in states.values() if state.asked)
    message = message_of(shop, [key.listing for key in listed], asked=asked)
    fair.leap(60)
    pushed = fair.world.cost_of(lambda: push_listings(syncing, [Delivery(id="costs", message=message)]))
    return MarketCosts(order=order, planned=planned, pushed=pushed)
