"""Flaws that ledgers of holds have had, scripted: on the way back."""

from datetime import timedelta

import pytest

from holdfast.domain import changes
from holdfast.domain.conditions import WHEEL_ROOM
from holdfast.domain.errors import Unavailable
from holdfast.domain.level import Place
from holdfast.domain.policy import Mode
from holdfast.domain.reservation import State
from holdfast.services.upkeep.sweep_expired import sweep_expired
from holdfast.store.register import minute_row
from tests.support.faults import Crash, crash, lose_reply, refuse, single_write
from tests.support.world import NOON, World

START = int(NOON.timestamp())
END = START + 1200


def rows_of_the_register(world: World) -> list[str]:
    return [key.sk for key in world.raw.items if key.pk.startswith("DUE#")]


def test_an_entry_that_slips_in_below_the_fold_mark_is_folded_later() -> None:
    """Between the fold's read and its write a slow process enters an earlier minute."""
    world = World()
    world.sell("kettle", main=2)
    world.hold("first")
    world.clock.forward(minutes=22)
    slow = world.another_process(behind=timedelta(minutes=15))
    read = world.level()
    world.hold("slipped in", hold_seconds=600, by=slow)
    assert world.record("slipped in").minute == START + 1020
    world.context.ledger.levels.fold(changes.fold(read, (END,)))
    level = world.level()
    assert (level.folded_to, level.wheel) == (END, {START + 1020: 1})
    world.hold("third", quantity=2)
    assert world.level().folded_to == END, "the mark did not go back"
    assert world.faults() == []


def test_the_holder_of_an_entry_that_slipped_in_can_pay() -> None:
    world = World()
    world.sell("kettle", main=2)
    world.hold("first")
    world.clock.forward(minutes=22)
    read = world.level()
    world.hold("slipped in", hold_seconds=600, by=world.another_process(behind=timedelta(minutes=15)))
    world.context.ledger.levels.fold(changes.fold(read, (END,)))
    assert world.pay("slipped in").outcome == "committed"
    assert world.level().wheel == {START + 1020: 0}
    assert world.faults() == []


def test_a_register_row_written_late_is_found_by_the_next_sweep() -> None:
    """The row of the cup's minute comes when the sweeper has long been past it."""
    world = World()
    world.sell("kettle", main=1)
    world.sell("cup", main=1)
    world.hold("of kettle", "kettle", hold_seconds=120)
    world.stream()
    world.hold("of cup", "cup", hold_seconds=60)
    world.clock.forward(minutes=5)
    assert world.sweep().folds == 1
    assert (world.level("kettle").available, world.level("cup").available) == (1, 0)
    world.stream()
    assert world.sweep().folds == 1
    assert (world.level("cup").available, rows_of_the_register(world)) == (1, [])


def test_a_row_far_behind_what_was_swept_is_still_found() -> None:
    world = World()
    world.sell("kettle", main=2)
    world.hold("first")
    world.clock.forward(hours=2)
    world.sweep()
    world.sweep()
    assert world.level().reserved == 1
    world.stream()
    world.sweep()
    assert (world.level().available, rows_of_the_register(world)) == (2, [])


def test_a_day_without_a_sweeper_leaves_a_small_level_and_every_unit_sellable() -> None:
    world = World()
    world.sell("kettle", main=25)
    for minute in range(24 * 60):
        world.clock.forward(minutes=1)
        assert world.hold(f"order {minute}").record.state is State.HELD
        assert len(world.level().wheel) <= WHEEL_ROOM
    world.stream()
    world.clock.forward(hours=1)
    swept = world.sweep()
    assert swept.folds == 1
    assert (world.level().available, world.level().wheel, rows_of_the_register(world)) == (25, {}, [])
    assert world.faults() == []


def test_a_fold_of_a_minute_with_a_hundred_holds_is_one_write() -> None:
    world = World()
    world.sell("kettle", main=100)
    for each in range(100):
        world.hold(f"order {each}")
    world.stream()
    world.clock.forward(minutes=21)
    before = len(world.table.calls)
    world.sweep()
    written = [call for call in world.table.calls[before:] if call.writes]
    assert [call.method for call in written if call.method != "write_many"] == ["write"]
    assert world.level().available == 100


