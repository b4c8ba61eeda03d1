"""The whole demo on a running stack: stock, the day, the rush, shipping, the check."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from demo import day, rush
from demo.backstage import Backstage
from demo.buyers import Timeline, live
from demo.check import check_levels, check_states
from demo.delays import read_delays
from demo.ledger import KEEPS, Ledger, tally
from demo.orders import read_goods, read_sales
from demo.shop import Shop

if TYPE_CHECKING:
    from demo.stage import Stage
    from local.stack import Stack

RECEIVED_AT_ONCE = 100
# A hold, rounded up to the wheel's step, the margin, and half a second for the clocks of two processes.
PAST_A_HOLD_SECONDS = day.seconds(day.HOLD_MINUTES) + 1 + 0.5 + 1


@dataclass
class Replay:
    """`stage` shows what goes on."""

    stack: Stack
    stage: Stage
    ledger: Ledger = field(default_factory=Ledger)

    async def run(self) -> dict[str, Any]:
        """The figures of the summary."""
        backstage = Backstage(self.stack)
        async with Shop(self.stack.api_url, self.stack.token()) as shop:
            await self._stock(shop)
            await shop.warm_up()
            sweeping = asyncio.create_task(backstage.keep_sweeping(self.stage.warn))
            try:
                figures = await self._day(shop)
                figures["rush"] = await self._rush(shop)
            finally:
                sweeping.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await sweeping
            await asyncio.sleep(PAST_A_HOLD_SECONDS)
            await backstage.sweep_all()
            figures["units_shipped"] = await self._ship(shop)
            figures |= await self._check(shop, backstage)
            return figures | {"sweeps": backstage.sweeps, "calls": shop.calls, "calls_repeated": shop.repeated}

    async def _stock(self, shop: Shop) -> None:
        goods, orders = read_goods(), read_sales()
        modes = {rush.sku_of(mode): mode for mode in rush.MODES}
        units = day.stock(orders, goods) | dict.fromkeys(modes, rush.UNITS)
        with self.stage.part("Putting goods on the shelves", len(units)) as step:

            async def make(sku: str) -> None:
                mode = {"deduction_mode": modes[sku]} if sku in modes else {}
                await shop.put_sku(sku, {"name": goods.get(sku) or sku, **mode})
                step()

            await asyncio.gather(*map(make, units))
            pairs = list(units.items())
            await asyncio.gather(
                *(
                    shop.receive(dict(pairs[at : at + RECEIVED_AT_ONCE]))
                    for at in range(0, len(pairs), RECEIVED_AT_ONCE)
                )
            )
        self.ledger.stocked = units

    async def _day(self, shop: Shop) -> dict[str, Any]:
        orders = read_sales()
        buyers = day.plan(orders, read_delays())
        timeline = Timeline(time.monotonic())
        with self.stage.day(orders[0].at, timeline, len(buyers)) as say:
            results = await asyncio.gather(*(live(buyer, shop, timeline, say) for buyer in buyers))
        self.ledger.results.extend(results)
        return {
            "orders": len(orders),
            "lines": sum(len(order.lines) for order in orders),
            "sent_again": sum(result.sent_again for result in results),
            **tally(results),
        }

    async def _rush(self, shop: Shop) -> dict[str, dict[str, int]]:
        await shop.warm_up()
        with self.stage.part("A rush in each deduction mode", len(rush.MODES)) as step:
            return await rush.run_all(shop, self.ledger, past_a_hold_seconds=PAST_A_HOLD_SECONDS, step=step)

    async def _ship(self, shop: Shop) -> int:
        """The day's orders leave the building; those of the rush stay committed."""
        ready = [each for each in self.ledger.results if each.outcome in KEEPS and not each.id.startswith("rush-")]
        with self.stage.part("Shipping what was paid", len(ready)) as step:
            for result in ready:
                await shop.command(result.id, "ship")
                result.shipped = True
                step()
        return sum(result.units for result in ready)

    async def _check(self, shop: Shop, backstage: Backstage) -> dict[str, Any]:
        with self.stage.part("Checking every level", len(self.ledger.stocked)) as step:
            checked = await check_levels(shop, self.ledger, step)
            states_off = await check_states(shop, self.ledger.results)
        with self.stage.part("Auditing", 1) as step:
            audited = await backstage.audit()
            step()
        for name, wrong in (checked.off | states_off).items():
            self.stage.warn(f"{name}: {wrong}")
        for each in audited["off"]:
            self.stage.warn(f"auditor: {each}")
        return {
            "levels_checked": checked.levels,
            "levels_audited": audited["levels"],
            "levels_off": len(checked.off) + len(audited["off"]),
            "states_off": len(states_off),
            "oversold_units": max(checked.oversold_units, self.ledger.oversold_units()),
        }
