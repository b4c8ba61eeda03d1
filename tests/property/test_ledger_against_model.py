"""Any history of buyers, payments, stock and time: the ledger says what the plain model says, after every step."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from holdfast.domain.errors import (
    Conflict,
    HoldfastError,
    IdReused,
    InsufficientStock,
    MovementRefused,
    NotInThisState,
    Unavailable,
)
from holdfast.domain.movement import Type
from holdfast.domain.policy import Mode, Policy
from holdfast.services.reservations.command_reservation import begin_payment, refunded, release, ship
from tests.property.plain_model import At, Buyer, PlainModel
from tests.support.faults import any_write, lose_reply, refuse
from tests.support.world import World

LOCATIONS = ("main", "annex")
MODES = {"kettle": "reserve", "cup": "reserve", "tea": "on_order", "ticket": "on_payment"}
PLACES = [(sku, location) for sku in MODES for location in LOCATIONS]
STRICTNESS = ("reserve", "on_order", "on_payment")
REFUSALS: dict[str, dict[str, str]] = {
    "begin_payment": {
        "shipped": "already_shipped",
        "released": "already_released",
        "refund_due": "refund_is_due",
        "refunded": "already_refunded",
    },
    "release": {"shipped": "already_shipped"},
    "ship": {
        "open": "not_committed",
        "held": "not_committed",
        "released": "already_released",
        "refund_due": "refund_is_due",
        "refunded": "already_refunded",
    },
    "refunded": dict.fromkeys(("open", "held", "committed", "shipped", "released"), "no_refund_due"),
}

ids = st.sampled_from([f"order {each}" for each in range(8)])
units = st.integers(min_value=1, max_value=4)
baskets = st.dictionaries(st.sampled_from(sorted(MODES)), units, min_size=1, max_size=2)
places = st.sampled_from(PLACES)
picks = st.integers(min_value=0, max_value=5)
faults = st.sampled_from([None, None, None, ("before", 0), ("after", 0), ("before", 1), ("after", 1)])
Fault = tuple[str, int] | None


def has_buyers(machine: "LedgerAgainstModel") -> bool:
    return bool(machine.model.buyers)


class LedgerAgainstModel(RuleBasedStateMachine):
    @initialize(stock=st.fixed_dictionaries({at: st.integers(min_value=0, max_value=5) for at in PLACES}))
    def open_shop(self, stock: dict[At, int]) -> None:
        self.world = World(policy=Policy(locations=LOCATIONS))
        self.model = PlainModel(now=self.world.clock.now.timestamp())
        self.movements = 0
        for sku, mode in MODES.items():
            self.world.sell(sku, mode=Mode(mode))
        for at, quantity in stock.items():
            self.count(at, quantity, None)

    def try_until_known(self, fault: Fault, call: Callable[[], Any]) -> Any:
        """The answer of the call, or its refusal as a value; repeated as a client would if a fault hid it."""
        if fault is not None:
            when, skip = fault
            hook = self.world.table.after if when == "after" else self.world.table.before
            hook(any_write, lose_reply if when == "after" else refuse, skip=skip)
        try:
            for _ in range(3):
                try:
                    return call()
                except (Unavailable, Conflict):
                    continue
                except HoldfastError as refusal:
                    return refusal
            raise AssertionError("one fault hid the answer three times")
        finally:
            self.world.table.forget()
            self.notice_folds()

    def notice_folds(self) -> None:
        for at in PLACES:
            wheel = self.world.level(*at).wheel
            ends = {each.ends for each in self.model.buyers.values() if at in each.in_hold}
            for gone in ends - set(wheel):
                self.model.was_folded(at, gone)

    @rule(seconds=st.sampled_from([1, 20, 61, 300, 1260, 1860, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.forward(seconds=seconds)
        self.model.now += seconds

    @rule(name=ids, basket=baskets, fault=faults)
    def submit(self, name: str, basket: dict[str, int], fault: Fault) -> None:
        model, known = self.model, self.model.buyers.get(name)
        self.time_passes(2)  # a remembered shortage is older than a second: the level is looked at
        serving = {sku: model.serving(sku, wanted, LOCATIONS) for sku, wanted in basket.items()}
        answer = self.try_until_known(fault, lambda: self.world.hold(name, basket=basket))
        if known is not None:
            if known.body != basket:
                assert isinstance(answer, IdReused)
            else:
                assert answer.record.state.value == known.state
            return
        if None in serving.values():
            assert isinstance(answer, InsufficientStock)
            short = {sku for sku, at in serving.items() if at is None}
            assert {each.sku for each in answer.shortages} <= short, "a line nobody looked at may go unnamed"
            return
        lines = {at: basket[sku] for sku, at in serving.items() if at is not None}
        record = answer.record
        assert {(line.sku, line.location): line.quantity for line in record.lines} == lines
        mode = min((MODES[sku] for sku in basket), key=STRICTNESS.index)
        state = {"reserve": "held", "on_order": "committed", "on_payment": "open"}[mode]
        assert (record.mode.value, record.state.value) == (mode, state)
        buyer = Buyer(mode=mode, body=basket, lines=lines, state=state)
        if mode == "reserve":
            assert model.now + 1200 <= record.minute < model.now + 1260
            buyer.ends, buyer.in_hold = float(record.minute), set(lines)
        if mode == "on_order":
            buyer.pay_by = model.now + 86_400
        model.buyers[name] = buyer

    def pick(self, number: int) -> tuple[str, Buyer]:
        names = sorted(self.model.buyers)
        name = names[number % len(names)]
        return name, self.model.buyers[name]

    @precondition(has_buyers)
    @rule(pick=picks, fault=faults)
    def pay(self, pick: int, fault: Fault) -> None:
        name, buyer = self.pick(pick)
        expected = self.model.pay(buyer)
        answer = self.try_until_known(fault, lambda: self.world.pay(name))
        assert answer.outcome == expected
        self.model.paid(buyer, expected)

    @precondition(has_buyers)
    @rule(pick=picks, fault=faults)
    def begin_payment(self, pick: int, fault: Fault) -> None:
        model, (name, buyer) = self.model, self.pick(pick)
        refusal = REFUSALS["begin_payment"].get(buyer.state)
        if buyer.state == "committed" and buyer.paid:
            refusal = "already_paid"
        missing = buyer.state == "held" and model.missing(buyer)
        lasting = buyer.payment_begun and buyer.ends > model.now
        answer = self.try_until_known(fault, lambda: begin_payment(self.world.context, name))
        if refusal is not None:
            assert isinstance(answer, NotInThisState)
            assert answer.code == refusal
        elif missing and not lasting:
            assert isinstance(answer, InsufficientStock)
        elif buyer.state == "held":
            record = answer.record
            assert record.state.value == "held"
            assert record.payment_begun
            assert record.minute >= max(buyer.ends, 0 if lasting else model.now + 1800)
            buyer.ends, buyer.in_hold, buyer.payment_begun = float(record.minute), set(buyer.lines), True

    @precondition(has_buyers)
    @rule(pick=picks, command=st.sampled_from([release, ship, ship, refunded]), fault=faults)
    def other_command(self, pick: int, command: Callable[..., Any], fault: Fault) -> None:
        name, buyer = self.pick(pick)
        refusal = REFUSALS[command.__name__].get(buyer.state)
        answer = self.try_until_known(fault, lambda: command(self.world.context, name))
        if refusal is not None:
            assert isinstance(answer, NotInThisState)
            assert answer.code == refusal
            return
        if command is ship and buyer.state == "committed":
            for at, quantity in buyer.lines.items():
                self.model.on_hand[at] -= quantity
            self.model.ended(buyer, "shipped")
        elif command is release and buyer.state in {"open", "held", "committed"}:
            self.model.ended(buyer, "refund_due" if buyer.paid else "released")
        elif command is refunded:
            self.model.ended(buyer, "refunded")
        assert answer.record.state.value == buyer.state

    def move(self, fault: Fault, kind: Type, at: At, quantity: int, **more: Any) -> Any:
        self.movements += 1
        name = f"movement {self.movements}"
        return self.try_until_known(fault, lambda: self.world.move(name, at[0], kind, quantity, location=at[1], **more))

    @rule(at=places, quantity=units, kind=st.sampled_from(sorted(Type)), fault=faults)
    def stock_moves(self, at: At, quantity: int, kind: Type, fault: Fault) -> None:
        match kind:
            case Type.RECEIVE | Type.ANNOUNCE | Type.CHECKPOINT:
                self.receive(at, quantity, fault)
            case Type.COUNT:
                self.count(at, quantity - 1, fault)
            case Type.SHIP_OUT | Type.DAMAGE:
                self.lose(at, quantity, kind, fault)
            case Type.RESTORE:
                self.restore(at, quantity, fault)
            case Type.TRANSFER:
                self.transfer(at, quantity, fault)

    def receive(self, at: At, quantity: int, fault: Fault) -> None:
        assert not isinstance(self.move(fault, Type.RECEIVE, at, quantity), HoldfastError)
        self.model.on_hand[at] += quantity

    def count(self, at: At, quantity: int, fault: Fault) -> None:
        assert not isinstance(self.move(fault, Type.COUNT, at, quantity), HoldfastError)
        self.model.on_hand[at] = quantity

    def lose(self, at: At, quantity: int, kind: Type, fault: Fault) -> None:
        answer = self.move(fault, kind, at, quantity)
        if self.model.on_hand[at] < quantity:
            assert isinstance(answer, MovementRefused)
        elif kind is Type.SHIP_OUT:
            self.model.on_hand[at] -= quantity
        else:
            self.model.damaged[at] += quantity

    def restore(self, at: At, quantity: int, fault: Fault) -> None:
        answer = self.move(fault, Type.RESTORE, at, quantity)
        if self.model.damaged[at] < quantity:
            assert isinstance(answer, MovementRefused)
        else:
            self.model.damaged[at] -= quantity

    def transfer(self, at: At, quantity: int, fault: Fault) -> None:
        there = next(place for place in LOCATIONS if place != at[1])
        enough = self.model.sellable(at) >= quantity
        answer = self.move(fault, Type.TRANSFER, at, quantity, to_location=there)
        assert isinstance(answer, InsufficientStock) != enough
        if enough:
            self.model.on_hand[at] -= quantity
            self.model.on_hand[at[0], there] += quantity

    @rule()
    def stream_arrives(self) -> None:
        self.world.stream()

    @rule(fault=faults)
    def sweep(self, fault: Fault) -> None:
        self.try_until_known(fault, self.world.sweep)
        self.notice_released()

    @rule()
    def everything_settles(self) -> None:
        """With the stream told and the sweeper run, nothing that is due is left."""
        self.world.stream()
        self.try_until_known(None, self.world.sweep)
        self.notice_released()
        for buyer in self.model.buyers.values():
            assert not buyer.in_hold or buyer.ends + 30 > self.model.now
            assert buyer.pay_by is None or buyer.pay_by + 30 > self.model.now

    @rule()
    def audit(self) -> None:
        audited = self.world.audit(*MODES)
        self.notice_folds()
        self.notice_released()
        assert audited.off == []

    def notice_released(self) -> None:
        for name, buyer in self.model.buyers.items():
            if buyer.pay_by is not None and self.world.record(name).state.value == "released":
                assert buyer.pay_by <= self.model.now
                self.model.ended(buyer, "released")

    @precondition(lambda self: hasattr(self, "world"))
    @invariant()
    def ledger_and_model_agree(self) -> None:
        for at in PLACES:
            level, model = self.world.level(*at), self.model
            told = (level.on_hand, level.available, level.reserved, level.committed, level.unavailable)
            believed = (
                model.on_hand[at],
                model.available(at),
                model.held(at),
                model.committed(at),
                model.damaged[at],
            )
            assert told == believed, at
        for name, buyer in self.model.buyers.items():
            assert self.world.record(name).state.value == buyer.state

    @precondition(lambda self: hasattr(self, "world"))
    @invariant()
    def every_unit_is_accounted_for(self) -> None:
        assert self.world.faults() == []


TestLedgerAgainstModel = LedgerAgainstModel.TestCase
TestLedgerAgainstModel.settings = settings(
    max_examples=100, stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
