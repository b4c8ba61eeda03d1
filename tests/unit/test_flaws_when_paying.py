"""Flaws that ledgers of holds have had, scripted: on the way to the money."""

from datetime import timedelta

import pytest

from holdfast.domain.errors import InsufficientStock, NotInThisState, PaymentUnmatched
from holdfast.domain.policy import Mode, Policy
from holdfast.domain.reservation import State
from holdfast.services.reservations.command_reservation import begin_payment, release, ship
from holdfast.store.table import Check
from tests.support.faults import Crash, any_transaction, crash, lose_reply
from tests.support.world import NOON, POLICY, World

END = int(NOON.timestamp()) + 1200
WINDOW_END = int(NOON.timestamp()) + 1800


def kettle_and_cup(*, kettles: int = 1, cups: int = 1) -> World:
    world = World()
    world.sell("kettle", main=kettles)
    world.sell("cup", main=cups)
    return world


def incidents(world: World) -> list[str]:
    return sorted(item["kind"] for item in world.raw.items.values() if item["sk"] == "INCIDENT")


def test_a_half_folded_order_paid_late_takes_each_line_from_where_it_is() -> None:
    world = kettle_and_cup(kettles=2)
    world.hold("order", basket={"kettle": 1, "cup": 1})
    world.clock.forward(minutes=21)
    world.hold("somebody else", "kettle", 2)  # folds the kettle's minute, and leaves the cup's
    release(world.context, "somebody else")
    assert (world.level("kettle").reserved, world.level("cup").reserved) == (0, 1)
    assert world.pay("order").outcome == "committed"
    assert (world.level("kettle").committed, world.level("cup").committed) == (1, 1)
    assert (world.level("kettle").available, world.level("cup").available) == (1, 0)
    assert world.faults() == []


def test_a_half_folded_order_whose_units_are_gone_gives_back_what_it_still_holds() -> None:
    world = kettle_and_cup()
    world.hold("order", basket={"kettle": 1, "cup": 1})
    world.clock.forward(minutes=21)
    world.hold("somebody else", "kettle")
    assert world.pay("order").outcome == "refund_due"
    assert (world.level("cup").available, world.level("cup").reserved) == (1, 0)
    assert incidents(world) == ["refund_due"]
    assert world.faults() == []


def test_a_half_folded_order_that_is_released_gives_back_only_what_it_still_holds() -> None:
    world = kettle_and_cup(kettles=2)
    world.hold("order", basket={"kettle": 1, "cup": 1})
    world.clock.forward(minutes=21)
    world.hold("somebody else", "kettle", 2)
    release(world.context, "order")
    assert (world.level("kettle").available, world.level("cup").available) == (0, 1)
    assert world.faults() == []


def test_a_commit_that_read_before_a_begin_payment_does_not_act_after_it() -> None:
    """Both buyers hold until the same minute: by its old record the commit would take the other buyer's unit."""
    world = World()
    world.sell("kettle", main=2)
    world.hold("order")
    world.hold("neighbour")
    other = world.another_process()
    world.table.before(any_transaction, lambda: begin_payment(other, "order"))
    answer = world.pay("order")
    assert (answer.outcome, answer.record.payment_begun) == ("committed", True)
    assert world.level().wheel == {END: 1, WINDOW_END: 0}
    assert world.faults() == []


def test_a_begin_payment_that_read_before_a_commit_does_not_act_after_it() -> None:
    world = World()
    world.sell("kettle", main=2)
    world.hold("order")
    world.hold("neighbour")
    other = world.another_process()
    world.table.before(any_transaction, lambda: world.pay("order", by=other))
    with pytest.raises(NotInThisState) as refusal:
        begin_payment(world.context, "order")
    assert refusal.value.code == "already_paid"
    assert (world.level().committed, world.level().wheel) == (1, {END: 1})
    assert world.faults() == []


def test_a_release_that_read_before_a_begin_payment_does_not_act_after_it() -> None:
    world = World()
    world.sell("kettle", main=2)
    world.hold("order")
    world.hold("neighbour")
    other = world.another_process()
    world.table.before(any_transaction, lambda: begin_payment(other, "order"))
    assert release(world.context, "order").record.state is State.RELEASED
    assert world.level().wheel == {END: 1, WINDOW_END: 0}
    assert world.faults() == []


