"""The plan of the day: who orders when, who pays when, and what is in stock. The same every time."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from demo.delays import Delays
    from demo.orders import Order

# One of the seeds with which every outcome occurs in the day, a late payment that finds its units gone included.
SEED = 20101225
# Three minutes of that day take one second. The wheel's step is 60 s of the day made 1 s; all else goes by this.
FASTER = 180
HOLD_MINUTES, PAYMENT_WINDOW_MINUTES, UNPAID_ORDER_MINUTES = 20, 30, 24 * 60
# Whoever has not paid after two hours never does.
PATIENCE_MINUTES = 120
# A buyer is on the payment page for so long before the money is approved. Payments that take longer than the payment
# window are bank transfers and slips: the buyer left the shop, and the money comes whenever it comes.
ON_PAYMENT_PAGE_MINUTES = 5
# Orders of the same minute arrive one after another.
APART_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Buyer:
    """What one buyer will do. Seconds of the demo: `submits_at` from the start of the day, the others from his order.

    `begins_after` None: he never opens the payment page. `pays_after` None: he never pays. `releases_after` None: he
    just leaves.
    """

    order: Order
    submits_at: float
    begins_after: float | None = None
    pays_after: float | None = None
    releases_after: float | None = None


def seconds(minutes: float) -> float:
    """Minutes of that day in seconds of the demo."""
    return minutes * 60 / FASTER


def stack_parameters() -> dict[str, str]:
    """The template's parameters: the stack's times, scaled as the day is."""
    return {
        "StepSeconds": "1",
        "MarginSeconds": "0.5",
        "HoldSeconds": str(math.ceil(seconds(HOLD_MINUTES))),
        "PaymentWindowSeconds": str(math.ceil(seconds(PAYMENT_WINDOW_MINUTES))),
        "UnpaidOrderSeconds": str(math.ceil(seconds(UNPAID_ORDER_MINUTES))),
    }


def plan(orders: Sequence[Order], delays: Delays, *, seed: int = SEED) -> tuple[Buyer, ...]:
    """A buyer for each order. Delays are spread over all quantiles evenly, and dealt out by chance."""
    dealt = random.Random(seed)
    shares = [(number + 0.5) / len(orders) for number in range(len(orders))]
    dealt.shuffle(shares)
    buyers = [
        _buyer(order, at, delays.minutes(share))
        for order, at, share in zip(orders, _arrivals(orders), shares, strict=True)
    ]
    return _some_release(buyers, dealt)


def _arrivals(orders: Sequence[Order]) -> list[float]:
    arrivals: list[float] = []
    for order in orders:
        planned = seconds((order.at - orders[0].at).total_seconds() / 60)
        arrivals.append(max(planned, arrivals[-1] + APART_SECONDS) if arrivals else planned)
    return arrivals


def _buyer(order: Order, submits_at: float, delay_minutes: float) -> Buyer:
    if delay_minutes > PATIENCE_MINUTES:
        return Buyer(order, submits_at)
    begins = delay_minutes - ON_PAYMENT_PAGE_MINUTES if delay_minutes <= PAYMENT_WINDOW_MINUTES else None
    return Buyer(
        order,
        submits_at,
        begins_after=None if begins is None else seconds(max(0.0, begins)),
        pays_after=seconds(delay_minutes),
    )


def _some_release(buyers: Iterable[Buyer], dealt: random.Random) -> tuple[Buyer, ...]:
    """A tenth of those who will not pay say so while they still hold."""
    found = list(buyers)
    unpaid = [number for number, buyer in enumerate(found) if buyer.pays_after is None]
    for number in dealt.sample(unpaid, max(1, round(len(unpaid) / 10))):
        buyer = found[number]
        after = seconds(HOLD_MINUTES) * dealt.uniform(0.2, 0.8)
        found[number] = Buyer(buyer.order, buyer.submits_at, releases_after=after)
    return tuple(found)


def stock(orders: Sequence[Order], goods: Iterable[str], *, seed: int = SEED) -> dict[str, int]:
    """Units by SKU: what was ordered in the day; of a tenth of all SKUs less; of goods nobody ordered one."""
    ordered = dict.fromkeys(goods, 0)
    for order in orders:
        for line in order.lines:
            ordered[line.sku] += line.quantity
    dealt = random.Random(seed)
    # Of a single unit there cannot be less: a level begins with a receipt.
    scarce = dealt.sample(sorted(sku for sku, units in ordered.items() if units > 1), len(ordered) // 10)
    short = {sku: dealt.randint(math.ceil(ordered[sku] / 2), ordered[sku] - 1) for sku in scarce}
    return {sku: short.get(sku, max(1, units)) for sku, units in ordered.items()}
