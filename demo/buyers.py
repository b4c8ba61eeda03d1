"""One buyer's way through the shop."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from demo.ledger import Outcome, Result

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.day import Buyer
    from demo.orders import Line
    from demo.shop import Reply, Shop

# What the API writes into a reservation's history when a commit arrives after `expires_at`.
LATE = "committed late"


@dataclass(frozen=True, slots=True)
class Timeline:
    """Seconds since the day began. A machine that is too slow runs behind and never ahead."""

    began: float

    async def until(self, at: float) -> None:
        await asyncio.sleep(max(0.0, self.began + at - time.monotonic()))

    def now(self) -> float:
        return time.monotonic() - self.began


def body_of(buyer_id: str, lines: tuple[Line, ...]) -> dict[str, Any]:
    return {"buyer": {"id": buyer_id}, "lines": [{"sku": line.sku, "quantity": line.quantity} for line in lines]}


async def live(buyer: Buyer, shop: Shop, timeline: Timeline, say: Callable[[str], None]) -> Result:
    """Order, perhaps pay, perhaps too late. `say` is told each step by its name."""
    await timeline.until(buyer.submits_at)
    result = await _order(buyer, shop, say)
    ordered_at = timeline.now()
    if result.outcome is Outcome.REFUSED:
        return result
    if buyer.releases_after is not None:
        await timeline.until(ordered_at + buyer.releases_after)
        await shop.command(result.id, "release")
        result.outcome = Outcome.RELEASED
    elif buyer.pays_after is not None and await _reaches_payment(buyer, result, shop, timeline, ordered_at):
        await timeline.until(ordered_at + buyer.pays_after)
        reply = await shop.commit(result.id, payment_id=f"payment-{result.id}")
        result.outcome = outcome_of(reply)
    say(result.outcome.value)
    return result


async def _order(buyer: Buyer, shop: Shop, say: Callable[[str], None]) -> Result:
    """Refused lines are left out and the rest is ordered once more, under a new id."""
    number, lines = buyer.order.number, buyer.order.lines
    reply = await shop.submit(number, body_of(buyer.order.customer, lines))
    if reply.code != "insufficient_stock":
        say("ordered")
        return Result(number, lines, Outcome.EXPIRED)
    short = {shortage["sku"] for shortage in reply.body["shortages"]}
    rest = tuple(line for line in lines if line.sku not in short)
    say("refused")
    if not rest:
        return Result(number, lines, Outcome.REFUSED)
    again = f"{number}-2"
    reply = await shop.submit(again, body_of(buyer.order.customer, rest))
    refused = reply.code == "insufficient_stock"
    say("refused" if refused else "ordered")
    return Result(again, rest, Outcome.REFUSED if refused else Outcome.EXPIRED, sent_again=True)


async def _reaches_payment(buyer: Buyer, result: Result, shop: Shop, timeline: Timeline, ordered_at: float) -> bool:
    """Whether the shop lets him pay: not if his hold ended before he opened the payment page and others were faster."""
    if buyer.begins_after is None:
        return True
    await timeline.until(ordered_at + buyer.begins_after)
    reply = await shop.begin_payment(result.id)
    return reply.code is None


def outcome_of(reply: Reply) -> Outcome:
    """Of a commit's answer. Late is what the API says arrived late; without units it is a refund."""
    if reply.body["outcome"] == "refund_due":
        return Outcome.REFUND_DUE
    late = any(event["what"] == LATE for event in reply.body["history"])
    return Outcome.COMMITTED_LATE if late else Outcome.COMMITTED_IN_TIME
