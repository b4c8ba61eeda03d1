"""Thirty buyers for ten units, all at once, in each deduction mode; some ask twice, some pay late."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from demo.buyers import body_of, outcome_of
from demo.ledger import Outcome, Result, tally
from demo.orders import Line

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.ledger import Ledger
    from demo.shop import Shop

BUYERS, UNITS = 30, 10
MODES = ("reserve", "on_order", "on_payment")
# Every third buyer presses the button twice, and every third payment is reported twice.
TWICE = 3


def sku_of(mode: str) -> str:
    return f"RUSH-{mode}"


@dataclass
class Rush:
    """One SKU of its own. `differing`: repeated requests that were not answered as the first was."""

    mode: str
    shop: Shop
    repeated: int = 0
    differing: int = 0
    results: list[Result] = field(default_factory=list)

    @property
    def sku(self) -> str:
        return sku_of(self.mode)

    async def run(self, *, past_a_hold_seconds: float) -> None:
        buyers = await asyncio.gather(*(self._submit(number) for number in range(BUYERS)))
        held = [each for each in buyers if each.outcome is not Outcome.REFUSED]
        refused = [each for each in buyers if each.outcome is Outcome.REFUSED]
        if self.mode == "on_payment":
            await self._pay(held)  # all of them at once: exactly as many win as there are units
        else:
            in_time, late, gone = held[:6], held[6:8], held[8:]
            await self._pay(in_time)
            if self.mode == "reserve":
                await asyncio.sleep(past_a_hold_seconds)
            else:
                await asyncio.gather(*(self._release(each) for each in gone))
            # Three of those who were refused try again under a new id, and pay at once.
            second = [await self._submit(BUYERS + number) for number in range(len(refused[:3]))]
            await self._pay([each for each in second if each.outcome is not Outcome.REFUSED])
            await self._pay(late[:1] if self.mode == "on_order" else late)
            buyers.extend(second)
        self.results = list(buyers)

    async def _submit(self, number: int) -> Result:
        lines = (Line(self.sku, 1),)
        order_id = f"rush-{self.mode}-{number:02d}"
        body = body_of(f"buyer-{number}", lines)
        first = await self.shop.submit(order_id, body)
        for _ in range(1, self._times(number)):
            again = await self.shop.submit(order_id, body)
            self.repeated += 1
            # Whoever holds is never told "sold out". Whoever was refused may be luckier a moment later.
            self.differing += first.code is None and again.code is not None
            first = first if again.code else again
        taken = Outcome.UNPAID if self.mode == "on_order" else Outcome.EXPIRED
        return Result(order_id, lines, Outcome.REFUSED if first.code else taken)

    async def _pay(self, results: list[Result]) -> None:
        await asyncio.gather(*(self._commit(result, self._times(n)) for n, result in enumerate(results)))

    async def _commit(self, result: Result, times: int) -> None:
        payment_id = f"payment-{result.id}"
        first, *more = await asyncio.gather(*(self.shop.commit(result.id, payment_id=payment_id) for _ in range(times)))
        self.repeated += len(more)
        self.differing += sum(each.body["outcome"] != first.body["outcome"] for each in more)
        result.outcome = outcome_of(first)

    async def _release(self, result: Result) -> None:
        await self.shop.command(result.id, "release")
        result.outcome = Outcome.RELEASED

    def _times(self, number: int) -> int:
        return 2 if number % TWICE == 0 else 1


async def run_all(
    shop: Shop, ledger: Ledger, *, past_a_hold_seconds: float, step: Callable[[], None]
) -> dict[str, dict[str, int]]:
    """One mode after the other. Adds to the ledger; answers the figures by mode."""
    figures: dict[str, dict[str, int]] = {}
    for mode in MODES:
        rush = Rush(mode, shop)
        await rush.run(past_a_hold_seconds=past_a_hold_seconds)
        ledger.results.extend(rush.results)
        unpaid = sum(each.outcome is Outcome.UNPAID for each in rush.results)
        asked = {"orders": len(rush.results), "units": UNITS, "repeated": rush.repeated, "differing": rush.differing}
        figures[mode] = {**asked, **tally(rush.results), "unpaid": unpaid}
        step()
    return figures
