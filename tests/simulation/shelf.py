"""What a listing should show, from raw items alone: it shares no line with the domain that computes it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from holdfast.store.table import Key

from .account import At, Item
from .market import Market
from .stock import sellable
from .world import World


class Shelf:
    """The listings of one shop, as their raw items have them."""

    def __init__(self, world: World, market: Market) -> None:
        self.world = world
        self.market = market
        self._name = f"{market.manner.key.channel}#{market.manner.key.shop}"

    def item(self, kind: str, listing: str) -> Item:
        """`LISTING` or `PUSH` of a listing; empty if there is none."""
        return self.world.store.items.get(Key(f"{kind}#{self._name}", listing)) or {}

    def of_shop(self, sk: str) -> Item:
        return self.world.store.items.get(Key(f"SHOP#{self._name}", sk)) or {}

    def is_paused(self, listing: str) -> bool:
        return bool(self.of_shop("SETTINGS").get("paused") or self.item("PUSH", listing).get("own", {}).get("paused"))

    def now(self, listing: str) -> int:
        """The number by the levels as they are; no hold is past its end."""
        levels = self.world.account.levels
        free, incoming = self._sums(listing, lambda at: levels[at]["available"] if at in levels else 0)
        return self._number(listing, free, incoming)

    def bounds(self, listing: str, *, since: float) -> tuple[int, int]:
        """The least and the most that was right at any moment from `since` to now, by whatever clock."""
        world = self.world
        skew = world.profile.skew_seconds + 1.0

        def least(at: At) -> int:
            margin = world.policy.margin_seconds + skew
            return min((sellable(each, at=since, margin_seconds=margin) for each in self._then(at, since)), default=0)

        def most(at: At) -> int:
            margin = world.policy.margin_seconds - skew
            return max(
                (sellable(each, at=world.now, margin_seconds=margin) for each in self._then(at, since)), default=0
            )

        few, many = self._sums(listing, least), self._sums(listing, most)
        return self._number(listing, few[0], {}), self._number(listing, many[0], dict.fromkeys(many[0], MANY))

    def _then(self, at: At, since: float) -> Sequence[Item]:
        found: list[Item] = []
        for moment, level in reversed(self.world.account.history.get(at, [])):
            found.append(level)
            if moment <= since:
                return found
        # Before its first write there was no level.
        return [*found, {"available": 0, "wheel": {}}]

    def _places(self, sku: str) -> Iterable[At]:
        location = self.of_shop("SETTINGS").get("location")
        return [(sku, each) for each in ([location] if location else self.world.policy.locations)]

    def _sums(self, listing: str, free_at: Any) -> tuple[Mapping[str, int], Mapping[str, int]]:
        levels = self.world.account.levels
        skus = [sku for sku, _ in self.item("LISTING", listing)["parts"]]
        free = {sku: sum(free_at(at) for at in self._places(sku)) for sku in skus}
        incoming = {sku: sum(levels[at]["incoming"] for at in self._places(sku) if at in levels) for sku in skus}
        return free, incoming

    def _number(self, listing: str, free: Mapping[str, int], incoming: Mapping[str, int]) -> int:
        own = self.item("PUSH", listing).get("own", {})
        rules = {**self.of_shop("SYNC")["rules"], "incoming_cap": 0, **own}
        sets = []
        for sku, units in self.item("LISTING", listing)["parts"]:
            there = free[sku] + min(rules["incoming_cap"], max(0, incoming.get(sku, 0)))
            sets.append(max(0, there) // units)
        offered = min(sets) * rules["ratio"] // 100
        offered = min(offered, rules.get("maximum", offered), self.market.sheet.most_quantity)
        return offered if offered > rules["threshold"] else 0


MANY = 10**6
