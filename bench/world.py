"""A table on the local engine and the services over it, with a clock that stands still until it is told to move."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.session import Session

from bench.meter import Cost, Meter
from holdfast.domain.movement import Movement, Type
from holdfast.domain.policy import Mode, Policy, Sku
from holdfast.domain.reservation import Wanted
from holdfast.services.context import Context
from holdfast.services.reservations.hold_units import Order, hold_units
from holdfast.services.stock.look_up import put_sku
from holdfast.services.stock.move_stock import move_stock
from holdfast.store.dynamodb import SDK_CONFIG, DynamoTable
from holdfast.store.ledger import Ledger
from local import table

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.engine import Engine

MORNING = datetime(2026, 1, 5, 9, 0, 1, tzinfo=UTC)
PLENTY = 1_000_000


@dataclass
class Clock:
    """Aware UTC. It only moves when told to."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        return self.now

    def wait(self, *, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def wall_clock() -> datetime:
    return datetime.now(UTC)


@dataclass
class World:
    """The services as one process runs them, and a meter on its client."""

    context: Context
    meter: Meter
    clock: Clock
    table: DynamoTable
    table_name: str
    client: Any
    _ids: list[int] = field(default_factory=lambda: [0])

    def new_id(self) -> str:
        """As long as the ids that shops send: a UUID has 36 characters, and items are billed by their bytes."""
        self._ids[0] += 1
        return f"7c9e6679-7425-40de-944b-{self._ids[0]:012d}"

    def stock(
        self, sku: str, units: int = PLENTY, *, mode: Mode | None = None, limits: dict[str, int] | None = None
    ) -> None:
        """`limits` of its own make a SKU one whose buyers have a hold budget."""
        put_sku(self.context, Sku(sku=sku, name=sku, mode=mode, own_limits=limits or {}))
        if units:
            move_stock(
                self.context,
                Movement(id=self.new_id(), type=Type.RECEIVE, sku=sku, location="main", quantity=units),
            )

    def order(
        self, *skus: str, quantity: int = 1, reservation_id: str | None = None, buyer_id: str = "buyer-4711"
    ) -> Order:
        lines = tuple(Wanted(sku, quantity) for sku in skus)
        return Order(id=reservation_id or self.new_id(), buyer_id=buyer_id, lines=lines)

    def hold(self, *skus: str, quantity: int = 1) -> str:
        """Answers the id."""
        order = self.order(*skus, quantity=quantity)
        hold_units(self.context, order)
        return order.id

    def cost_of(self, work: Callable[[], object]) -> Cost:
        return self.meter.cost_of(work)


def client_of(engine: Engine) -> Any:
    """A client with the time-outs and attempts that the functions use."""
    session = Session()
    session.set_credentials("test", "test")
    return session.create_client(
        "dynamodb", endpoint_url=engine.endpoint_url, region_name="us-east-1", config=SDK_CONFIG
    )


def open_world(engine: Engine, *, name: str, clock: Clock | None = None, stream: bool = False) -> World:
    """A table of its own, with the keys and the index of the template. Without a clock time is real."""
    client = client_of(engine)
    table.create(client, name, stream=stream)
    meter = Meter(client)
    policy = Policy()
    stored = DynamoTable(client, name)
    still = clock or Clock()
    context = Context(
        ledger=Ledger(stored, keep_ended_seconds=policy.keep_ended_seconds),
        policy=policy,
        clock=still if clock else wall_clock,
        wait=lambda _: time.sleep(0.001),
        count=lambda _metric, _n: None,
    )
    return World(context=context, meter=meter, clock=still, table=stored, table_name=name, client=client)
