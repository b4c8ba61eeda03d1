"""Flaws that ledgers of holds have had, scripted: on the way in."""

from datetime import timedelta

import pytest

from holdfast.domain.conditions import WHEEL_ROOM
from holdfast.domain.errors import ClockAhead, IdReused, InsufficientStock, Unavailable
from holdfast.domain.movement import Type
from holdfast.domain.policy import Policy
from holdfast.domain.reservation import State, Wanted
from holdfast.services.reservations.command_reservation import begin_payment, release
from holdfast.services.reservations.hold_units import hold_units
from holdfast.store.table import Key
from tests.support.faults import Crash, any_call, any_transaction, crash, lose_reply
from tests.support.world import NOON, World

END = int(NOON.timestamp()) + 1200


def one_kettle() -> World:
    world = World()
    world.sell("kettle", main=1)
    return world


def test_a_minute_that_was_folded_never_comes_back() -> None:
    """A slow clock asks for the folded minute; were it let in, the first buyer's late payment would take its unit."""
    world = World()
    world.sell("kettle", main=2)
    world.hold("first")
    world.stream()
    world.clock.forward(minutes=21)
    world.sweep()
    assert world.level().folded_to == END
    slow = world.another_process(behind=timedelta(minutes=10))
    answer = world.hold("second", hold_seconds=540, by=slow)
    assert answer.record.minute == END + 60
    assert world.pay("first").outcome == "committed"
    assert world.pay("second").outcome == "committed"
    assert world.faults() == []
    assert world.level().available == 0


@pytest.mark.parametrize("after", [True, False], ids=["after its write", "before its write"])
def test_a_retry_after_a_crash_holds_once(*, after: bool) -> None:
    world = one_kettle()
    (world.table.after if after else world.table.before)(any_transaction, crash)
    with pytest.raises(Crash):
        world.hold("order")
    answer = world.hold("order", by=world.another_process())
    assert answer.first == (not after)
    assert (answer.record.state, world.level().available, world.level().reserved) == (State.HELD, 0, 1)
    assert world.faults() == []


def test_whoever_lost_the_reply_is_not_told_sold_out() -> None:
    world = one_kettle()
    world.table.after(any_transaction, lose_reply)
    with pytest.raises(Unavailable):
        world.hold("order")
    assert world.hold("order").record.state is State.HELD


def test_a_repeat_with_another_quantity_is_refused_and_takes_nothing() -> None:
    world = World()
    world.sell("kettle", main=10)
    world.hold("order", quantity=2)
    with pytest.raises(IdReused):
        world.hold("order", quantity=3)
    assert world.level().reserved == 2


@pytest.mark.parametrize(
    "other",
    [
        {"quantity": 3},
        {"sku": "cup"},
        {"buyer_id": "minh"},
        {"hold_seconds": 60},
        {"channel": "shopee"},
        {"basket": {"kettle": 2, "cup": 1}},
        {"lines": (Wanted("kettle", 2, "main"),)},
    ],
    ids=str,
)
def test_a_repeated_id_with_another_body_is_told_even_when_nothing_is_left(other: dict[str, object]) -> None:
    world = World()
    world.sell("kettle", main=2)
    world.sell("cup", main=2)
    world.hold("order", quantity=2)
    with pytest.raises(IdReused):
        world.hold("order", **{"quantity": 2, **other})  # type: ignore[arg-type]  # names of an order
    assert world.faults() == []


def test_a_repeat_may_sum_its_lines_otherwise() -> None:
    world = World()
    world.sell("kettle", main=3)
    world.hold("order", quantity=3)
    again = world.hold("order", lines=(Wanted("kettle", 1), Wanted("kettle", 2)))
    assert not again.first


def test_a_repeated_id_after_release_answers_released_and_takes_nothing() -> None:
    world = one_kettle()
    world.hold("order")
    release(world.context, "order")
    again = world.hold("order")
    assert (again.first, again.record.state, world.level().available) == (False, State.RELEASED, 1)


@pytest.mark.parametrize("seconds", [0, 5], ids=["remembered shortage", "level looked at"])
def test_a_holder_is_not_told_sold_out_by_a_process_that_saw_the_shortage(seconds: float) -> None:
    world = one_kettle()
    world.hold("order")
    other = world.another_process()
    with pytest.raises(InsufficientStock):
        world.hold("somebody else", by=other)
    world.clock.forward(seconds=seconds)
    again = world.hold("order", by=other)
    assert (again.first, again.record.state) == (False, State.HELD)


def test_the_callers_own_reservation_is_read_last() -> None:
    """While one call looks at an empty level, the buyer's other call takes the unit that just came in."""
    world = one_kettle()
    world.hold("somebody else")
    process, twin = world.another_process(), world.another_process()
    with pytest.raises(InsufficientStock):
        world.hold("order", by=process)
    world.clock.forward(seconds=2)

    def unit_comes_in_and_the_twin_takes_it() -> None:
        world.move("more", "kettle", Type.RECEIVE, 1)
        world.hold("order", by=twin)

    world.table.after(lambda call: call.method == "get", unit_comes_in_and_the_twin_takes_it)
    again = world.hold("order", by=process)
    assert (again.first, again.record.state) == (False, State.HELD)


