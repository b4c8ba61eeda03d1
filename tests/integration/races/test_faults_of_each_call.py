"""Each fault at each call of each command, on a real engine: asked again, the command has happened exactly once.

Local engines produce no conflicts, no throttles and no lost replies: they are put between botocore and the network.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ReadTimeoutError

from holdfast.domain.movement import Movement, Type
from holdfast.domain.policy import Mode, Sku
from holdfast.services.reservations.command_reservation import begin_payment, commit, refunded, release, ship
from holdfast.services.stock.fold_level import fold_level
from holdfast.services.stock.look_up import put_sku
from holdfast.services.stock.move_stock import move_stock
from holdfast.store.dynamodb import BUSY_TRIES
from tests.support.dynamodb_answers import cancelled, error
from tests.support.engines import on_every_engine
from tests.support.shop_floor import ShopFloor, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [on_every_engine, pytest.mark.timeout(240)]

WRITES = {"UpdateItem", "PutItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"}


def _lost(request: Any, send: Callable[[Any], Any]) -> Any:
    send(request)
    raise ReadTimeoutError(endpoint_url=request.url)


def _timed_out(request: Any, _send: Callable[[Any], Any]) -> Any:
    raise ReadTimeoutError(endpoint_url=request.url)


def _server_error(_request: Any, _send: Callable[[Any], Any]) -> Any:
    return error("InternalServerError", 500)


def _throttled(request: Any, _send: Callable[[Any], Any]) -> Any:
    """Inside a transaction a throttle is a reason, which the SDK does not repeat."""
    if _operation(request) == "TransactWriteItems":
        return cancelled(*["ThrottlingError"] * _actions(request))
    return error("ProvisionedThroughputExceededException")


def _conflict(request: Any, send: Callable[[Any], Any]) -> Any:
    operation = _operation(request)
    if operation == "TransactWriteItems":
        return cancelled("TransactionConflict", *["None"] * (_actions(request) - 1))
    if operation in WRITES - {"BatchWriteItem"}:
        return error("TransactionConflictException")
    return send(request)


FAULTS: dict[str, Callable[[Any, Callable[[Any], Any]], Any]] = {
    "reply lost": _lost,
    "timed out": _timed_out,
    "server error": _server_error,
    "throttled": _throttled,
    "conflict": _conflict,
}


def _operation(request: Any) -> str:
    target = request.headers["X-Amz-Target"]
    return str(target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]


def _actions(request: Any) -> int:
    return len(json.loads(request.body)["TransactItems"])


@dataclass
class Between:
    """Stands between botocore and the network. `operations` names the calls that went by, in order.

    `fault` befalls the calls numbered from `first`, `times` in a row.
    """

    client: Any
    operations: list[str] = field(default_factory=list)
    fault: Callable[[Any, Callable[[Any], Any]], Any] | None = None
    first: int = 0
    times: int = 0
    injected: int = 0

    def __post_init__(self) -> None:
        self._session = self.client._endpoint.http_session
        self._send = self._session.send
        self._session.send = self._between

    def _between(self, request: Any) -> Any:
        number = len(self.operations)
        self.operations.append(_operation(request))
        if self.fault is not None and self.first <= number < self.first + self.times:
            self.injected += 1
            return self.fault(request, self._send)
        return self._send(request)

    def aim(self, fault: Callable[[Any, Callable[[Any], Any]], Any] | None, *, first: int = 0, times: int = 0) -> None:
        self.operations.clear()
        self.fault, self.first, self.times, self.injected = fault, first, times, 0

    def stop(self) -> None:
        self._session.send = self._send


@pytest.fixture
def between(engine_client: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Between]:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    made = Between(engine_client)
    yield made
    made.stop()


def _movement(kind: Type, sku: str, quantity: int, **more: Any) -> Movement:
    return Movement(id=f"one {kind}", type=kind, sku=sku, location="main", quantity=quantity, **more)


def _held(shop: ShopFloor, kettle: str) -> str:
    shop.hold("order", {kettle: 2})
    return shop.order_id("order")


def _paid(shop: ShopFloor, kettle: str) -> str:
    order = _held(shop, kettle)
    commit(shop.context(), order, payment_id="pay")
    return order


def _refund_due(shop: ShopFloor, kettle: str) -> str:
    order = _paid(shop, kettle)
    release(shop.context(), order)
    return order


def _ended(shop: ShopFloor, kettle: str) -> str:
    order = _held(shop, kettle)
    shop.clock.forward(minutes=25)
    return order


def _nothing(shop: ShopFloor, _kettle: str) -> str:
    return shop.order_id("order")


def _fold(shop: ShopFloor, kettle: str) -> str:
    fold_level(shop.context(), shop.level(kettle), now=shop.clock.now)
    return "folded"


def _move(kind: Type, quantity: int) -> Callable[[ShopFloor, str, str], object]:
    def act(shop: ShopFloor, kettle: str, _order: str) -> object:
        shop._stock[kettle] = [*dict.fromkeys([*shop._stock[kettle], f"one {kind}"])]
        return move_stock(shop.context(), _movement(kind, kettle, quantity)).recorded.on_hand

    return act


# Command → what was before, what is done, and (free, held, committed, on hand) afterwards, of five units.
COMMANDS: dict[str, tuple[Any, Callable[[ShopFloor, str, str], object], tuple[int, int, int, int]]] = {
    "hold": (_nothing, lambda shop, kettle, _: shop.hold("order", {kettle: 2}), (3, 2, 0, 5)),
    "hold what needs a fold": (_ended, lambda shop, kettle, _: shop.hold("next", {kettle: 5}), (0, 5, 0, 5)),
    "begin payment": (_held, lambda shop, _, order: begin_payment(shop.context(), order), (3, 2, 0, 5)),
    "begin payment late": (_ended, lambda shop, _, order: begin_payment(shop.context(), order), (3, 2, 0, 5)),
    "commit": (_held, lambda shop, _, order: commit(shop.context(), order, payment_id="pay"), (3, 0, 2, 5)),
    "commit late": (_ended, lambda shop, _, order: commit(shop.context(), order, payment_id="pay"), (3, 0, 2, 5)),
    "release": (_held, lambda shop, _, order: release(shop.context(), order), (5, 0, 0, 5)),
    "release paid": (_paid, lambda shop, _, order: release(shop.context(), order), (5, 0, 0, 5)),
    "ship": (_paid, lambda shop, _, order: ship(shop.context(), order), (3, 0, 0, 3)),
    "refunded": (_refund_due, lambda shop, _, order: refunded(shop.context(), order), (5, 0, 0, 5)),
    "fold": (_ended, lambda shop, kettle, _: _fold(shop, kettle), (5, 0, 0, 5)),
    "receive": (_nothing, _move(Type.RECEIVE, 3), (8, 0, 0, 8)),
    "ship out": (_nothing, _move(Type.SHIP_OUT, 2), (3, 0, 0, 3)),
    "count": (_nothing, _move(Type.COUNT, 4), (4, 0, 0, 4)),
    "damage": (_nothing, _move(Type.DAMAGE, 1), (4, 0, 0, 5)),
    "settings": (
        _nothing,
        lambda shop, kettle, _: put_sku(shop.context(), Sku(sku=kettle, name="A kettle", mode=Mode.ON_ORDER)).mode,
        (5, 0, 0, 5),
    ),
}


@dataclass(frozen=True)
class Ran:
    """A command on a shop of its own: its answer, the faults it met, its calls, and what is wrong afterwards."""

    answer: str
    injected: int
    calls: list[str]
    wrong: list[str]


def _run(
    client: Any, between: Between, command: str, fault: str | None = None, *, first: int = 0, times: int = 0
) -> Ran:
    before, act, figures = COMMANDS[command]
    shop = ShopFloor(client)
    between.aim(None)
    kettle = shop.sell("kettle", 5)
    order = before(shop, kettle)
    between.aim(FAULTS[fault] if fault else None, first=first, times=times)
    answer = told(partial(act, shop, kettle, order))
    injected, calls = between.injected, list(between.operations)
    between.aim(None)
    level, wrong = shop.level(kettle), shop.faults()
    found = (level.available, level.reserved, level.committed, level.on_hand)
    return Ran(answer, injected, calls, wrong if found == figures else [*wrong, f"{found}, not {figures}"])


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_fault_at_any_call_changes_nothing_in_the_end(
    engine_client: Any, between: Between, command: str, fault: str
) -> None:
    plain = _run(engine_client, between, command)
    assert plain.wrong == [], "without any fault it is right"
    met = 0
    for number in range(len(plain.calls)):
        # Once, and the SDK or we repeat it in place; so often that only the caller is left to ask again.
        for times in (1, BUSY_TRIES + 1):
            ran = _run(engine_client, between, command, fault, first=number, times=times)
            assert (ran.answer, ran.wrong) == (plain.answer, []), f"{times} times from call {number} of {plain.calls}"
            met += ran.injected
    assert met >= len(plain.calls)
