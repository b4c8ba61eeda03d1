"""What the stream's news leads to: which listings are asked for, once each, and nothing lost on the way."""

from dataclasses import replace
from datetime import timedelta

import pytest

from holdfast.channels.protocol import ChannelError, Shown
from holdfast.channels.sheet import Kind
from holdfast.domain import incident
from holdfast.domain.errors import Unavailable
from holdfast.domain.market import Stage
from holdfast.domain.movement import Type
from holdfast.domain.sync import Overrides, Rules, SyncMode
from holdfast.services.orders.apply_order import apply_delivery
from holdfast.services.reservations.command_reservation import ship
from tests.support.faults import Crash, any_call, crash, single_write
from tests.support.market import SHEET
from tests.support.sync_floor import LIMITS, LISTING, SyncFloor

DAILY, SESSION, CONTINUOUS = SyncMode.DAILY, SyncMode.SESSION, SyncMode.CONTINUOUS


def floor_of(mode: SyncMode = CONTINUOUS, **rules: object) -> SyncFloor:
    floor = SyncFloor(rules=Rules(mode=mode, **rules))  # type: ignore[arg-type]  # fields of rules
    floor.stock("kettle", 10)
    return floor


def settled(mode: SyncMode = CONTINUOUS, **rules: object) -> SyncFloor:
    """A shop that shows what it should."""
    floor = floor_of(mode, **rules)
    floor.run()
    floor.clock.forward(minutes=5)
    floor.settle()
    assert floor.shows() == 10
    return floor


@pytest.mark.parametrize("mode", [DAILY, SESSION])
def test_a_shop_with_runs_waits_for_its_run(mode: SyncMode) -> None:
    floor = settled(mode)
    floor.count(8)
    floor.settle()
    assert floor.shows() == 10
    floor.clock.forward(hours=24)
    floor.run("run-2")
    floor.clock.forward(minutes=1)
    floor.settle()
    assert floor.shows() == 8


@pytest.mark.parametrize("mode", SyncMode)
def test_what_sells_out_is_pushed_at_once_in_every_mode(mode: SyncMode) -> None:
    floor = settled(mode, threshold=2)
    floor.count(2)
    floor.settle()
    assert floor.shows() == 0


@pytest.mark.parametrize("mode", [DAILY, SESSION])
def test_unless_the_shop_says_otherwise(mode: SyncMode) -> None:
    floor = settled(mode, push_at_threshold=False)
    floor.count(0)
    floor.settle()
    assert floor.shows() == 10


def test_a_listing_may_be_pushed_at_once_in_a_shop_with_runs() -> None:
    floor = settled(SESSION)
    floor.world.context.ledger.pushes.put_own(floor.state().key, Overrides(mode=CONTINUOUS, ratio=50))
    floor.count(8)
    floor.settle()
    assert floor.shows() == 4


def test_what_is_promised_and_not_there_takes_every_listing_to_zero_at_once() -> None:
    floor = settled(DAILY, push_at_threshold=False)
    floor.fair.map("2~0", kettle=2)
    order = floor.fair.order("big", lines={"2~0": 7})
    apply_delivery(floor.fair.intake, floor.fair.tell(order))
    floor.settle()
    assert floor.shows() == 0


@pytest.mark.parametrize("mode", SyncMode)
def test_a_change_that_moves_no_free_unit_asks_for_nothing(mode: SyncMode) -> None:
    floor = settled(mode)
    floor.world.hold("order-1")
    floor.world.pay("order-1")
    floor.settle()
    pushed, asked = len(floor.shelf.pushed), floor.world.counted["PushesAsked"]
    ship(floor.world.context, "order-1")
    floor.settle()
    assert (len(floor.shelf.pushed), floor.world.counted["PushesAsked"]) == (pushed, asked)


