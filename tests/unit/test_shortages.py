"""What a process remembers of a shortage: it spares writes, and never hides stock."""

import pytest

from holdfast.domain.errors import InsufficientStock, PolicyRefused, UnknownSku
from holdfast.domain.movement import Type
from holdfast.domain.policy import Policy, Sku
from holdfast.domain.reservation import State, Wanted
from holdfast.services.context import Context
from holdfast.services.stock.look_up import put_sku
from tests.support.faults import single_write
from tests.support.world import World


def sold_out() -> World:
    world = World()
    world.sell("kettle", main=1)
    world.hold("last one")
    return world


def refused(world: World, name: str, *, by: Context | None = None, quantity: int = 1) -> InsufficientStock:
    with pytest.raises(InsufficientStock) as refusal:
        world.hold(name, quantity=quantity, by=by)
    return refusal.value


def calls_of(world: World, name: str) -> list[str]:
    before = len(world.table.calls)
    refused(world, name)
    return [call.method for call in world.table.calls[before:]]


def test_a_first_hold_looks_at_nothing() -> None:
    world = World()
    world.sell("kettle", main=1)
    before = len(world.table.calls)
    world.hold("order")
    assert [call.method for call in world.table.calls[before:]] == ["transact"]


def test_a_sold_out_sku_is_refused_without_a_write() -> None:
    world = sold_out()
    assert "transact" in calls_of(world, "first")
    for each in range(50):
        world.clock.forward(seconds=0.2)
        assert not {"write", "transact", "write_many"} & set(calls_of(world, f"order {each}"))


def test_within_a_second_nobody_looks_again() -> None:
    """What is left is the read of the buyer's own reservation."""
    world = sold_out()
    refused(world, "first")
    world.clock.forward(seconds=0.9)
    assert calls_of(world, "second") == ["get"]
    world.clock.forward(seconds=0.2)
    assert calls_of(world, "third") == ["get", "get"]
    assert calls_of(world, "fourth") == ["get"]


def test_stock_is_seen_again_within_a_second() -> None:
    world = sold_out()
    refused(world, "early")
    world.move("more", "kettle", Type.RECEIVE, 1)
    world.clock.forward(seconds=1)
    assert world.hold("order").record.state is State.HELD


def test_stock_of_an_ended_hold_is_seen_within_a_second_though_nobody_swept() -> None:
    world = sold_out()
    world.clock.forward(minutes=20, seconds=29)
    refused(world, "early")
    world.clock.forward(seconds=1)
    assert world.hold("order").record.state is State.HELD


def test_a_smaller_order_is_tried_though_a_larger_one_was_short() -> None:
    world = World()
    world.sell("kettle", main=3)
    refused(world, "five", quantity=5)
    assert world.hold("three", quantity=3).record.state is State.HELD


def test_a_shortage_names_what_is_there() -> None:
    world = World()
    world.sell("kettle", main=3)
    [short] = refused(world, "five", quantity=5).shortages
    assert (short.sku, short.location, short.wanted, short.available) == ("kettle", "main", 5, 3)


def test_a_sku_without_a_level_is_short_not_unknown() -> None:
    world = World()
    world.sell("kettle")
    assert refused(world, "order").shortages[0].available == 0
    with pytest.raises(UnknownSku, match="teapot"):
        world.hold("order", "teapot")


def test_nobody_is_told_sold_out_while_ended_holds_wait() -> None:
    """Late payers change the level under every fold; the units that are left are the next buyer's all the same."""
    world = World()
    world.sell("kettle", main=12)
    for each in range(12):
        world.hold(f"order {each}")
    world.clock.forward(minutes=25)
    other = world.another_process()
    for each in range(9):
        world.table.before(single_write, lambda each=each: world.pay(f"order {each}", by=other), skip=each)  # type: ignore[misc]  # bound now
    assert world.hold("next").record.state is State.HELD
    assert world.faults() == []