def test_begin_payment_lengthens_the_hold_to_the_payment_window_once() -> None:
    world = World()
    world.sell("kettle", main=1)
    world.hold("order")
    world.clock.forward(minutes=5)
    first = begin_payment(world.context, "order")
    assert first.record.minute == WINDOW_END + 300
    world.clock.forward(minutes=20)
    assert begin_payment(world.context, "order").record == first.record
    assert world.level().wheel == {END: 0, WINDOW_END + 300: 1}


def test_begin_payment_into_the_same_minute_moves_nothing_and_checks_the_entry() -> None:
    world = World(policy=Policy(payment_window_seconds=1200))
    world.sell("kettle", main=1)
    world.hold("order")
    before = world.level()
    answer = begin_payment(world.context, "order")
    assert (answer.record.payment_begun, answer.record.minute) == (True, END)
    assert world.level() == before
    assert [type(action) for action in world.table.written()[-1].actions][1:] == [Check]
    assert world.faults() == []


def test_begin_payment_never_shortens_a_hold() -> None:
    world = World()
    world.sell("kettle", main=1)
    held = world.hold("order", hold_seconds=7200)
    assert begin_payment(world.context, "order").record.minute == held.record.minute


def test_begin_payment_after_the_end_takes_the_units_anew() -> None:
    world = World()
    world.sell("kettle", main=1)
    world.hold("order")
    world.stream()
    world.clock.forward(minutes=21)
    world.sweep()
    assert world.level().available == 1
    answer = begin_payment(world.context, "order")
    assert not answer.record.expired(world.clock.now)
    assert (world.level().available, world.level().reserved) == (0, 1)
    assert world.faults() == []


def test_begin_payment_after_the_units_went_is_refused_and_leaves_the_record() -> None:
    world = World()
    world.sell("kettle", main=1)
    world.hold("order")
    world.clock.forward(minutes=21)
    world.hold("somebody else")
    before = world.record("order")
    with pytest.raises(InsufficientStock) as refusal:
        begin_payment(world.context, "order")
    assert refusal.value.shortages[0].available == 0
    assert world.record("order") == before


def test_begin_payment_of_a_half_folded_order_keeps_one_line_and_takes_the_other_anew() -> None:
    world = kettle_and_cup(kettles=2)
    world.hold("order", basket={"kettle": 1, "cup": 1})
    world.clock.forward(minutes=21)
    world.hold("somebody else", "kettle", 2)
    release(world.context, "somebody else")
    record = begin_payment(world.context, "order").record
    assert record.minute is not None
    assert (world.level("kettle").wheel[record.minute], world.level("cup").wheel[record.minute]) == (1, 1)
    assert world.faults() == []


def test_a_half_folded_order_in_the_same_window_moves_to_one_later_minute() -> None:
    """The window's end is the hold's own minute, already folded at one level: no line may stay behind."""
    world = World(policy=Policy(payment_window_seconds=60, margin_seconds=0.5))
    world.sell("kettle", main=2)
    world.sell("cup", main=1)
    world.hold("order", basket={"kettle": 1, "cup": 1}, hold_seconds=60)
    world.clock.forward(seconds=61)
    world.hold("somebody else", "kettle", 2, hold_seconds=60)
    release(world.context, "somebody else")
    slow = world.another_process(behind=timedelta(seconds=30))
    record = begin_payment(slow, "order").record
    assert record.minute is not None
    assert (world.level("kettle").wheel[record.minute], world.level("cup").wheel[record.minute]) == (1, 1)
    assert world.faults() == []


def test_a_demand_fold_leaves_a_payer_in_time_his_units() -> None:
    """The other process's clock is ahead by less than the margin; the buyer pays in the last second."""
    world = World()
    world.sell("kettle", main=1)
    world.hold("order")
    world.clock.forward(minutes=19, seconds=59)
    fast = world.another_process(behind=-timedelta(seconds=30))
    with pytest.raises(InsufficientStock):
        world.hold("somebody else", by=fast)
    assert world.pay("order").outcome == "committed"


def test_beyond_the_margin_a_payer_may_lose_his_units_and_nothing_is_oversold() -> None:
    world = World()
    world.sell("kettle", main=1)
    world.hold("order")
    world.clock.forward(minutes=19, seconds=59)
    fast = world.another_process(behind=-timedelta(seconds=31))
    assert world.hold("somebody else", by=fast).first
    assert world.pay("order").outcome == "refund_due"
    assert (world.level().available, world.level().oversold) == (0, 0)
    assert world.faults() == []


