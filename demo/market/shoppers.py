"""Who buys what, who pays, who cancels or sends back: random, and the same for the same seed."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from demo.market.door import DoorClosed

if TYPE_CHECKING:
    from demo.market.door import Door
    from demo.market.stalls import Stall

MOST_UNITS, MOST_LINES = 3, 3
# What may happen to an order next, and how often.
NEXT: dict[str, tuple[tuple[str, ...], tuple[float, ...]]] = {
    "unpaid": (("pay", "cancel"), (0.6, 0.4)),
    "paid": (("ship", "cancel"), (0.7, 0.3)),
    "shipped": (("return", "keep"), (0.3, 0.7)),
}
LEADS_TO = {"pay": "paid", "ship": "shipped"}


@dataclass(slots=True)
class Shopper:
    """Goes from stall to stall. `open_orders`: (stall, order, what may happen to it next)."""

    door: Door
    stalls: list[Stall]
    seed: int
    dealt: random.Random = field(init=False)
    open_orders: list[tuple[Stall, str, str]] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.dealt = random.Random(f"{self.seed}:shoppers")

    def shop(self) -> None:
        """One step: mostly a purchase, otherwise something happens to an order that was placed before."""
        if self.open_orders and self.dealt.random() < 0.5:  # noqa: PLR2004
            self._go_on()
        else:
            self._buy()

    def finish(self) -> None:
        """Most of what is paid is shipped, so that levels end with all their counters in use."""
        for stall, order_id, stage in self.open_orders:
            if stage == "paid" and self.dealt.random() < 0.7:  # noqa: PLR2004
                self._change(stall, order_id, "ship")
        self.open_orders.clear()

    def _buy(self) -> None:
        stall = self.dealt.choice(self.stalls)
        keys = self.dealt.sample(sorted(stall.parts), min(len(stall.parts), self.dealt.randint(1, MOST_LINES)))
        lines = {key: self.dealt.randint(1, MOST_UNITS) for key in keys}
        paid = self.dealt.random() < 0.7  # noqa: PLR2004
        order_id = self.door.buy(stall.channel, stall.shop, lines, paid=paid)
        if order_id is None:
            self.done["sold_out"] += 1
            return
        self.done["placed"] += 1
        self.open_orders.append((stall, order_id, "paid" if paid else "unpaid"))

    def _go_on(self) -> None:
        at = self.dealt.randrange(len(self.open_orders))
        stall, order_id, stage = self.open_orders.pop(at)
        names, weights = NEXT[stage]
        what = self.dealt.choices(names, weights)[0]
        if what == "keep":
            return
        if self._change(stall, order_id, what) and what in LEADS_TO:
            self.open_orders.append((stall, order_id, LEADS_TO[what]))

    def _change(self, stall: Stall, order_id: str, what: str) -> bool:
        """False where that marketplace does not let it happen."""
        asked = {"restock": self.dealt.random() < 0.5} if what in ("cancel", "return") else {}  # noqa: PLR2004
        try:
            self.door.change(stall.channel, stall.shop, order_id, what, **asked)
        except DoorClosed:
            self.done[f"{what}_refused"] += 1
            return False
        self.done[what] += 1
        return True
