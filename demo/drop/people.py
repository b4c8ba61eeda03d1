"""What one person does at the drop: try, wait, hold, pay. The same on a running stack and in simulated time."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from demo.drop.crowd import Person

# Whoever needs longer than his hold lasts goes to pay when half of it is over; the shop shows him the time.
GOES_TO_PAY_AFTER = 0.5
PAYMENT_WINDOW_MINUTES = 30.0
# He leaves room for the way; a payment that is due this late is begun as well.
LEAVES_ROOM_MINUTES = 2.0
# Nobody asks more often; a limit on what one person can do to the stack.
MOST_TRIES = 40
REFUSED_BY_RULES_TRIES = 2


class Clock(Protocol):
    """Minutes of the sale."""

    def now(self) -> float: ...

    async def until(self, at: float) -> None: ...


class Answer(Protocol):
    @property
    def status(self) -> int: ...

    @property
    def body(self) -> dict[str, Any]: ...


class DropShop(Protocol):
    """The API as the drop uses it. `free` is what the product page shows: a little old."""

    async def submit(self, order_id: str, body: dict[str, Any]) -> Answer: ...

    async def begin_payment(self, order_id: str) -> Answer: ...

    async def commit(self, order_id: str, *, payment_id: str) -> Answer: ...

    def free(self) -> int: ...

    def minutes_left(self, reservation: dict[str, Any]) -> float:
        """Until the hold is over, in minutes of the sale."""
        ...

    def minutes(self, seconds: float) -> float: ...


@dataclass
class Hold:
    """A bottle in somebody's hands, from when until when (minutes), and whether it was paid."""

    kind: str
    began: float
    ends: float
    paid: bool = False
    outcome: str = ""


@dataclass
class Sale:
    """What happened in so many minutes. `codes` counts refusals by kind of person and code."""

    minutes: int
    holds: list[Hold] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)

    def refused(self, person: Person, code: str) -> None:
        name = f"{person.kind}: {code}"
        self.codes[name] = self.codes.get(name, 0) + 1


async def attend(person: Person, sku: str, shop: DropShop, clock: Clock, sale: Sale) -> None:
    """From his arrival until he has paid, has given up, or the sale is over."""
    dealt = random.Random(person.seed)
    await clock.until(person.arrives_at)
    refused_by_rules = 0
    for attempt in range(MOST_TRIES):
        if clock.now() >= sale.minutes:
            return
        if attempt == 0 or shop.free() > 0:
            answer = await shop.submit(f"{sku}-{person.id}-{attempt}", _order(person, sku))
            if answer.status in (HTTPStatus.OK, HTTPStatus.CREATED):
                if not await _with_a_bottle(person, answer.body, shop, clock, sale):
                    return
                continue
            code = str(answer.body.get("code"))
            sale.refused(person, code)
            refused_by_rules += answer.status == HTTPStatus.FORBIDDEN
            if refused_by_rules >= REFUSED_BY_RULES_TRIES:
                return
            if code == "hold_budget":
                await clock.until(clock.now() + shop.minutes(answer.body["retry_after_seconds"]))
                continue
        await clock.until(clock.now() + dealt.uniform(*person.looks_every))


def _order(person: Person, sku: str) -> dict[str, Any]:
    return {"buyer": {"id": person.id, **person.facts}, "lines": [{"sku": sku, "quantity": 1}]}


async def _with_a_bottle(person: Person, reservation: dict[str, Any], shop: DropShop, clock: Clock, sale: Sale) -> bool:
    """Pay, or let it run out. Answers whether he tries again."""
    began = clock.now()
    left = shop.minutes_left(reservation)
    hold = Hold(person.kind, began, began + left)
    sale.holds.append(hold)
    if person.pays_after is None or began + person.pays_after > sale.minutes + PAYMENT_WINDOW_MINUTES:
        await clock.until(hold.ends + LEAVES_ROOM_MINUTES)
        return person.holds_again
    pays_at = began + person.pays_after
    begins_at = began + GOES_TO_PAY_AFTER * left
    if hold.ends - LEAVES_ROOM_MINUTES < pays_at <= begins_at + PAYMENT_WINDOW_MINUTES:
        await clock.until(begins_at)
        answer = await shop.begin_payment(reservation["id"])
        if answer.status == HTTPStatus.OK:
            hold.ends = max(hold.ends, clock.now() + shop.minutes_left(answer.body))
    await clock.until(pays_at)
    paid = await shop.commit(reservation["id"], payment_id=f"payment-{reservation['id']}")
    hold.outcome = str(paid.body["outcome"])
    hold.paid = hold.outcome == "committed"
    if hold.paid:
        hold.ends = min(hold.ends, clock.now())
    return False
