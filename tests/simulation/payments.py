"""Payments, as the shop's payment provider tells them: through a queue, at least once, late, and never lost."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from holdfast.domain.errors import HoldfastError, PaymentUnmatched
from holdfast.services.context import Context
from holdfast.services.reservations.command_reservation import commit

from .account import Changed, Item
from .parts import Act
from .queues import Message, Queue
from .shopping import Shopping
from .stage import Actor
from .world import World

DAYS_LATER_SECONDS = 3 * 86_400.0
OUTCOMES = frozenset({"committed", "refund_due", "refunded", "duplicate_payment"})


class Payment(NamedTuple):
    order: str
    payment_id: str


class Payments:
    """`shopping` has the orders. A payment leaves the queue only once it was answered by an outcome."""

    def __init__(self, world: World, shopping: Shopping) -> None:
        self.world = world
        self.shopping = shopping
        self.sent: dict[Payment, float] = {}
        self.committed: set[Payment] = set()
        self.queue = Queue(
            name="payments",
            chance=world.chance,
            visibility_seconds=world.chance.choice((2.0, 30.0)),
            most_receives=6,
            met=world.met,
            copies_per_100=world.chance.choice((0, 10, 40)),
        )
        world.on_write.append(self._watch)

    def begin(self) -> None:
        """Nobody has paid yet."""

    def acts(self) -> Sequence[Act]:
        return [Act(5, self.pay), Act(9, self.deliver), Act(1, self.tell_again)]

    def settle(self) -> bool:
        """Deliver until the queue is empty; what is in the dead letters gets one more life."""
        world, queue = self.world, self.queue
        worked = bool(queue.waiting or queue.dead)
        queue.redrive(now=world.now)
        for each in queue.waiting:
            each.receives = 0
        queue.most_receives = 2
        while queue.waiting and not world.ended:
            world.steps += 1
            world.now = max(world.now, min(each.hidden_until for each in queue.waiting))
            message = queue.receive(now=world.now)
            if message is not None:
                handle = message.handle
                world.at_once("hold_stock", lambda context: self._commit(context, message, handle))  # noqa: B023
        self._unknown = {each.body for each in queue.dead}
        queue.dead.clear()
        return worked

    def at_rest(self) -> Iterator[str]:
        incidents = self.world.account.incidents.values()
        told = {(each["kind"], each["subject"]) for each in incidents}
        for payment in self.sent:
            records = self._records(payment.order)
            if not any(each.get("payment_id") == payment.payment_id for each in records):
                subject = f"{payment.order}|{payment.payment_id}"
                if not told & {("payment_unmatched", subject), ("duplicate_payment", subject)}:
                    yield f"{payment} is in none of {records}, and no incident says so"
                if payment in self.committed:
                    yield f"{payment} was told 'committed', and is in none of {records}"

    def _records(self, name: str) -> list[Item]:
        """The record, and those of the same id that TTL has cleared away."""
        present = self._raw(name)
        return [*self.world.account.gone[f"RESERVATION#{name}"], *([present] if present else [])]

    def _watch(self, changes: list[Changed]) -> None:
        for before, after in changes:
            if before is None or after is None or after["sk"][:6] != "LEVEL#":
                continue
            if any(minute not in after["wheel"] for minute in before["wheel"]) and self.world.at_work_on("commit"):
                self.world.met("fold_beside_payment")

    def pay(self) -> Actor | None:
        world = self.world
        order = self.shopping.any_name()
        another = world.chance.random() < ANOTHER_PAYMENT
        payment = Payment(order, f"{order}-p{2 if another else 1}")
        self.sent.setdefault(payment, world.now)
        delay = world.chance.choice((0.0, 0.0, 0.0, 5.0, 1_300.0))
        self.queue.send(payment, now=world.now, delay_seconds=delay)
        world.steps += 1
        return None

    def tell_again(self) -> Actor | None:
        """The provider tells what it told before, perhaps days ago."""
        world = self.world
        if self.sent:
            payment = world.chance.choice(list(self.sent))
            if world.now - self.sent[payment] > DAYS_LATER_SECONDS:
                world.met("payment_told_days_later")
            self.queue.send(payment, now=world.now)
            world.steps += 1
        return None

    def deliver(self) -> Actor | None:
        world = self.world
        world.steps += 1
        if self.queue.dead and world.chance.random() < REDRIVE:
            self.queue.redrive(now=world.now)
        message = self.queue.receive(now=world.now)
        if message is None:
            return None
        handle, order = message.handle, message.body.order
        beside = world.at_work_on(f"commit {order} ")
        actor = world.enter("hold_stock", f"commit {order} ", lambda context: self._commit(context, message, handle))
        if beside and actor is not None:
            world.met("one_payment_told_at_once")
        return actor

    def _commit(self, context: Context, message: Message, handle: int) -> None:
        payment: Payment = message.body
        world, before, calm = self.world, self._raw(payment.order), self.world.calm
        in_time = self.shopping.in_time(before) and "payment_id" not in (before or {})
        try:
            answer = commit(context, payment.order, payment_id=payment.payment_id)
        except PaymentUnmatched as error:
            self.shopping.passing(error, payment.order)
            if calm and before is not None:
                world.blame(f"{payment} could not be written in calm: {error.detail}", payment.order)
            return  # it comes again
        except HoldfastError as error:
            self.shopping.passing(error, payment.order)
            return
        self._judge(payment, answer.outcome, first=answer.first, in_time=in_time)
        world.steps += 1
        self.queue.delete(message, handle)

    def _judge(self, payment: Payment, outcome: str | None, *, first: bool, in_time: bool) -> None:
        world, record = self.world, self.world.account.last_known(payment.order)
        if outcome not in OUTCOMES or record is None:
            world.blame(f"{payment} was answered {outcome}; the record is {record}", payment.order)
            return
        own = record.get("payment_id") == payment.payment_id
        if own == (outcome == "duplicate_payment"):
            world.blame(f"{payment} was answered {outcome}; the record has {record.get('payment_id')}", payment.order)
        if outcome == "committed":
            self.committed.add(payment)
        elif outcome == "refund_due" and first:
            why = [each["what"] for each in record["history"] if each["what"].startswith("refund due")]
            if why == ["refund due: paid too late, units gone"]:
                world.met("paid_after_resold")
                if in_time:
                    world.blame(f"{payment} came in time, and the units were gone", payment.order)
            elif in_time and why == ["refund due: paid after its release"]:
                world.met("paid_beside_release")

    def _raw(self, name: str) -> Item | None:
        return self.world.account.records.get(f"RESERVATION#{name}")


ANOTHER_PAYMENT = 0.1
REDRIVE = 0.1