def test_a_sku_that_changes_a_thousand_times_has_one_push_waiting_and_ends_with_the_right_number() -> None:
    floor = floor_of()
    for units in range(1_000):
        floor.count(2_000 - units)
        if units % 25 == 0:
            floor.stream()
        assert len(floor.box.waiting) <= 1
        floor.clock.forward(seconds=0.06)
    floor.settle()
    assert floor.shows() == 1_001
    assert len(floor.shelf.pushed) == 1


def test_a_bundle_is_pushed_when_any_of_its_parts_changes() -> None:
    floor = SyncFloor()
    floor.stock("kettle", 10, listing="9~0")
    floor.world.sell("cup", main=40)
    floor.fair.map("3~0", kettle=1, cup=4)
    floor.settle()
    assert floor.shows("3~0") == 10
    floor.count(11, "cup")
    floor.settle()
    assert floor.shows("3~0") == 2


def test_units_on_their_way_are_offered_only_where_the_listing_says_so() -> None:
    floor = floor_of()
    floor.fair.map("2~0", kettle=1)
    floor.world.context.ledger.pushes.put_own(floor.state("2~0").key, Overrides(incoming_cap=5))
    floor.world.move("ship-1", "kettle", Type.ANNOUNCE, 100)
    floor.settle()
    assert (floor.shows(), floor.shows("2~0")) == (10, 15)


# ---- What the marketplace's own orders do to what it shows


def test_an_order_moves_the_marketplaces_own_number_so_an_equal_target_is_pushed_all_the_same() -> None:
    floor = settled(SESSION)
    apply_delivery(floor.fair.intake, floor.fair.tell(floor.fair.order("a")))
    floor.shelf.shown[LISTING] = Shown(listing=LISTING, quantity=9)
    floor.count(11)  # one more was found: ten are free again, and nine are shown
    floor.settle()
    assert floor.state().known is None
    floor.run("run-2")
    floor.clock.forward(minutes=1)
    floor.settle()
    assert floor.shows() == 10


def test_a_cancelled_order_whose_units_are_withheld_does_not_leave_one_too_many_shown() -> None:
    floor = settled(SESSION)
    apply_delivery(floor.fair.intake, floor.fair.tell(floor.fair.order("a")))
    floor.settle()
    floor.run("run-2")
    floor.clock.forward(minutes=1)
    floor.settle()
    before = floor.state().touched
    floor.clock.forward(seconds=1)
    apply_delivery(floor.fair.intake, floor.fair.tell(floor.fair.order("a", Stage.SHIPPED)))
    floor.settle()
    assert floor.state().touched == before + 1


# ---- Failures of the planner


def test_a_batch_that_failed_before_its_message_was_sent_sends_it_when_it_comes_again() -> None:
    floor = floor_of()
    news = floor.news()
    floor.box.down = 1
    with pytest.raises(Unavailable):
        floor.stream(news)
    assert floor.state().asked is None
    assert floor.box.waiting == []
    floor.stream(news)
    floor.settle()
    assert floor.shows() == 10


def test_and_also_if_nothing_more_would_have_to_be_pushed_by_then() -> None:
    floor = settled()
    floor.count(3)
    news = floor.news()
    floor.box.down = 1
    with pytest.raises(Unavailable):
        floor.stream(news)
    floor.count(10)
    floor.stream(news)
    floor.count(4)
    floor.settle()
    assert floor.shows() == 4


@pytest.mark.parametrize("call", range(14))
def test_a_planner_that_dies_at_any_call_loses_nothing_once_its_batch_comes_again(call: int) -> None:
    floor = floor_of()
    news = floor.news()
    floor.world.table.after(any_call, crash, skip=call)
    try:
        floor.stream(news)
    except Crash:
        floor.stream(news)
    floor.world.table.forget()
    floor.settle()
    assert floor.shows() == 10