def test_a_line_finds_the_last_of_fourteen_locations() -> None:
    names = tuple(f"place{each}" for each in range(14))
    world = World(policy=Policy(locations=names))
    world.sell("kettle")
    for each in names:
        world.move(f"to {each}", "kettle", Type.RECEIVE, 9 if each == names[-1] else 1, location=each)
    assert world.hold("order", quantity=2).record.lines[0].location == names[-1]
    refused(world, "more", quantity=8)


def test_a_location_costs_one_transaction_more() -> None:
    world = World(policy=Policy(locations=("main", "annex")))
    world.sell("kettle")
    world.move("a", "kettle", Type.RECEIVE, 1, location="main")
    world.move("b", "kettle", Type.RECEIVE, 5, location="annex")
    before = len(world.table.calls)
    assert world.hold("order", quantity=2).record.lines[0].location == "annex"
    assert [call.method for call in world.table.calls[before:]] == ["transact", "transact"]


def test_lines_of_one_order_come_from_where_each_is_whole() -> None:
    world = World(policy=Policy(locations=("main", "annex")))
    for sku, place in (("kettle", "main"), ("cup", "annex")):
        world.sell(sku)
        world.move("in", sku, Type.RECEIVE, 2, location=place)
    answer = world.hold("order", basket={"kettle": 2, "cup": 2})
    assert [(line.sku, line.location) for line in answer.record.lines] == [("kettle", "main"), ("cup", "annex")]
    assert world.faults() == []


def test_a_line_may_name_its_location() -> None:
    world = World(policy=Policy(locations=("main", "annex")))
    world.sell("kettle")
    world.move("a", "kettle", Type.RECEIVE, 5, location="main")
    world.move("b", "kettle", Type.RECEIVE, 1, location="annex")
    with pytest.raises(InsufficientStock) as refusal:
        world.hold("order", lines=(Wanted("kettle", 2, "annex"),))
    assert refusal.value.shortages[0].location == "annex"
    assert world.hold("other", lines=(Wanted("kettle", 1, "annex"),)).record.lines[0].location == "annex"


def test_ninety_lines_are_held_paid_and_released_in_one_transaction_each() -> None:
    world = World()
    for each in range(90):
        world.sell(f"sku {each}", main=2)
    basket = {f"sku {each}": 1 for each in range(90)}
    world.hold("large", basket=basket)
    world.pay("large")
    world.hold("other", basket=basket)
    world.clock.forward(minutes=25)
    world.hold("third", basket=basket)
    assert {world.level(sku).available for sku in basket} == {0}
    assert world.faults() == []


@pytest.mark.parametrize(("limit", "allowed"), [(None, True), (3, True), (2, False)])
def test_a_limit_of_units_is_the_merchants_and_counts_all_lines(limit: int | None, *, allowed: bool) -> None:
    world = World(policy=Policy(locations=("main", "annex")))
    world.sell("kettle", max_quantity=limit, main=5, annex=5)
    lines = (Wanted("kettle", 2, "main"), Wanted("kettle", 1, "annex"))
    if allowed:
        assert world.hold("order", lines=lines).first
    else:
        with pytest.raises(PolicyRefused) as refusal:
            world.hold("order", lines=lines)
        assert refusal.value.reasons == ("max_quantity",)
        assert world.level().available == 5


def test_the_shortest_hold_of_its_skus_is_the_holds() -> None:
    world = World()
    world.sell("kettle", main=5)
    world.sell("cup", main=5)
    put_sku(world.context, Sku(sku="cup", hold_seconds=3600))
    assert world.hold("both", basket={"kettle": 1, "cup": 1}).record.hold_seconds == 1200
    assert world.hold("cup", basket={"cup": 1}).record.hold_seconds == 3600
    assert world.hold("asked", basket={"cup": 1}, hold_seconds=60).record.hold_seconds == 60


def test_settings_are_remembered_for_half_a_minute() -> None:
    world = World()
    world.sell("kettle", main=5)
    other = world.another_process()
    world.hold("first", by=other)
    put_sku(world.context, Sku(sku="kettle", hold_seconds=60))
    world.clock.forward(seconds=29)
    assert world.hold("old", by=other).record.hold_seconds == 1200
    world.clock.forward(seconds=1)
    assert world.hold("new", by=other).record.hold_seconds == 60
