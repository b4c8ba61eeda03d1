"""A small shop, two calls at once, every order of their table calls: the result is always that of one after the other.

Two units at most, so that every conflict there can be is there: the same units, the same record, the same minute.
"""

import copy
import os
from collections.abc import Callable
from itertools import combinations_with_replacement

import pytest

from holdfast.domain.errors import HoldfastError
from holdfast.domain.movement import Type
from holdfast.domain.policy import Mode
from holdfast.services.context import Context
from holdfast.services.reservations.command_reservation import begin_payment, commit, release, ship
from holdfast.services.reservations.hold_units import hold_units
from holdfast.services.stock.move_stock import move_stock
from holdfast.services.upkeep.audit_levels import audit_skus
from holdfast.services.upkeep.sweep_expired import sweep_expired
from tests.support.interleave import SteppedTable, Turns, every_order, run
from tests.support.movements import a_movement
from tests.support.world import World, make_context

# Those with the fewest changes of turn come first; EVERY_ORDER=1 tries all there are (some ten minutes).
MOST_ORDERS = 1_000_000 if os.environ.get("EVERY_ORDER") else 16

Command = Callable[[Context, World], str]
Summary = tuple[str, ...]


def told(call: Callable[[], str]) -> str:
    try:
        return call()
    except HoldfastError as refusal:
        return refusal.code


def state_of(record_holder: object) -> str:
    return str(getattr(record_holder, "record").state.value)  # noqa: B009  # any service's answer


COMMANDS: dict[str, Command] = {
    "pay": lambda context, _: str(commit(context, "ours", payment_id="p1").outcome),
    "pay otherwise": lambda context, _: str(commit(context, "ours", payment_id="p2").outcome),
    "begin payment": lambda context, _: state_of(begin_payment(context, "ours")),
    "release": lambda context, _: state_of(release(context, "ours")),
    "ship": lambda context, _: state_of(ship(context, "ours")),
    "repeat": lambda context, world: state_of(hold_units(context, world.order("ours"))),
    "hold": lambda context, world: state_of(hold_units(context, world.order("new"))),
    "neighbour pays": lambda context, _: str(commit(context, "theirs", payment_id="p3").outcome),
    "sweep": lambda context, _: str(sweep_expired(context).left),
    "audit": lambda context, _: str(len(audit_skus(context, ["kettle"]).off)),
    "break one": lambda context, _: state_or_units(context),
}


def state_or_units(context: Context) -> str:
    return str(move_stock(context, a_movement("broken", Type.DAMAGE, 1)).recorded.unavailable)


def begun(minutes: float, *, units: int, theirs: bool = False, swept: bool = False, mode: Mode | None = None) -> World:
    """So many minutes after our buyer submitted, perhaps with a neighbour in the same minute."""
    world = World()
    world.sell("kettle", mode=mode, main=units)
    world.hold("ours")
    if theirs:
        world.hold("theirs")
    world.stream()
    world.clock.forward(minutes=minutes)
    if swept:
        world.sweep()
    return world


def resold() -> World:
    world = begun(21, units=1, swept=True)
    world.hold("theirs")
    world.stream()
    return world


STARTS: dict[str, Callable[[], World]] = {
    "held, the last unit": lambda: begun(5, units=1),
    "held beside a neighbour": lambda: begun(5, units=2, theirs=True),
    "ended, not folded": lambda: begun(21, units=1),
    "ended beside a neighbour, not folded": lambda: begun(21, units=2, theirs=True),
    "ended and folded, unit free": lambda: begun(21, units=1, swept=True),
    "ended and folded, unit resold": resold,
    "on payment, the last unit": lambda: begun(5, units=1, mode=Mode.ON_PAYMENT, theirs=True),
    "on order, unpaid": lambda: begun(5, units=1, mode=Mode.ON_ORDER),
    "on order, time to pay over": lambda: begun(1441, units=1, mode=Mode.ON_ORDER),
}


def summary(world: World, answers: list[str]) -> Summary:
    """What was answered, and what is, once all that is due was folded."""
    assert world.faults() == [], "a unit was lost or made"
    world.stream()
    sweep_expired(make_context(world.raw, clock=world.clock))
    assert world.faults() == []
    level = world.level()
    records = sorted(
        f"{key.pk} {item['state']} {item.get('paid')} {item.get('payment_id')} {item.get('payment_begun')}"
        for key, item in world.raw.items.items()
        if key.sk == "RESERVATION"
    )
    return (*answers, f"{level.available} {level.reserved} {level.committed} {level.on_hand}", *records)


def played(start: Callable[[], World], pair: tuple[str, str], turns: Turns) -> tuple[Turns, Summary]:
    world = start()
    table = SteppedTable(world.raw)
    answers = ["", ""]

    def act(number: int) -> Callable[[], None]:
        context = make_context(table, clock=world.clock)

        def acting() -> None:
            answers[number] = told(lambda: COMMANDS[pair[number]](context, world))

        return acting

    taken = run(table, [act(0), act(1)], turns)
    return taken, summary(world, answers)


def one_after_the_other(start: Callable[[], World], pair: tuple[str, str]) -> set[Summary]:
    results: set[Summary] = set()
    for order in ((0, 1), (1, 0)):
        world, answers = start(), ["", ""]
        for number in order:
            context = make_context(world.raw, clock=world.clock)
            answers[number] = told(lambda: COMMANDS[pair[number]](context, world))  # noqa: B023  # called at once
        results.add(summary(world, answers))
    return results


def begin_again(world: World) -> Callable[[], World]:
    """The same start as often as it is asked for, made once."""
    items, now = copy.deepcopy(world.raw.items), world.clock.now

    def again() -> World:
        another = World()
        another.clock.now = now
        another.raw.items = copy.deepcopy(items)
        return another

    return again


@pytest.mark.parametrize("start", STARTS)
def test_two_calls_at_once_end_as_one_after_the_other(start: str) -> None:
    wrong: list[str] = []
    orders = 0
    make = begin_again(STARTS[start]())
    for pair in combinations_with_replacement(COMMANDS, 2):
        allowed = one_after_the_other(make, pair)
        results: dict[Summary, Turns] = {}

        def attempt(turns: Turns) -> Turns:
            taken, result = played(make, pair, turns)  # noqa: B023  # called at once
            results.setdefault(result, taken)  # noqa: B023
            return taken

        orders += sum(1 for _ in every_order(attempt, most=MOST_ORDERS))
        wrong += [
            f"{pair} in the order {turns}: {result}, not one of {sorted(allowed)}"
            for result, turns in results.items()
            if result not in allowed
        ]
    assert wrong == [], f"{len(wrong)} of {orders} orders"
