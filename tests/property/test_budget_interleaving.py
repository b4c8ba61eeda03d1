"""One buyer, two calls at once, every order of their table calls: never over budget, and as one after the other."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from itertools import combinations_with_replacement

import pytest

from holdfast.domain.budget import Kept, Limits
from holdfast.domain.errors import HoldfastError
from holdfast.domain.policy import BudgetPolicy, Policy
from holdfast.domain.reservation import Wanted
from holdfast.services.context import Context
from holdfast.services.reservations.command_reservation import begin_payment, change, commit, release
from holdfast.services.reservations.hold_units import hold_units
from holdfast.services.reservations.look_at_buyer import allow_buyer
from holdfast.services.upkeep.sweep_expired import sweep_expired
from tests.support.interleave import SteppedTable, Turns, every_order, run
from tests.support.world import World, make_context

# Those with the fewest changes of turn come first; EVERY_ORDER=1 tries all there are.
MOST_ORDERS = 1_000_000 if os.environ.get("EVERY_ORDER") else 16
LIMITS = Limits(open_holds=1, units=4, pause_seconds=300)
POLICY = Policy(budget=BudgetPolicy(kept=Kept.ALL, of_buyer=Limits(), of_sku=LIMITS, rules=()))

Command = Callable[[Context, World], str]
Summary = tuple[str, ...]


def told(call: Callable[[], str]) -> str:
    try:
        return call()
    except HoldfastError as refusal:
        return refusal.code


def state_of(answer: object) -> str:
    return str(getattr(answer, "record").state.value)  # noqa: B009  # any service's answer


COMMANDS: dict[str, Command] = {
    "hold": lambda context, world: state_of(hold_units(context, world.order("new", "bottle"))),
    "hold another": lambda context, world: state_of(hold_units(context, world.order("other", "bottle", 2))),
    "repeat": lambda context, world: state_of(hold_units(context, world.order("ours", "bottle"))),
    "begin payment": lambda context, _: state_of(begin_payment(context, "ours")),
    "more": lambda context, _: state_of(change(context, "ours", lines=[Wanted("bottle", 3)])),
    "pay": lambda context, _: str(commit(context, "ours", payment_id="p1").outcome),
    "release": lambda context, _: state_of(release(context, "ours")),
    "sweep": lambda context, _: str(sweep_expired(context).left),
    "allow": lambda context, _: str(allow_buyer(context, "lan", allowed=True, note=None).buyer.allowed),
}


def begun(minutes: float | None, *, bottles: int = 9, swept: bool = False) -> World:
    """So many minutes after our buyer held his bottle; None: he has not come yet."""
    world = World(policy=POLICY)
    world.sell("bottle", main=bottles)
    if minutes is not None:
        world.hold("ours", "bottle")
        world.stream()
        world.clock.forward(minutes=minutes)
    if swept:
        world.sweep()
    return world


STARTS: dict[str, Callable[[], World]] = {
    "nobody yet": lambda: begun(None),
    "held": lambda: begun(5),
    "held, the last bottle": lambda: begun(5, bottles=1),
    "ended, not folded": lambda: begun(21),
    "ended and folded": lambda: begun(21, swept=True),
    "ended long ago": lambda: begun(60, swept=True),
}


def open_holds(world: World) -> int:
    """Reservations of his that are held and not over, at any moment."""
    now = world.clock.now.timestamp()
    return sum(
        item["state"] == "held" and item["minute"] > now
        for key, item in world.raw.items.items()
        if key.sk == "RESERVATION"
    )


def summary(world: World, answers: list[str]) -> Summary:
    """What was answered, and what is, once all that is due was folded."""
    assert world.faults() == [], "a unit was lost or made"
    assert open_holds(world) <= LIMITS.open_holds, "over budget"
    world.stream()
    sweep_expired(make_context(world.raw, clock=world.clock, policy=POLICY))
    level = world.level("bottle")
    records = sorted(
        f"{key.pk} {item['state']} {item.get('paid')} {item.get('payment_begun')} {item['lines'][0]['quantity']}"
        for key, item in world.raw.items.items()
        if key.sk == "RESERVATION"
    )
    entries = [
        f"{name} {entry['l']} {entry['u']}"
        for key, item in world.raw.items.items()
        if key.sk == "BUDGET"
        for name, entry in sorted(item["entries"].items())
    ]
    return (*answers, f"{level.available} {level.reserved} {level.committed}", *records, *entries)


def played(start: Callable[[], World], pair: tuple[str, str], turns: Turns) -> tuple[Turns, Summary]:
    world = start()
    table = SteppedTable(world.raw)
    answers = ["", ""]

    def act(number: int) -> Callable[[], None]:
        context = make_context(table, clock=world.clock, policy=POLICY)

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
            context = make_context(world.raw, clock=world.clock, policy=POLICY)
            answers[number] = told(lambda: COMMANDS[pair[number]](context, world))  # noqa: B023  # called at once
        results.add(summary(world, answers))
    return results


def begin_again(world: World) -> Callable[[], World]:
    """The same start as often as it is asked for, made once."""
    items, now = copy.deepcopy(world.raw.items), world.clock.now

    def again() -> World:
        another = World(policy=POLICY)
        another.clock.now = now
        another.raw.items = copy.deepcopy(items)
        return another

    return again


@pytest.mark.parametrize("start", STARTS)
def test_two_calls_of_one_buyer_end_as_one_after_the_other(start: str) -> None:
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
