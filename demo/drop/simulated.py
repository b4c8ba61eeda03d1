"""The drop in simulated time, on any table: the same people, the same services, no network and no waiting."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from demo.drop.crowd import crowd
from demo.drop.figures import figures
from demo.drop.people import Sale, attend
from holdfast.domain.errors import HoldfastError
from holdfast.domain.level import Place
from holdfast.runtime.api.problems import problem
from holdfast.runtime.api.reading import read_order
from holdfast.runtime.api.views import outcome_view, reservation_view
from holdfast.services.reservations import command_reservation as commands
from holdfast.services.reservations.hold_units import hold_units
from holdfast.services.upkeep.sweep_expired import sweep_expired

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.delays import Delays
    from demo.drop.crowd import Size
    from holdfast.services.context import Context


PAGE_IS_OLD_MINUTES = 0.5


@dataclass
class SimulatedClock:
    """Minutes since `began`. Nothing but `until` lets anybody wait, so that time moves only when all wait."""

    began: datetime
    _now: float = 0.0
    _waiting: list[tuple[float, int, asyncio.Future[None]]] = field(default_factory=list)
    _numbers: Any = field(default_factory=itertools.count)

    def now(self) -> float:
        return self._now

    def time(self) -> datetime:
        return self.began + timedelta(minutes=self._now)

    async def until(self, at: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (max(at, self._now), next(self._numbers), woken))
        await woken

    async def run(self, tasks: list[asyncio.Task[None]]) -> None:
        await asyncio.sleep(0)
        while self._waiting:
            self._now, _, woken = heapq.heappop(self._waiting)
            woken.set_result(None)
            await asyncio.sleep(0)  # he goes on ...
            await asyncio.sleep(0)  # ... and waits again, or is done
        await asyncio.gather(*tasks)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: dict[str, Any]


@dataclass
class SimulatedShop:
    """The services called as the API calls them. The page shows what was free at most half a minute ago."""

    context: Context
    clock: SimulatedClock
    sku: str
    _seen: tuple[float, int] = (-1.0, 0)

    async def submit(self, order_id: str, body: dict[str, Any]) -> Reply:
        def act() -> Reply:
            answer = hold_units(self.context, read_order(order_id, body, now=self.clock.time()))
            status = HTTPStatus.CREATED if answer.first else HTTPStatus.OK
            return Reply(status, reservation_view(answer.record, now=self.clock.time()))

        return _answered(act)

    async def begin_payment(self, order_id: str) -> Reply:
        return _answered(
            lambda: Reply(
                HTTPStatus.OK,
                reservation_view(commands.begin_payment(self.context, order_id).record, now=self.clock.time()),
            )
        )

    async def commit(self, order_id: str, *, payment_id: str) -> Reply:
        return _answered(
            lambda: Reply(
                HTTPStatus.OK,
                outcome_view(commands.commit(self.context, order_id, payment_id=payment_id), now=self.clock.time()),
            )
        )

    def free(self) -> int:
        if self.clock.now() - self._seen[0] > PAGE_IS_OLD_MINUTES:
            level = self.context.ledger.levels.get(Place(self.sku, "main"))
            now_s, margin = self.clock.time().timestamp(), self.context.policy.margin_seconds
            sellable = level.sellable(now_s=now_s, margin_seconds=margin) if level else 0
            self._seen = (self.clock.now(), max(0, sellable))
        return self._seen[1]

    def minutes_left(self, reservation: dict[str, Any]) -> float:
        ends = datetime.fromisoformat(reservation["expires_at"])
        return (ends - self.clock.time()).total_seconds() / 60

    def minutes(self, seconds: float) -> float:
        return seconds / 60


def _answered(act: Callable[[], Reply]) -> Reply:
    try:
        return act()
    except HoldfastError as error:
        told = problem(error, request_id="simulated")
        return Reply(told.status, dict(told.body))


async def _sweeps(context: Context, clock: SimulatedClock, until: float) -> None:
    for minute in range(1, math.ceil(until)):
        await clock.until(minute)
        sweep_expired(context)


def run(
    size: Size, delays: Delays, *, sku: str, context_of: Callable[[Callable[[], datetime]], Context], seed: int
) -> dict[str, Any]:
    """The figures of one drop. `context_of(clock)` gives the services over a table on which the bottles are."""

    async def play() -> dict[str, Any]:
        clock = SimulatedClock(datetime(2026, 3, 4, 12, 0, tzinfo=UTC))
        context = context_of(clock.time)
        shop, sale = SimulatedShop(context, clock, sku), Sale(size.minutes)
        people = crowd(size, delays, now=clock.time(), seed=seed)
        tasks = [asyncio.ensure_future(attend(each, sku, shop, clock, sale)) for each in people]
        tasks.append(asyncio.ensure_future(_sweeps(context, clock, 2 * size.minutes)))
        await clock.run(tasks)
        level = context.ledger.levels.get(Place(sku, "main"))
        committed, oversold = (level.committed, level.oversold) if level else (0, 0)
        return figures(sale, bottles=size.bottles, committed=committed, oversold=oversold)

    return asyncio.run(play())
