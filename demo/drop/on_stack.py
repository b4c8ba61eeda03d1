"""The drop on a running stack: the same people over HTTP, in time that runs so many times faster."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from demo.backstage import Backstage
from demo.delays import read_delays
from demo.drop.crowd import crowd
from demo.drop.figures import figures
from demo.drop.parameters import FLOOR
from demo.drop.people import Sale, attend
from demo.shop import Reply, Shop

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from demo.drop.crowd import Person, Size
    from demo.stage import Stage
    from local.stack import Stack

PAGE_EVERY_SECONDS = 1.0
ANSWERS = (200, 201, 403, 409, 429)


@dataclass
class RealClock:
    """Minutes of the sale. A machine that is too slow runs behind and never ahead."""

    faster: int
    began: float = 0.0

    def now(self) -> float:
        return (time.monotonic() - self.began) * self.faster / 60

    async def until(self, at: float) -> None:
        await asyncio.sleep(max(0.0, (at - self.now()) * 60 / self.faster))


class StackShop:
    """One SKU through the API; the product page is fetched once a second, for everybody.

    `till`: payments do not queue behind those who press the button, as in any shop.
    """

    def __init__(self, shop: Shop, till: Shop, sku: str, *, faster: int) -> None:
        self._shop = shop
        self._till = till
        self._sku = sku
        self._faster = faster
        self._free = 0

    async def submit(self, order_id: str, body: dict[str, Any]) -> Reply:
        return await self._shop.call("PUT", f"v1/reservations/{order_id}", body, expected=ANSWERS)

    async def begin_payment(self, order_id: str) -> Reply:
        return await self._till.command(order_id, "payment", expected=ANSWERS)

    async def commit(self, order_id: str, *, payment_id: str) -> Reply:
        return await self._till.commit(order_id, payment_id=payment_id)

    def free(self) -> int:
        return self._free

    async def look(self) -> None:
        reply = await self._till.call("GET", f"v1/availability?sku={self._sku}")
        self._free = reply.body["skus"][0]["free"]

    async def keep_looking(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(PAGE_EVERY_SECONDS)

    def minutes_left(self, reservation: dict[str, Any]) -> float:
        ends = datetime.fromisoformat(reservation["expires_at"])
        return self.minutes((ends - datetime.now(UTC)).total_seconds())

    def minutes(self, seconds: float) -> float:
        return seconds * self._faster / 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """One sale. `ruled`: its SKU is scarce, so that the stack's budget and rules hold for it."""

    name: str
    size: Size
    ruled: bool
    faster: int
    seed: int


async def run(stack: Stack, stage: Stage, drop: Drop) -> dict[str, Any]:
    """The sale of a SKU of its own. Answers its figures."""
    sku, size, faster = f"BOTTLE-{drop.name}", drop.size, drop.faster
    token = stack.token()
    async with Shop(stack.api_url, token) as shop, Shop(stack.api_url, token) as till:
        limits = {"scarce": True, "floor": min(FLOOR, size.bottles // 10)} if drop.ruled else {"scarce": False}
        await shop.put_sku(sku, {"name": f"A bottle, {drop.name}", "limits": limits})
        await shop.receive({sku: size.bottles})
        await shop.warm_up()
        page = StackShop(shop, till, sku, faster=faster)
        await page.look()
        people = crowd(size, read_delays(), now=datetime.now(UTC), seed=drop.seed)
        sale = await _sell(stack, stage, page, sku, people, drop)
        levels = (await shop.levels(sku)).body["sum"]
    return figures(sale, bottles=size.bottles, committed=levels["committed"], oversold=levels["oversold"])


async def _sell(stack: Stack, stage: Stage, page: StackShop, sku: str, people: Sequence[Person], drop: Drop) -> Sale:
    backstage = Backstage(stack)
    clock, sale = RealClock(drop.faster), Sale(drop.size.minutes)
    behind = [asyncio.create_task(backstage.keep_sweeping(stage.warn)), asyncio.create_task(page.keep_looking())]
    with stage.part(f"The sale of {sku}", len(people)) as step:
        clock.began = time.monotonic()
        try:
            await asyncio.gather(*(_one(each, sku, page, clock, sale, step) for each in people))
        finally:
            for task in behind:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
    return sale


async def _one(
    person: Person, sku: str, page: StackShop, clock: RealClock, sale: Sale, step: Callable[[], None]
) -> None:
    await attend(person, sku, page, clock, sale)
    step()