def test_a_request_that_nobody_ever_sent_is_found_by_the_next_run() -> None:
    floor = settled(SESSION)
    floor.count(0)
    floor.world.table.after(single_write, crash)
    with pytest.raises(Crash):
        floor.stream()
    floor.clock.forward(seconds=LIMITS.lost_s + 1)
    floor.run("run-2")
    floor.clock.forward(minutes=1)
    floor.settle()
    assert floor.shows() == 0


def test_what_the_stream_lost_for_a_day_is_rebuilt_from_the_table() -> None:
    floor = settled()
    floor.count(3)
    floor.news()  # and nobody ever sees it
    floor.clock.forward(hours=1)
    ran = floor.run("run-2")
    assert (ran.differ, ran.asked) == (1, 1)
    floor.clock.forward(minutes=1)
    floor.settle()
    assert floor.shows() == 3


# ---- While a number waits to be confirmed


def test_a_change_does_not_wait_for_the_confirmation_of_the_number_before_it() -> None:
    floor = settled()
    for units in (9, 8, 3):
        floor.count(units)
        floor.stream()
        floor.work()
        assert floor.shows() == units
        floor.clock.forward(seconds=1)
    # One message is live; those it replaced find that their requests are not theirs any more.
    start = floor.clock()
    floor.settle()
    assert floor.clock() - start <= timedelta(seconds=LIMITS.horizon_s)
    assert [quantity for _, quantity in floor.shelf.pushed] == [10, 9, 8, 3, 3]


def test_what_only_waits_to_be_confirmed_is_not_asked_for_again() -> None:
    floor = settled()
    floor.count(9)
    floor.stream()
    floor.work()
    asked = floor.world.counted["PushesAsked"]
    floor.count(8)
    floor.count(9)
    floor.stream()
    assert floor.run("run-2").asked == 0
    assert floor.world.counted["PushesAsked"] == asked


# ---- Promotions


def locked_floor() -> SyncFloor:
    floor = SyncFloor()
    floor.shelf.sheet = replace(SHEET, errors={"in_promotion": Kind.PROMOTION_LOCK})
    floor.stock("kettle", 10)
    floor.shelf.refuses[LISTING] = [ChannelError(Kind.PROMOTION_LOCK, "in_promotion", "locked")]
    floor.stream()
    floor.work()
    assert floor.shelf.pushed == []
    return floor


def say(floor: SyncFloor, what: str) -> None:
    told = incident.shop_said(str(floor.shop), what=what, detail="a word", at=floor.clock())
    floor.world.context.ledger.incidents.open(told)
    floor.stream()
    floor.work()


def test_what_a_promotion_locked_is_pushed_when_the_marketplace_tells_that_it_ended() -> None:
    floor = locked_floor()
    floor.clock.forward(seconds=60)
    say(floor, "authorisation_ending")
    assert floor.shelf.pushed == []
    say(floor, "promotion")
    assert floor.shelf.pushed == [(LISTING, 10)]
    floor.settle()
    assert floor.shelf.pushed == [(LISTING, 10)], "the message that was parked finds nothing to do"


def test_a_batch_with_a_promotions_end_that_comes_twice_asks_once() -> None:
    floor = locked_floor()
    floor.world.context.ledger.incidents.open(
        incident.shop_said(str(floor.shop), what="promotion", detail="a word", at=floor.clock())
    )
    news = floor.news()
    floor.stream(news)
    asked = floor.state().asked
    floor.stream(news)
    assert floor.state().asked == asked
    floor.settle()
    assert floor.shelf.pushed == [(LISTING, 10)]


def test_closing_the_incident_of_a_promotion_pushes_nothing() -> None:
    floor = locked_floor()
    told = incident.shop_said(str(floor.shop), what="promotion", detail="a word", at=floor.clock())
    floor.world.context.ledger.incidents.open(told)
    floor.news()
    floor.world.context.ledger.incidents.close(told.id, at=floor.clock(), note=None)
    floor.stream()
    floor.work()
    assert floor.shelf.pushed == []
