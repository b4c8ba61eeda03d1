"""A month of shopping on all seven marketplaces with every fault there is; then calm, and everything must add up."""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from demo.market.door import DoorClosed
from demo.market.judge import Verdict, judge
from demo.market.shoppers import Shopper
from demo.market.stalls import CHANNELS, Goods, Market, Stall

if TYPE_CHECKING:
    from collections.abc import Callable

# All faults, at shares that a bad month has. Times are divided by the sandbox's speed, the time-outs are not.
FAULTS: dict[str, Any] = {
    "webhook_delay_s": {"median": 120, "p95": 1_800},
    "webhook_lost": 0.15,
    "webhook_doubled": 0.2,
    "webhook_reordered": 0.2,
    "webhook_bad_signature": 0.05,
    "empty_order_page": 0.1,
    "partial_failure": 0.1,
    "throttled": 0.05,
    "server_error": 0.05,
    "timeout_before": 0.01,
    "timeout_after": 0.01,
    "timeout_s": 1,
    "refresh_answer_lost": 0.1,
    "promotion_lock": 0.1,
}
# So often the schedule would poll, in steps of shopping; tokens end in the middle, and so does a key.
POLL_EVERY, EXPIRE_EVERY, HURRY_EVERY = 25, 150, 60
# Here a day's polls come within seconds, and each of them sends again what is not applied yet.
MOST_READY, ROOM_SECONDS = 50, 120.0
# What is shown in all shops together is more than there is of the shared goods: some orders oversell, as in life.
OWN, SHARED = 400, 60
SETTLE_SECONDS, LOOK_EVERY_SECONDS = 600, 2.0
CAUSES = {
    "oversold": "the shared goods are shown in every shop",
    "listing_unknown": "one listing was mapped late",
    "listing_blocked": "a partial failure of the marketplace",
    "listing_locked": "a promotion of the marketplace",
}


