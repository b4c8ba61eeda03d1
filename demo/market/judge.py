"""What must be true when everything has been told: by the marketplaces' own truth, not by anything Holdfast says."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from demo.market.stalls import LOCATION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from demo.market.stalls import Market, Stall

# By docs/channels: where the merchant says for each unit whether it may be sold again. Elsewhere what is cancelled may,
# and what is returned waits for a person.
ASKS = frozenset({"haravan", "shopify", "woocommerce"})


@dataclass(slots=True)
class Verdict:
    """`missing` orders are not applied, `off` what is otherwise than it must be, in words."""

    placed: int = 0
    applied: int = 0
    missing: list[str] = field(default_factory=list)
    off: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not (self.missing or self.off) and self.placed == self.applied


def expected_levels(stalls: list[Stall], truth: Mapping[str, Mapping[str, Any]]) -> dict[str, Counter[str]]:
    """SKU → units committed, gone out, come back and set aside, by the orders of all stalls."""
    levels: dict[str, Counter[str]] = defaultdict(Counter)
    for stall in stalls:
        for order in truth[stall.channel].values():
            for listing, units in order["units"].items():
                for sku, each in stall.parts[listing].items():
                    _add(levels[sku], stall.channel, order["stage"], units, each)
    return levels


def _add(level: Counter[str], channel: str, stage: str, units: Mapping[str, int], each: int) -> None:
    kept_aside = units["cancelled"] - units["cancelled_restocked"] if channel in ASKS else 0
    wanted = units["placed"] - units["cancelled"]
    level["set_aside"] += each * kept_aside
    if stage == "shipped":
        level["out"] += each * wanted
        level["back"] += each * units["returned_restocked"] if channel in ASKS else 0
    else:
        level["committed"] += each * wanted


def judge(market: Market, stalls: list[Stall], stocked: Mapping[str, int]) -> Verdict:
    truth = {stall.channel: market.door.orders(stall.channel, stall.shop) for stall in stalls}
    verdict = Verdict()
    for stall in stalls:
        for order_id, order in truth[stall.channel].items():
            verdict.placed += 1
            _judge_order(market, stall, order_id, order, verdict)
    levels = expected_levels(stalls, truth)
    for sku, received in stocked.items():
        shown = market.call("GET", f"/v1/skus/{quote(sku, safe='')}/levels")["sum"]
        _judge_level(sku, levels[sku], received, shown, verdict)
    return verdict


def _judge_order(market: Market, stall: Stall, order_id: str, order: Mapping[str, Any], verdict: Verdict) -> None:
    found = market.find(stall.order_path(order_id))
    if found is None:
        verdict.missing.append(f"{stall.channel} {order_id}, {order['stage']}")
        return
    verdict.applied += 1
    state = {"shipped": "shipped", "cancelled": "released"}.get(order["stage"], "committed")
    if found["state"] != state:
        verdict.off.append(f"{stall.channel} {order_id} is {found['state']}, must be {state}")


def _judge_level(sku: str, moved: Mapping[str, int], received: int, shown: Mapping[str, Any], verdict: Verdict) -> None:
    on_hand = received - moved["out"] + moved["back"]
    committed, aside = moved["committed"], moved["set_aside"]
    wanted = {
        "on_hand": on_hand,
        "committed": committed,
        "unavailable": aside,
        "available": on_hand - committed - aside,
    }
    for name, units in wanted.items():
        if shown[name] != units:
            verdict.off.append(f"{sku} at {LOCATION}: {name} is {shown[name]}, must be {units}")
