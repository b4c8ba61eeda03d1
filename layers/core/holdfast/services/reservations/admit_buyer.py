"""Weigh the buyer of an order for scarce goods by the merchant's rules, and keep what this call knows of him."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from holdfast.domain.budget import Asked, Buyer, Terms, expired_and_paid, take
from holdfast.domain.policy import Mode
from holdfast.domain.reservation import Reservation
from holdfast.domain.risk import CROWD_MINUTES, TRUSTED, Action, Facts, Force, Signals, Verdict, is_new, weigh
from holdfast.services.context import Context
from holdfast.store.buyers import BuyerWrite

from .spend_budget import admit

COUNTED_AS = {
    Action.FLOOR: "FloorKept",
    Action.SHORTER_HOLD: "ShorterHold",
    Action.ON_PAYMENT: "TurnedOnPayment",
    Action.REFUSE: "RiskRefused",
}


@dataclass(slots=True)
class Admission:
    """One order's buyer: `buyer` None while he was not looked at; `units` of SKUs that have a budget."""

    terms: Terms
    units: Mapping[str, int]
    facts: Facts
    buyer: Buyer | None = None
    crowd: int = 0
    verdict: Verdict = TRUSTED

    def learn(self, context: Context, buyer: Buyer, *, now: datetime) -> None:
        """Weigh him anew, by what is now known of him."""
        self.buyer = buyer
        if buyer.version:
            context.memory.note_buyer(buyer.id)
        self.verdict = self._weighed(context, now=now)

    def _weighed(self, context: Context, *, now: datetime) -> Verdict:
        if self.buyer is not None and self.buyer.allowed:
            return TRUSTED
        expired, paid = 0, 0
        if self.buyer is not None:
            expired, paid = expired_and_paid(self.buyer, context.policy.budget_clock(now.timestamp()))
        signals = Signals(facts=self.facts, now=now, expired=expired, paid=paid, crowd=self.crowd)
        return weigh(context.policy.budget.rules, context.policy.budget.actions, signals)

    def look(self, context: Context, buyer_id: str, *, now: datetime) -> None:
        """A buyer who was never seen is not looked at, unless a rule would act: he may be on the allow-list."""
        self.crowd = self._counted_crowd(context, now=now)
        self.verdict = self._weighed(context, now=now)
        if context.memory.knows_buyer(buyer_id) or self.verdict.action is not Action.ALLOW:
            self.learn(context, context.ledger.buyers.get(buyer_id), now=now)

    def _counted_crowd(self, context: Context, *, now: datetime) -> int:
        asked = any(
            rule.code == "newcomers_crowd" and rule.force is not Force.OFF for rule in context.policy.budget.rules
        )
        if not asked or not is_new(self.facts):
            return 0
        bucket = CROWD_MINUTES * context.policy.step_seconds
        counts = (context.ledger.buyers.another_newcomer(sku, now=now, bucket_seconds=bucket) for sku in self.units)
        return max(counts, default=0)

    def spend(self, context: Context, record: Reservation, *, now: datetime) -> BuyerWrite | None:
        """What his budget shall be once he has the reservation. Raises HoldBudget, PolicyRefused."""
        if record.mode is Mode.ON_PAYMENT:
            return None
        clock = context.policy.budget_clock(now.timestamp())
        asked = asked_by(record, self.units, now=now)
        buyer = admit(context, self.buyer or Buyer(id=record.buyer_id), asked, self.terms, clock)
        return BuyerWrite(buyer=take(buyer, asked, clock), clock=clock)

    def count(self, context: Context) -> None:
        """What the rules did with this order, or would have done."""
        if self.verdict.action is not Action.ALLOW:
            context.count(COUNTED_AS[self.verdict.action], 1)
        for hit in self.verdict.hits:
            context.count(f"{'RuleActed' if hit.acted else 'RuleWouldAct'}_{hit.code}", 1)


def asked_by(record: Reservation, units: Mapping[str, int], *, now: datetime) -> Asked:
    """An unpaid order's time is the stack's to set, and not held against its buyer."""
    begins = int(now.timestamp())
    if record.minute is not None:
        return Asked(id=record.id, lines=units, since=begins, until=record.minute)
    until = int(record.pay_by.timestamp()) if record.pay_by else begins
    return Asked(id=record.id, lines=units, since=until, until=until)
