"""What the ledger should say, in the plainest words: lists and sums, no wheel, no conditions, no transactions.

It shares no code with Holdfast. The one thing it is told from outside is *when* ended holds were given back, because
any moment after their end is right; it checks that none was given back early.
"""

from collections import Counter
from dataclasses import dataclass, field

At = tuple[str, str]
MARGIN = 30.0


@dataclass
class Buyer:
    """A reservation. `lines` are units by (SKU, location); `in_hold` those of them still held; `ends` in epoch s."""

    mode: str
    body: object
    lines: dict[At, int]
    state: str
    ends: float = 0.0
    in_hold: set[At] = field(default_factory=set)
    paid: bool = False
    payment_begun: bool = False
    pay_by: float | None = None


@dataclass
class PlainModel:
    now: float
    on_hand: Counter[At] = field(default_factory=Counter)
    damaged: Counter[At] = field(default_factory=Counter)
    buyers: dict[str, Buyer] = field(default_factory=dict)

    def held(self, at: At) -> int:
        return sum(each.lines[at] for each in self.buyers.values() if at in each.in_hold)

    def committed(self, at: At) -> int:
        return sum(each.lines.get(at, 0) for each in self.buyers.values() if each.state == "committed")

    def available(self, at: At) -> int:
        return self.on_hand[at] - self.damaged[at] - self.held(at) - self.committed(at)

    def sellable(self, at: At) -> int:
        """Free units, and those whose hold is past by the margin."""
        due = [each for each in self.buyers.values() if at in each.in_hold and each.ends + MARGIN <= self.now]
        return self.available(at) + sum(each.lines[at] for each in due)

    def serving(self, sku: str, quantity: int, locations: tuple[str, ...]) -> At | None:
        """Where a line would be served."""
        return next(((sku, place) for place in locations if self.sellable((sku, place)) >= quantity), None)

    def was_folded(self, at: At, ends: float) -> None:
        """The ledger gave back every hold of this end. Never before it is past by the margin."""
        assert ends + MARGIN <= self.now, f"units held until {ends} were given back at {self.now}"
        for each in self.buyers.values():
            if at in each.in_hold and each.ends == ends:
                each.in_hold.remove(at)

    def missing(self, buyer: Buyer) -> list[At]:
        """The lines for which there would be no units, were he to pay now."""
        wanted = buyer.lines.items()
        return [at for at, units in wanted if at not in buyer.in_hold and self.sellable(at) < units]

    def pay(self, buyer: Buyer) -> str:
        """The outcome of a payment, by what is now."""
        if buyer.paid:
            return "committed" if buyer.state in {"committed", "shipped"} else buyer.state
        if buyer.state in {"committed", "shipped"}:
            return "committed"
        return "refund_due" if buyer.state == "released" or self.missing(buyer) else "committed"

    def paid(self, buyer: Buyer, outcome: str) -> None:
        if not buyer.paid:
            buyer.state = buyer.state if buyer.state == "shipped" else outcome
        buyer.in_hold.clear()
        buyer.paid, buyer.pay_by = True, None

    def ended(self, buyer: Buyer, state: str) -> None:
        buyer.state, buyer.pay_by = state, None
        buyer.in_hold.clear()
