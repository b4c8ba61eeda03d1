"""A shop to test in: a table, a clock that moves by hand, and people who act on it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from holdfast.domain.level import Level, Place
from holdfast.domain.movement import Movement, Type
from holdfast.domain.policy import Mode, Policy, Sku
from holdfast.domain.reservation import Reservation, Wanted
from holdfast.services.context import Context
from holdfast.services.reservations.answers import ReservationAnswer
from holdfast.services.reservations.command_reservation import commit
from holdfast.services.reservations.hold_units import Order, hold_units
from holdfast.services.stock.look_up import put_sku
from holdfast.services.stock.move_stock import MovementAnswer, move_stock
from holdfast.services.upkeep.audit_levels import Audited, audit_skus
from holdfast.services.upkeep.follow_levels import Change, follow_levels
from holdfast.services.upkeep.sweep_expired import Swept, sweep_expired
from holdfast.store.ledger import Ledger
from holdfast.store.table import Table

from .fake_table import FakeTable
from .faults import WatchedTable
from .oracle import faults_of

# On a boundary of every granularity of the wheel up to 12 hours, so that examples are easy to follow.
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
POLICY = Policy()


@dataclass(slots=True)
class Clock:
    """Stands still unless moved."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def forward(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        self.now += timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days)


def make_context(
    table: Table,
    *,
    clock: Clock,
    policy: Policy = POLICY,
    counted: Counter[str] | None = None,
    behind: timedelta = timedelta(0),
) -> Context:
    """One process at work on the table: its own memory, and a clock that may be `behind` the world's."""
    tally: Counter[str] = Counter() if counted is None else counted

    def count(metric: str, units: int) -> None:
        tally[metric] += units

    return Context(
        ledger=Ledger(table, keep_ended_seconds=policy.keep_ended_seconds),
        policy=policy,
        clock=lambda: clock() - behind,
        wait=lambda _attempt: None,
        count=count,
    )


def lines_of(order: Mapping[str, int] | None, sku: str, quantity: int) -> tuple[Wanted, ...]:
    return tuple(Wanted(name, units) for name, units in (order or {sku: quantity}).items())


@dataclass(slots=True)
class World:
    """`raw` is the table itself, `table` the one that can be made to misbehave; `context` the process under test."""

    policy: Policy = POLICY
    clock: Clock = field(default_factory=Clock)
    raw: FakeTable = field(default_factory=FakeTable)
    counted: Counter[str] = field(default_factory=Counter)
    table: WatchedTable = field(init=False)
    context: Context = field(init=False)
    _streamed: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.table = WatchedTable(self.raw)
        self.context = make_context(self.table, clock=self.clock, policy=self.policy, counted=self.counted)

    def another_process(self, *, behind: timedelta = timedelta(0)) -> Context:
        """Same table and misbehaviour, a memory of its own, perhaps another clock."""
        return make_context(self.table, clock=self.clock, policy=self.policy, counted=self.counted, behind=behind)

    def sell(self, sku: str, *, mode: Mode | None = None, max_quantity: int | None = None, **stock: int) -> None:
        """Create the SKU, with units at each location named (`main=10`)."""
        put_sku(self.context, Sku(sku=sku, name=sku, mode=mode, max_quantity=max_quantity))
        for location, units in stock.items():
            self.move(f"first-{location}", sku, Type.RECEIVE, units, location=location)

    def move(self, movement_id: str, sku: str, kind: Type, quantity: int, **more: object) -> MovementAnswer:
        location = str(more.pop("location", "main"))
        movement = Movement(id=movement_id, type=kind, sku=sku, location=location, quantity=quantity)
        return move_stock(self.context, replace(movement, **more))  # type: ignore[arg-type]  # fields of a movement

    def order(self, reservation_id: str, sku: str = "kettle", quantity: int = 1, **more: object) -> Order:
        """`basket={"kettle": 2}` for several lines."""
        lines = lines_of(more.pop("basket", None), sku, quantity)  # type: ignore[arg-type]  # a mapping, if given
        order = Order(id=reservation_id, buyer_id="lan", lines=lines)
        return replace(order, **more)  # type: ignore[arg-type]  # fields of an order

    def hold(
        self,
        reservation_id: str,
        sku: str = "kettle",
        quantity: int = 1,
        *,
        by: Context | None = None,
        **more: object,
    ) -> ReservationAnswer:
        return hold_units(by or self.context, self.order(reservation_id, sku, quantity, **more))

    def pay(self, reservation_id: str, *, payment_id: str = "pay-1", by: Context | None = None) -> ReservationAnswer:
        return commit(by or self.context, reservation_id, payment_id=payment_id)

    def level(self, sku: str = "kettle", location: str = "main") -> Level:
        found = Ledger(self.raw, keep_ended_seconds=1).levels.get(Place(sku, location))
        return found or Level(place=Place(sku, location))

    def record(self, reservation_id: str) -> Reservation:
        found = Ledger(self.raw, keep_ended_seconds=1).reservations.get(reservation_id)
        if found is None:
            raise LookupError(reservation_id)
        return found

    def stream(self) -> int:
        """Let the stream's consumer see what has changed since it last looked; answers how many rows it wrote."""
        news, self._streamed = self.raw.changes[self._streamed :], len(self.raw.changes)
        return follow_levels(self.context, [Change(before, after) for before, after in news])

    def sweep(self) -> Swept:
        return sweep_expired(self.context)

    def audit(self, *skus: str) -> Audited:
        return audit_skus(self.context, skus or ("kettle",))

    def faults(self) -> list[str]:
        return faults_of(self.raw.items.values())
