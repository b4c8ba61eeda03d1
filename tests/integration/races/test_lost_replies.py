"""The engine did as asked and the reply is lost: the SDK's own repeat, or the caller's, finds everything done once."""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from holdfast.domain.movement import Movement, Type
from holdfast.domain.policy import Mode
from holdfast.services.reservations.command_reservation import begin_payment, commit, refunded, release, ship
from holdfast.services.stock.move_stock import move_stock
from tests.support.engines import on_every_engine
from tests.support.lost_reply import LosesReplies
from tests.support.shop_floor import ShopFloor, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = on_every_engine

LIVES: dict[str, tuple[Mode, list[str]]] = {
    "held, begun, paid, shipped": (Mode.RESERVE, ["held", "held", "committed", "shipped"]),
    "held, paid, released, refunded": (Mode.RESERVE, ["held", "committed", "refund_due", "refunded"]),
    "ordered, paid, shipped": (Mode.ON_ORDER, ["committed", "committed", "shipped"]),
    "opened, paid, shipped": (Mode.ON_PAYMENT, ["open", "committed", "shipped"]),
    "held, released": (Mode.RESERVE, ["held", "released"]),
}
STEPS = {"begun": begin_payment, "released": release, "shipped": ship, "refunded": refunded}


@pytest.fixture
def shop(engine_client: Any) -> ShopFloor:
    return ShopFloor(engine_client)


@pytest.fixture
def losing(engine_client: Any) -> Iterator[Callable[[Callable[[int], bool]], LosesReplies]]:
    made: list[LosesReplies] = []

    def lose(loses: Callable[[int], bool]) -> LosesReplies:
        made.append(LosesReplies(engine_client, loses))
        return made[-1]

    yield lose
    for each in made:
        each.stop()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("life", LIVES)
def test_a_life_with_every_second_reply_lost_is_the_same_life(
    shop: ShopFloor,
    losing: Callable[[Callable[[int], bool]], LosesReplies],
    monkeypatch: pytest.MonkeyPatch,
    life: str,
    seed: int,
) -> None:
    """One lost reply is the SDK's to repeat; two in a row are the caller's."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    chance = random.Random(seed)  # noqa: S311  # which replies are lost is no secret
    mode, states = LIVES[life]
    kettle = shop.sell("kettle", 3, mode=mode)
    context, order = shop.context(), shop.order_id("order")
    steps: list[Callable[[], object]] = [lambda: shop.hold("order", {kettle: 1}, by=context)]
    for name in life.split(", ")[1:]:
        if name == "paid":
            steps.append(lambda: commit(context, order, payment_id="pay"))
        else:
            steps.append(partial(STEPS[name], context, order))
    lost = losing(lambda _number: chance.random() < 0.5)
    answers = [told(step) for step in steps]
    lost.stop()
    assert answers == states
    assert lost.lost > 0
    assert shop.faults() == []


def test_a_fold_whose_reply_is_lost_gives_back_once(
    shop: ShopFloor,
    losing: Callable[[Callable[[int], bool]], LosesReplies],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    kettle = shop.sell("kettle", 3)
    shop.hold("first", {kettle: 2})
    shop.clock.forward(minutes=25)
    lost = losing(lambda number: number % 2 == 0)
    assert told(lambda: shop.hold("next", {kettle: 3})) == "held"
    lost.stop()
    assert (shop.level(kettle).available, shop.level(kettle).reserved) == (0, 3)
    assert shop.faults() == []


def test_a_receipt_whose_reply_is_lost_arrives_once(
    shop: ShopFloor,
    losing: Callable[[Callable[[int], bool]], LosesReplies],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    kettle = shop.sell("kettle", 3)
    lost = losing(lambda number: number in {0, 2, 3})
    more = Movement(id="more", type=Type.RECEIVE, sku=kettle, location="main", quantity=4)
    told(lambda: move_stock(shop.context(), more))
    lost.stop()
    assert shop.level(kettle).on_hand == 7