def test_two_lines_of_one_sku_are_summed_before_anything_is_asked() -> None:
    world = World()
    world.sell("kettle", main=3)
    with pytest.raises(InsufficientStock) as refusal:
        hold_units(world.context, world.order("greedy", lines=(Wanted("kettle", 2), Wanted("kettle", 2))))
    [short] = refusal.value.shortages
    assert (short.wanted, short.available) == (4, 3)
    answer = world.hold("order", lines=(Wanted("kettle", 1), Wanted("kettle", 2)))
    assert [line.quantity for line in answer.record.lines] == [3]
    assert world.level().available == 0


def test_a_crowded_wheel_is_folded_by_whoever_meets_it() -> None:
    world = World()
    world.sell("kettle", main=200)
    for each in range(WHEEL_ROOM):
        world.hold(f"order {each}", hold_seconds=60 + each)
        world.clock.forward(minutes=1)
    assert len(world.level().wheel) == WHEEL_ROOM
    world.hold("the next")
    assert len(world.level().wheel) == 4, "what was due is folded, three that are not and the new one stay"
    assert world.faults() == []


def test_a_wheel_crowded_with_live_holds_takes_another_one() -> None:
    world = World()
    world.sell("kettle", main=1)
    key = Key("SKU#kettle", "LEVEL#main#0")
    live = {str(END + 60 * each): 0 for each in range(1, WHEEL_ROOM + 10)}
    world.raw.items[key]["wheel"] = live
    assert world.hold("order").record.state is State.HELD
    assert world.faults() == []


@pytest.mark.parametrize("ahead", [timedelta(minutes=30), timedelta(days=1)], ids=str)
def test_a_fold_mark_far_ahead_is_an_alarm_not_something_to_follow(ahead: timedelta) -> None:
    world = one_kettle()
    world.raw.items[Key("SKU#kettle", "LEVEL#main#0")]["folded_to"] = int((NOON + ahead).timestamp())
    with pytest.raises(ClockAhead, match="ahead"):
        world.hold("order")
    assert world.level().available == 1


def test_a_payment_is_not_begun_behind_a_fold_mark_far_ahead() -> None:
    world = World()
    world.sell("kettle", main=1)
    world.hold("order")
    world.raw.items[Key("SKU#kettle", "LEVEL#main#0")]["folded_to"] = END + 86_400
    with pytest.raises(ClockAhead):
        begin_payment(world.context, "order")
    assert world.pay("order").outcome == "committed", "a payment that has moved is not stopped by it"
    assert world.faults() == []


def test_a_fold_mark_a_little_ahead_is_followed() -> None:
    world = one_kettle()
    mark = int((NOON + timedelta(minutes=4)).timestamp())
    world.raw.items[Key("SKU#kettle", "LEVEL#main#0")]["folded_to"] = mark
    assert world.hold("order", hold_seconds=120).record.minute == mark + 60


def test_one_minute_serves_all_lines_even_if_one_level_was_folded_further() -> None:
    world = World()
    world.sell("kettle", main=1)
    world.sell("cup", main=1)
    mark = int((NOON + timedelta(minutes=4)).timestamp())
    world.raw.items[Key("SKU#cup", "LEVEL#main#0")]["folded_to"] = mark
    answer = world.hold("order", basket={"kettle": 1, "cup": 1}, hold_seconds=120)
    assert answer.record.minute == mark + 60
    assert world.faults() == []


@pytest.mark.parametrize("call", range(6))
def test_a_hold_cut_off_at_any_call_can_be_repeated(call: int) -> None:
    """Sold out, with due units: look, fold, transaction. Wherever it dies, the repeat holds once; nothing is lost."""
    world = World()
    world.sell("kettle", main=2)
    world.hold("gone", quantity=2)
    with pytest.raises(InsufficientStock):
        world.hold("order")
    world.clock.forward(minutes=25)
    world.table.after(any_call, crash, skip=call)
    try:
        world.hold("order")
    except Crash:
        assert world.faults() == []
        world.hold("order")
    assert (world.level().available, world.level().reserved) == (1, 1)
    assert world.faults() == []


def test_step_and_margin_scale_together() -> None:
    world = World(policy=Policy(step_seconds=1, margin_seconds=0.5, hold_seconds=20))
    world.sell("kettle", main=1)
    assert world.hold("order").record.minute == int(NOON.timestamp()) + 20
    world.clock.forward(seconds=20.4)
    with pytest.raises(InsufficientStock):
        world.hold("next")
    world.clock.forward(seconds=1.1)
    assert world.hold("next").record.state is State.HELD