def test_a_fold_whose_reply_is_lost_gives_back_once() -> None:
    world = World()
    world.sell("kettle", main=3)
    world.hold("order", quantity=2)
    world.clock.forward(minutes=21)
    world.table.after(single_write, lose_reply)
    with pytest.raises(Unavailable):
        world.hold("next", quantity=3)
    assert world.hold("next", quantity=3).first
    assert world.faults() == []


def test_two_sweepers_at_once_give_back_once() -> None:
    world = World()
    world.sell("kettle", main=3)
    world.hold("order", quantity=2)
    world.stream()
    world.clock.forward(minutes=21)
    world.table.before(single_write, world.sweep)
    world.sweep()
    assert world.level().available == 3
    assert world.faults() == []


def test_a_payment_between_a_folds_read_and_write_keeps_its_units() -> None:
    world = World()
    world.sell("kettle", main=2)
    world.hold("payer")
    world.hold("sleeper")
    world.stream()
    world.clock.forward(minutes=21)
    world.table.before(single_write, lambda: world.pay("payer"))
    world.sweep()
    assert (world.level().committed, world.level().available) == (1, 1)
    assert world.faults() == []


@pytest.mark.parametrize("write", range(3))
@pytest.mark.parametrize("after", [True, False], ids=["after", "before"])
def test_a_sweep_that_dies_at_any_write_is_the_next_ones(write: int, *, after: bool) -> None:
    world = World()
    world.sell("kettle", main=1)
    world.sell("cup", mode=Mode.ON_ORDER, main=1)
    world.hold("held")
    world.hold("ordered", "cup")
    world.stream()
    world.clock.forward(days=2)
    (world.table.after if after else world.table.before)(lambda call: call.writes, crash, skip=write)
    with pytest.raises(Crash):
        world.sweep()
    assert world.faults() == []
    world.sweep()
    assert (world.level("kettle").available, world.level("cup").available) == (1, 1)
    assert rows_of_the_register(world) == []


def test_one_level_that_cannot_be_folded_stops_no_other() -> None:
    world = World()
    for sku in ("kettle", "cup", "tea"):
        world.sell(sku, main=1)
        world.hold(f"order of {sku}", sku)
    world.stream()
    world.clock.forward(minutes=21)
    world.table.before(single_write, refuse, skip=1)
    swept = world.sweep()
    assert (swept.folds, swept.left, world.counted["SweepFailures"]) == (2, 1, 1)
    assert world.sweep().folds == 1
    assert rows_of_the_register(world) == []


def test_a_broken_level_stops_no_other_and_is_not_written_on() -> None:
    world = World()
    for sku in ("kettle", "cup"):
        world.sell(sku, main=1)
        world.hold(f"order of {sku}", sku)
    world.stream()
    [key] = [key for key in world.raw.items if key.pk == "SKU#kettle" and key.sk.startswith("LEVEL")]
    world.raw.items[key]["available"] += 1
    broken = dict(world.raw.items[key])
    world.clock.forward(minutes=21)
    assert world.sweep().folds == 1
    assert world.raw.items[key] == broken
    assert world.level("cup").available == 1


def test_more_rows_than_a_page_are_all_settled() -> None:
    world = World()
    world.raw.write_many([minute_row(END, Place(f"sku {each}", "main")) for each in range(900)])
    world.clock.forward(minutes=21)
    assert world.sweep().rows == 900
    assert rows_of_the_register(world) == []


def test_a_sweep_stops_when_its_time_is_short_and_says_so() -> None:
    world = World()
    world.sell("kettle", main=1)
    world.hold("order")
    world.stream()
    world.clock.forward(minutes=21)
    assert not sweep_expired(world.context, time_is_short=lambda: True).finished
    assert rows_of_the_register(world)
    assert world.sweep().finished


def test_a_fold_names_no_minute_that_is_not_due() -> None:
    world = World()
    world.sell("kettle", main=3)
    world.hold("short", hold_seconds=60)
    world.hold("long", hold_seconds=1200)
    level = world.level()
    due = level.due(now_s=START + 60 + 30, margin_seconds=30)
    change = changes.fold(level, due)
    assert (dict(change.clear), change.folded_to) == ({START + 60: 1}, START + 60)
