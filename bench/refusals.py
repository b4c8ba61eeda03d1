"""A SKU that is sold out under steady load: how many refusals get by without a write call."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from holdfast.domain.errors import InsufficientStock
from holdfast.services.reservations.hold_units import hold_units

if TYPE_CHECKING:
    from bench.world import World

BUYERS_AT_ONCE = 4
SECONDS = 6.0
EVERY_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Refusals:
    """`reads` and `without_write` are counted over all refusals of one process."""

    refused: int
    without_write: int
    reads: int

    @property
    def zero_write_share(self) -> float:
        return self.without_write / self.refused

    @property
    def reads_per_refusal(self) -> float:
        return self.reads / self.refused


def under_load(world: World, *, sku: str = "last chair") -> Refusals:
    """Several buyers at once in one process, each with a new order every 10 ms, in real time."""
    world.stock(sku, 1)
    world.hold(sku)
    ends_at = time.monotonic() + SECONDS
    with ThreadPoolExecutor(max_workers=BUYERS_AT_ONCE) as buyers:
        parts = list(buyers.map(lambda buyer: _ask_until(world, sku, buyer, ends_at), range(BUYERS_AT_ONCE)))
    return Refusals(*(sum(part) for part in zip(*parts, strict=True)))


def _ask_until(world: World, sku: str, buyer: int, ends_at: float) -> tuple[int, int, int]:
    refused = without_write = reads = 0
    while time.monotonic() < ends_at:
        order = world.order(sku, reservation_id=f"refused-{buyer}-{refused}")
        world.meter.taken()
        try:
            hold_units(world.context, order)
        except InsufficientStock:
            cost = world.meter.taken()
            refused += 1
            without_write += cost.write_calls == 0
            reads += len(cost.calls) - cost.write_calls
        else:
            raise AssertionError(f"{order.id} was held although {sku} is sold out")
        time.sleep(EVERY_SECONDS)
    return refused, without_write, reads