def test_a_payment_after_the_end_but_before_the_fold_finds_its_units() -> None:
    world = World()
    world.sell("kettle", main=1)
    world.hold("order")
    world.clock.forward(days=1)
    answer = world.pay("order")
    assert (answer.outcome, world.counted["CommittedLate"]) == ("committed", 1)
    assert world.faults() == []


def test_a_late_payment_folds_what_is_due_before_it_becomes_a_refund() -> None:
    world = World()
    world.sell("kettle", main=1)
    world.hold("order")
    world.clock.forward(minutes=21)
    world.hold("never paid", hold_seconds=60)
    world.clock.forward(minutes=3)
    assert world.pay("order").outcome == "committed"
    assert world.faults() == []


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("after", [True, False], ids=["after its write", "before its write"])
def test_a_payment_repeated_after_a_crash_is_written_down_once(mode: Mode, *, after: bool) -> None:
    world = World()
    world.sell("kettle", mode=mode, main=2)
    world.hold("order")
    (world.table.after if after else world.table.before)(any_transaction, crash)
    with pytest.raises(Crash):
        world.pay("order")
    answer = world.pay("order", by=world.another_process())
    assert (answer.outcome, answer.first) == ("committed", not after)
    assert (world.level().available, world.level().committed) == (1, 1)
    assert world.faults() == []


@pytest.mark.parametrize("command", [begin_payment, release, ship], ids=lambda command: command.__name__)
def test_a_command_repeated_after_a_lost_reply_answers_what_happened(command: object) -> None:
    world = World()
    world.sell("kettle", main=2)
    world.hold("order")
    if command is ship:
        world.pay("order")
    world.table.after(any_transaction, lose_reply)
    with pytest.raises(Exception, match="lost"):
        command(world.context, "order")  # type: ignore[operator]  # one of the three
    after = world.record("order")
    assert command(world.context, "order").record == after  # type: ignore[operator]
    assert world.faults() == []


def test_the_same_payment_that_lost_its_reply_is_no_duplicate() -> None:
    world = World()
    world.sell("kettle", main=1)
    world.hold("order")
    world.table.after(any_transaction, lose_reply)
    with pytest.raises(PaymentUnmatched):
        world.pay("order")
    assert world.pay("order").outcome == "committed"
    assert incidents(world) == ["payment_unmatched"], "no payment is lost: it was kept until it was sent again"


def test_a_payment_of_an_unknown_order_is_kept_as_an_incident() -> None:
    world = World()
    for _ in range(2):
        with pytest.raises(PaymentUnmatched):
            world.pay("nobody knows")
    assert incidents(world) == ["payment_unmatched"]


def test_a_hundred_pay_for_one_unit_that_nobody_held_and_one_gets_it() -> None:
    world = World()
    world.sell("kettle", mode=Mode.ON_PAYMENT, main=1)
    orders = [f"order {each}" for each in range(100)]
    for each in orders:
        assert world.hold(each).record.state is State.OPEN
    outcomes = [world.pay(each).outcome for each in orders]
    assert (outcomes.count("committed"), outcomes.count("refund_due")) == (1, 99)
    assert (world.level().available, world.level().committed) == (0, 1)
    assert incidents(world) == ["refund_due"] * 99


def test_an_order_on_payment_is_refused_when_a_look_shows_too_little() -> None:
    world = World()
    world.sell("kettle", mode=Mode.ON_PAYMENT, main=1)
    with pytest.raises(InsufficientStock):
        world.hold("order", quantity=2)
    assert world.hold("small order").record.state is State.OPEN
    assert world.level().available == 1


def test_begin_payment_after_its_own_window_holds_anew() -> None:
    """The second begin payment changes nothing only while the first one still holds."""
    world = World()
    world.sell("kettle", main=1)
    world.hold("order")
    begin_payment(world.context, "order")
    world.clock.forward(hours=2)
    again = begin_payment(world.context, "order")
    assert again.first
    assert again.record.minute is not None
    assert again.record.minute >= world.clock.now.timestamp() + POLICY.payment_window_seconds
    assert world.faults() == []