@dataclass(slots=True)
class Month:
    """`market` on a running stack with its sandbox; `orders` are to be placed; `say` is told after each step."""

    market: Market
    orders: int
    seed: int
    say: Callable[[int, str], None]
    stalls: list[Stall] = field(default_factory=list)
    stocked: dict[str, int] = field(default_factory=dict)
    unmapped: dict[str, tuple[Stall, str, dict[str, int]]] = field(default_factory=dict)

    def run(self) -> dict[str, Any]:
        """The figures; `failures` is empty if the month was as it must be."""
        began = time.monotonic()
        self._open()
        shopper = Shopper(self.market.door, self.stalls, self.seed)
        self._shop(shopper)
        shopper.finish()
        self._calm()
        verdict = self._settle()
        incidents = self._incidents()
        failures = [*verdict.missing, *verdict.off, *(f"incident without a cause: {each}" for each in incidents)]
        return {
            "seed": self.seed,
            "placed": verdict.placed,
            "applied": verdict.applied,
            "shoppers": dict(shopper.done),
            "pushes": self._pushes(),
            "failures": failures,
            "seconds": round(time.monotonic() - began, 1),
        }

    def _open(self) -> None:
        self.stocked = {self.market.sku(f"{each}-own"): OWN * 3 for each in CHANNELS}
        self.stocked |= {self.market.sku("shared"): SHARED, self.market.sku("late"): OWN}
        self.market.stock(self.stocked)
        for channel in CHANNELS:
            own, shared = self.market.sku(f"{channel}-own"), self.market.sku("shared")
            goods = [
                Goods(f"Kettle of {channel}", {own: 1}, OWN),
                Goods(f"Two kettles of {channel}", {own: 2}, OWN),
                Goods("The mug that everybody sells", {shared: 1}, SHARED // 2),
                Goods("A set: kettle and mug", {own: 1, shared: 1}, SHARED // 4),
            ]
            stall = self.market.open_stall(channel, goods, settings={"overlap_seconds": 3_600})
            self.stalls.append(stall)
            self.market.door.faults(channel, stall.shop, **FAULTS)
        self._sell_unmapped(self.stalls[0])

    def _sell_unmapped(self, stall: Stall) -> None:
        """A listing that is sold before anybody has said which SKU it is."""
        [key] = self.market.door.add_listings(
            stall.channel, stall.shop, [{"title": "New", "merchant_sku": "new", "quantity": OWN}]
        )
        parts = {self.market.sku("late"): 1}
        stall.parts[key] = parts
        self.unmapped[key] = (stall, key, parts)

    def _shop(self, shopper: Shopper) -> None:
        step = 0
        while shopper.done["placed"] < self.orders:
            step += 1
            if step > self.orders * 20:
                raise RuntimeError(f"sold out: {shopper.done['placed']} of {self.orders} orders were placed")
            shopper.shop()
            if step % POLL_EVERY == 0:
                self._authorise_again()
                self._wait_for_room()
                self._poll_all()
            if step % HURRY_EVERY == 0:
                self.market.door.settle()  # whatever the sandbox's speed: what is late comes in the middle of the rest
            if step % EXPIRE_EVERY == 0:
                self._disturb(step // EXPIRE_EVERY)
            if shopper.done["placed"] >= self.orders // 2:
                self._map_late()
            self.say(shopper.done["placed"], "shopping")

    def _disturb(self, number: int) -> None:
        """Tokens end early, and webhook keys are changed while pushes are on their way."""
        stall = self.stalls[number % len(self.stalls)]
        with contextlib.suppress(DoorClosed):  # a marketplace whose tokens never end
            self.market.door.post(stall.channel, stall.shop, "/tokens/expire")
        rotating = self.stalls[(number + 3) % len(self.stalls)]
        if rotating.channel != "tiki":
            secret = self.market.door.post(rotating.channel, rotating.shop, "/secret/rotate")["secret"]
            self._store_keys(rotating, secret)

    def _store_keys(self, stall: Stall, told: dict[str, str]) -> None:
        """The operator stores the new keys; tokens that were refreshed meanwhile stay."""
        keys = {name: value for name, value in told.items() if name in ("webhook_key", "webhook_key_previous")}
        self.market.store_secret(stall, {**self.market.read_secret(stall), **keys})

    def _authorise_again(self) -> None:
        """What the runbook asks of the merchant: where the answer to a refresh was lost, only he gets tokens anew."""
        for told in self.market.call("GET", "/v1/incidents?limit=100")["items"]:
            lost = [each for each in self.stalls if each.path == f"/v1/shops/{told['subject']}"]
            if told["kind"] != "shop_unauthorised" or not lost:
                continue
            self.market.store_secret(lost[0], self.market.door.secret(lost[0].channel, lost[0].shop))
            self.market.call("POST", f"/v1/incidents/{told['id']}/close", {"note": "authorised anew"})

    def _map_late(self) -> None:
        for stall, key, parts in self.unmapped.values():
            self.market.map(stall, key, parts)
        self.unmapped.clear()

    def _wait_for_room(self) -> None:
        ends = time.monotonic() + ROOM_SECONDS
        while self.market.ready("orders") > MOST_READY and time.monotonic() < ends:
            time.sleep(LOOK_EVERY_SECONDS)

    def _poll_all(self) -> None:
        """At the same time, as the schedule does: most of a poll is waiting for a marketplace."""
        with ThreadPoolExecutor(max_workers=len(self.stalls)) as polls:
            list(polls.map(self.market.poll, self.stalls))

    def _calm(self) -> None:
        self._map_late()
        for stall in self.stalls:
            self.market.door.calm(stall.channel, stall.shop)

    def _settle(self) -> Verdict:
        """Until everything adds up, or the time is over: what waits is sent, polled and redriven."""
        ends = time.monotonic() + SETTLE_SECONDS
        while True:
            self.market.door.settle()
            self._authorise_again()
            self._poll_all()
            self.market.call("POST", "/v1/dead-letters/redrive", {"limit": 100})
            self.market.wait_for_queues(ends)
            verdict = judge(self.market, self.stalls, self.stocked)
            self.say(verdict.applied, "settling")
            if verdict.good or time.monotonic() > ends:
                return verdict
            time.sleep(LOOK_EVERY_SECONDS)

    def _incidents(self) -> list[str]:
        found = self.market.call("GET", "/v1/incidents?limit=100")["items"]
        mine = [each for each in found if self.market.run in each["subject"]]
        return [f"{each['kind']}: {each['detail']}" for each in mine if each["kind"] not in CAUSES]

    def _pushes(self) -> dict[str, dict[str, int]]:
        return {stall.channel: self.market.door.calls(stall.channel, stall.shop)["pushes"] for stall in self.stalls}
