"""The demo's second half: seven shops sell, pushes come late and doubled, and three modes keep them in step."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from demo.market.judge import Verdict, judge
from demo.market.shoppers import Shopper
from demo.market.stalls import CHANNELS, Goods, Market, Stall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Seconds of the afternoon; the sandbox divides them by its speed.
FAULTS: dict[str, Any] = {
    "webhook_delay_s": {"median": 60, "p95": 600},
    "webhook_lost": 0.15,
    "webhook_doubled": 0.25,
    "webhook_reordered": 0.2,
    "throttled": 0.03,
    "server_error": 0.03,
}
ORDERS, POLL_EVERY, RUN_EVERY, UNITS = 84, 30, 40, 60
# Three ways to be kept in step, all of them on the same goods.
MODES = ("continuous", "session", "daily")
SETTLE_SECONDS = 150
CAUSES = {"sync now": "run", "the run": "run", "order": "sold there", "an earlier": "settling a doubtful one"}
CAUSES |= {"what": "new mapping or settings"}


@dataclass(slots=True)
class Afternoon:
    """`say(done, what)` is told after each step."""

    market: Market
    seed: int
    say: Callable[[int, str], None]
    stalls: list[Stall] = field(default_factory=list)
    stocked: dict[str, int] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)

    def run(self) -> dict[str, Any]:
        """`channels` and `sync` of the summary, and `failures`."""
        self._open()
        shopper = Shopper(self.market.door, self.stalls, self.seed)
        step = 0
        while shopper.done["placed"] < ORDERS and step < ORDERS * 10:
            step += 1
            shopper.shop()
            if step % POLL_EVERY == 0:
                self._poll()
            if step % RUN_EVERY == 0:
                self._run_sync()
            self.say(shopper.done["placed"], "shopping")
        shopper.finish()
        for stall in self.stalls:
            self.market.door.calm(stall.channel, stall.shop)
        verdict, off_target = self._settle()
        failures = [*verdict.missing, *verdict.off, *(f"{each} is not at its target" for each in off_target)]
        return {
            "channels": self._channels(),
            "sync": self._sync(orders=shopper.done["placed"], off_target=len(off_target)),
            "failures": failures,
        }

    def _open(self) -> None:
        shared = {self.market.sku("shared-kettle"): UNITS, self.market.sku("shared-mug"): UNITS}
        self.stocked = shared | {self.market.sku(f"{each}-own"): UNITS for each in CHANNELS}
        self.market.stock(self.stocked)
        for number, channel in enumerate(CHANNELS):
            goods = [
                Goods("Kettle", {self.market.sku("shared-kettle"): 1}, UNITS),
                Goods("Mug", {self.market.sku("shared-mug"): 1}, UNITS),
                Goods(f"Only on {channel}", {self.market.sku(f"{channel}-own"): 1}, UNITS),
            ]
            mode = MODES[number % len(MODES)]
            stall = self.market.open_stall(channel, goods, settings={"sync": {"mode": mode, "verify_percent": 0}})
            self.modes[channel] = mode
            self.stalls.append(stall)
            self.market.door.faults(channel, stall.shop, **FAULTS)

    def _poll(self) -> None:
        for stall in self.stalls:
            self.market.poll(stall)

    def _run_sync(self) -> None:
        """What the schedules of sessions and daily runs would do."""
        for stall in self.stalls:
            if self.modes[stall.channel] != "continuous":
                self.market.call("POST", f"{stall.path}/sync", {})

    def _settle(self) -> tuple[Verdict, list[str]]:
        ends = time.monotonic() + SETTLE_SECONDS
        while True:
            self.market.door.settle()
            self._poll()
            self.market.wait_for_queues(ends, names=("orders", "polls"))
            verdict = judge(self.market, self.stalls, self.stocked)
            if verdict.good:
                self._run_sync()
                self.market.wait_for_queues(ends, names=("pushes",))
            off_target = self._off_target()
            self.say(verdict.applied, "settling")
            if (verdict.good and not off_target) or time.monotonic() > ends:
                return verdict, off_target
            time.sleep(2)

    def _off_target(self) -> list[str]:
        """Listings that do not show what is free now, by the marketplaces' own truth."""
        free = {
            sku: max(0, self.market.call("GET", f"/v1/skus/{quote(sku, safe='')}/levels")["sum"]["available"])
            for sku in self.stocked
        }
        off = []
        for stall in self.stalls:
            shown = self.market.door.listings(stall.channel, stall.shop)
            for listing, parts in stall.parts.items():
                target = min(free[sku] // units for sku, units in parts.items())
                if shown[listing]["quantity"] != target:
                    off.append(f"{stall.channel} {listing} ({shown[listing]['quantity']}, must be {target})")
        return off

    def _channels(self) -> dict[str, dict[str, Any]]:
        found = {}
        for stall in self.stalls:
            shop = self.market.call("GET", stall.path)
            placed = self.market.door.orders(stall.channel, stall.shop)
            applied = [each for each in placed if self.market.find(stall.order_path(each)) is not None]
            found[stall.channel] = {
                "placed": len(placed),
                "by_push": shop["heard"]["webhook"],
                "by_poll": shop["heard"]["poll"],
                "applied": len(applied),
                "delay_p50_s": shop["delay"]["p50_s"],
                "delay_p95_s": shop["delay"]["p95_s"],
            }
        return found

    def _sync(self, *, orders: int, off_target: int) -> dict[str, Any]:
        passports = list(self._passports())
        answered = [each for each in passports if "answered_at" in each and each["answer"] == "acknowledged"]
        lags = sorted(max(0.0, (each["answered_at"] - each["asked_at"]) / 1000) for each in answered)
        waiting = self.market.waiting("push_failures")
        calls = sum(
            each["count"]
            for stall in self.stalls
            for each in self.market.door.calls(stall.channel, stall.shop)["calls"]
        )
        return {
            "pushes": len(passports),
            "pushes_by_mode": dict(Counter(each["mode"] for each in passports)),
            "pushes_by_cause": dict(Counter(self._cause(str(each["because"])) for each in passports)),
            "retries": len(passports) - len(answered),
            "dead_letters": waiting,
            "lag_p50_s": _quantile(lags, 0.5),
            "lag_p95_s": _quantile(lags, 0.95),
            "calls_per_sale": round(calls / max(1, orders), 2),
            "listings": sum(len(stall.parts) for stall in self.stalls),
            "listings_off_target": off_target,
        }

    def _cause(self, because: str) -> str:
        """Causes of one kind together: they name SKUs and orders."""
        if because.startswith(tuple(self.stocked)):
            return "stock changed"
        return next((kind for word, kind in CAUSES.items() if because.startswith(word)), because)

    def _passports(self) -> Iterator[dict[str, Any]]:
        """Every number that was sent, from the table itself."""
        table = self.market.stack.aws("dynamodb")
        for stall in self.stalls:
            for listing in stall.parts:
                name = {"S": f"PASSPORT#{stall.channel}#{stall.shop}#{listing}"}
                pages = table.get_paginator("query").paginate(
                    TableName=self.market.stack.table,
                    KeyConditionExpression="pk = :p",
                    ExpressionAttributeValues={":p": name},
                )
                for page in pages:
                    yield from map(_plain, page["Items"])


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Callable[[str], Any]] = {"S": str, "N": int}
    return {name: read[kind](value) for name, told in item.items() for kind, value in told.items() if kind in read}


def _quantile(ordered: list[float], share: float) -> float | None:
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2) if ordered else None
