"""A shop on a real engine: SKUs of its own for each test, many buyers at once, and the exact account at the end."""

import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from holdfast.domain.errors import Conflict, HoldfastError, Unavailable
from holdfast.domain.level import Level, Place
from holdfast.domain.movement import Movement, Type
from holdfast.domain.policy import Mode, Policy, Sku
from holdfast.domain.reservation import Wanted
from holdfast.services.context import Context
from holdfast.services.reservations.answers import ReservationAnswer
from holdfast.services.reservations.hold_units import Order, hold_units
from holdfast.services.stock.look_up import put_sku
from holdfast.services.stock.move_stock import move_stock
from holdfast.store.dynamodb import DynamoTable
from holdfast.store.keys import level, movement, reservation

from .oracle import faults_of
from .world import POLICY, Clock, make_context

AT_ONCE = 12
TRIES = 40


@dataclass
class ShopFloor:
    """`clock` is everybody's. Names are made unique, so that tests can share one table."""

    client: Any
    policy: Policy = POLICY
    clock: Clock = field(default_factory=Clock)
    counted: Counter[str] = field(default_factory=Counter)
    _mark: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    _stock: dict[str, list[str]] = field(default_factory=dict)
    _orders: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def context(self) -> Context:
        """A process of its own: its memory is its own, the connection is shared."""
        return make_context(self.table(), clock=self.clock, policy=self.policy, counted=self.counted)

    def table(self) -> DynamoTable:
        return DynamoTable(self.client, "holdfast")

    def sell(self, name: str, units: int, *, mode: Mode | None = None) -> str:
        sku = f"{name} {self._mark}"
        context = self.context()
        put_sku(context, Sku(sku=sku, name=name, mode=mode))
        move_stock(context, Movement(id="first", type=Type.RECEIVE, sku=sku, location="main", quantity=units))
        self._stock[sku] = ["first"]
        return sku

    def order_id(self, name: object) -> str:
        order = f"{name}-{self._mark}"
        with self._lock:
            self._orders.add(order)
        return order

    def hold(self, name: object, basket: dict[str, int], *, by: Context | None = None) -> ReservationAnswer:
        lines = tuple(Wanted(sku, units) for sku, units in basket.items())
        return hold_units(by or self.context(), Order(id=self.order_id(name), buyer_id=self.buyer, lines=lines))

    @property
    def buyer(self) -> str:
        """The one buyer of this shop. Budgets of tests that share a table are each other's strangers."""
        return f"lan-{self._mark}"

    def level(self, sku: str) -> Level:
        found = self.context().ledger.levels.get(Place(sku, "main"))
        return found or Level(place=Place(sku, "main"))

    def faults(self) -> list[str]:
        """What does not add up, by the oracle."""
        keys = [level(Place(sku, "main")) for sku in self._stock]
        keys += [movement(sku, each) for sku, names in self._stock.items() for each in names]
        keys += [reservation(order) for order in self._orders]
        return faults_of(self.table().get_many(keys))


def told(call: Callable[[], object]) -> str:
    """The answer in a word: an outcome, a state, or a refusal's code. Asks again while it could not be found out."""
    for _ in range(TRIES):
        try:
            answer = call()
        except (Conflict, Unavailable):
            continue
        except HoldfastError as refusal:
            return refusal.code
        if isinstance(answer, ReservationAnswer):
            return answer.outcome or answer.record.state.value
        return str(answer)
    return "never answered"


def all_at_once(calls: Iterable[Callable[[], object]]) -> list[str]:
    """Everybody at once, as far as threads go; the answers in the order of the calls."""
    with ThreadPoolExecutor(max_workers=AT_ONCE) as crowd:
        return list(crowd.map(told, calls))
