"""What the orders of marketplaces do to levels, from raw items alone: each order's effect is in exactly once.

An order says what it wants, what it took off, what it holds back and what came back; its record's lines and the
movements that carry its name must add up to just that, after each write.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

Item = dict[str, Any]
RANK = {"unpaid": 0, "paid": 1, "shipped": 2, "cancelled": 3}
NEXT = {
    "committed": frozenset({"committed", "shipped", "released"}),
    "shipped": frozenset({"shipped"}),
    "released": frozenset({"released"}),
}


def is_order(record: Item) -> bool:
    return "told" in record


class OrderAccount:
    """`noted`: what movements of an order moved, by its id: (figure, SKU) → units."""

    def __init__(self) -> None:
        self.noted: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)

    def movement(self, sku: str, name: str, item: Item) -> None:
        """A movement whose id is an order's, with a word, a version and a place."""
        order, _, _ = name.partition(" ")
        if ":" in order:
            for figure in ("on_hand", "unavailable"):
                self.noted[order][figure, sku] += sum(item[figure].values())

    def written(self, before: Item | None, after: Item) -> Iterator[str]:
        name, state = after["pk"], after["state"]
        if before is None:
            if state not in NEXT or after["version"] != 1:
                yield f"{name} began as {state}, version {after['version']}"
        else:
            if state not in NEXT.get(before["state"], frozenset()):
                yield f"{name} was {before['state']} and became {state}"
            if after["version"] != before["version"] + 1:
                yield f"{name}: version {before['version']} became {after['version']}"
            if is_order(before) and _age(after["told"]) < _age(before["told"]):
                yield f"{name}: older news took the place of newer: {before['told']}, {after['told']}"
            if "added_later" in before and "added_later" not in after:
                yield f"{name} lost what a newer version of the code had added"
        if ("ttl" in after) == (state == "committed"):
            yield f"{name} is {state} and {'has' if 'ttl' in after else 'has no'} ttl"

    def effect(self, record: Item) -> Iterator[str]:
        """The order's units against what it says. Asked when all of a transaction is known."""
        name, told, shipped = record["pk"][12:], record["told"], record["state"] == "shipped"
        wanted: Counter[tuple[str, str]] = Counter()
        for line in told["lines"]:
            left = line["o"] - line.get("c", 0) - line.get("w", 0)
            for sku, each in line.get("parts", ()):
                if shipped:
                    wanted["on_hand", sku] -= each * (left - line.get("r", 0))
                else:
                    wanted["committed", sku] += each * left
                wanted["unavailable", sku] += each * line.get("w", 0)
        found = Counter(self.noted[name]) if name in self.noted else Counter[tuple[str, str]]()
        if record["state"] in {"committed", "shipped"}:
            for line in record["lines"]:
                if shipped:
                    found["on_hand", line["sku"]] -= line["quantity"]
                else:
                    found["committed", line["sku"]] += line["quantity"]
        if any(wanted[key] != found[key] for key in wanted.keys() | found.keys()):
            should = f"it should have moved {dict(wanted)}, and has moved {dict(found)}"
            yield f"{name} is {told['stage']}, {told['lines']}: {should}"


def _age(told: Item) -> tuple[int, int, int]:
    off = sum(line.get("c", 0) + line.get("w", 0) + line.get("r", 0) for line in told["lines"])
    return told["updated_at"], RANK[told["stage"]], off
