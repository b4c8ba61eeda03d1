"""Orders of marketplaces: applied exactly once, whatever comes late, twice or in the wrong order."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from holdfast.channels.protocol import OrderChanged, ShopSaid
from holdfast.channels.shopee.sheet import SHEET as SHOPEE
from holdfast.domain.errors import OfMarketplace, OrderTooLarge, Refused, Unavailable
from holdfast.domain.incident import Kind
from holdfast.domain.market import MarketOrder, OrderLine, Stage
from holdfast.domain.movement import Type
from holdfast.domain.reservation import Reservation, State, Wanted
from holdfast.services.context import Context
from holdfast.services.orders.apply_order import apply_delivery, apply_order
from holdfast.services.reservations import command_reservation as commands
from holdfast.services.reservations.answers import ReservationAnswer
from holdfast.services.stock.look_up import list_incidents
from tests.support.faults import Crash, any_transaction, crash, lose_reply
from tests.support.market import SHEET, Fair
from tests.support.world import POLICY, World


@pytest.fixture
def fair() -> Fair:
    """Ten kettles, and a listing that sells one."""
    fair = Fair()
    fair.world.sell("kettle", main=10)
    fair.map("1~0", kettle=1)
    return fair


def told(fair: Fair, order: MarketOrder, heard_by: str = "webhook") -> Reservation:
    applied = apply_order(fair.intake, fair.shop, order, heard_by=heard_by)
    assert applied.record is not None
    assert fair.world.faults() == []
    return applied.record


def incidents(fair: Fair) -> list[Kind]:
    found, _ = list_incidents(fair.world.context, is_open=True, limit=50, start=None)
    return [each.kind for each in found]


def later(fair: Fair, seconds: float = 60) -> None:
    fair.world.clock.forward(seconds=seconds)


def test_an_order_commits_its_units_and_is_a_reservation(fair: Fair) -> None:
    record = told(fair, fair.order("A1", lines={"1~0": 2}))

    assert (record.id, record.state, record.paid) == ("shopee:hanoi:A1", State.COMMITTED, True)
    assert (fair.world.level().available, fair.world.level().committed) == (8, 2)


@pytest.mark.parametrize(
    "command",
    [
        commands.begin_payment,
        commands.release,
        commands.ship,
        commands.refunded,
        partial(commands.commit, payment_id="pay-1"),
        partial(commands.change, lines=[Wanted("kettle", 1)]),
    ],
)
def test_no_command_changes_an_order_of_a_marketplace(
    fair: Fair, command: Callable[[Context, str], ReservationAnswer]
) -> None:
    record = told(fair, fair.order("A1", lines={"1~0": 2}))
    with pytest.raises(OfMarketplace, match="order of shopee"):
        command(fair.world.context, record.id)

    assert fair.world.record(record.id) == record
    assert fair.world.level().committed == 2


def test_a_payment_that_is_told_of_an_order_of_a_marketplace_is_kept_for_a_person(fair: Fair) -> None:
    record = told(fair, fair.order("A1"))
    with pytest.raises(OfMarketplace):
        commands.commit(fair.world.context, record.id, payment_id="pay-1")

    assert incidents(fair) == [Kind.PAYMENT_UNMATCHED]


def test_an_unpaid_order_commits_its_units_and_is_never_released_by_our_clock(fair: Fair) -> None:
    record = told(fair, fair.order("A1", Stage.UNPAID))

    assert (record.state, record.paid, record.pay_by) == (State.COMMITTED, False, None)
    assert fair.world.level().committed == 1


def test_the_same_news_twice_is_applied_once(fair: Fair) -> None:
    order = fair.order("A1", lines={"1~0": 2})
    told(fair, order)
    told(fair, order, heard_by="poll")

    assert fair.world.level().committed == 2
    assert fair.world.counted["OrderNewsRepeated"] == 1


def test_older_news_after_newer_changes_nothing(fair: Fair) -> None:
    placed = fair.order("A1")
    later(fair)
    cancelled = fair.order("A1", Stage.CANCELLED, lines={"1~0": OrderLine(listing="1~0", ordered=1, cancelled=1)})
    told(fair, cancelled)
    record = told(fair, placed)

    assert record.state is State.RELEASED
    assert fair.world.level().available == 10


def test_of_two_news_of_the_same_second_the_later_stage_is_newer(fair: Fair) -> None:
    unpaid, paid = fair.order("A1", Stage.UNPAID), fair.order("A1", Stage.PAID)
    told(fair, paid)
    record = told(fair, unpaid)

    assert record.told is not None
    assert (record.paid, record.told.stage) == (True, Stage.PAID)


def test_of_two_news_of_the_same_second_the_one_with_more_off_the_order_is_newer(fair: Fair) -> None:
    whole = fair.order("A1", lines={"1~0": 2})
    told(fair, fair.order("A1", lines={"1~0": OrderLine(listing="1~0", ordered=2, cancelled=1)}))
    told(fair, whole)

    assert fair.world.level().committed == 1


def test_a_cancelled_order_gives_back_once(fair: Fair) -> None:
    told(fair, fair.order("A1", lines={"1~0": 3}))
    later(fair)
    gone = fair.order("A1", Stage.CANCELLED, lines={"1~0": OrderLine(listing="1~0", ordered=3, cancelled=3)})
    told(fair, gone)
    told(fair, gone)

    assert (fair.world.level().available, fair.world.level().committed) == (10, 0)


def test_a_part_that_is_cancelled_is_given_back_and_the_rest_ships(fair: Fair) -> None:
    told(fair, fair.order("A1", lines={"1~0": 3}))
    later(fair)
    part = {"1~0": OrderLine(listing="1~0", ordered=3, cancelled=1)}
    told(fair, fair.order("A1", lines=part))
    assert (fair.world.level().available, fair.world.level().committed) == (8, 2)

    later(fair)
    record = told(fair, fair.order("A1", Stage.SHIPPED, lines=part))
    assert record.state is State.SHIPPED
    assert (fair.world.level().on_hand, fair.world.level().available, fair.world.level().committed) == (8, 8, 0)


def test_an_order_first_heard_of_when_it_is_shipped_leaves_at_once(fair: Fair) -> None:
    told(fair, fair.order("A1", Stage.SHIPPED, lines={"1~0": 4}))

    assert (fair.world.level().on_hand, fair.world.level().available) == (6, 6)


def test_returned_units_come_back_once_by_a_movement(fair: Fair) -> None:
    told(fair, fair.order("A1", Stage.SHIPPED, lines={"1~0": 4}))
    later(fair)
    back = fair.order("A1", Stage.SHIPPED, lines={"1~0": OrderLine(listing="1~0", ordered=4, returned=1)})
    told(fair, back)
    told(fair, back)
    assert fair.world.level().on_hand == 7

    later(fair)
    told(fair, fair.order("A1", Stage.SHIPPED, lines={"1~0": OrderLine(listing="1~0", ordered=4, returned=3)}))
    assert (fair.world.level().on_hand, fair.world.level().available) == (9, 9)


def test_units_cancelled_after_they_left_are_outside(fair: Fair) -> None:
    told(fair, fair.order("A1", Stage.SHIPPED))
    later(fair)
    record = told(
        fair, fair.order("A1", Stage.CANCELLED, lines={"1~0": OrderLine(listing="1~0", ordered=1, cancelled=1)})
    )

    assert record.state is State.SHIPPED
    assert fair.world.level().on_hand == 9


def test_units_added_to_a_shipped_order_leave_with_it_once(fair: Fair) -> None:
    told(fair, fair.order("A1", Stage.SHIPPED))
    later(fair)
    more = fair.order("A1", Stage.PAID, lines={"1~0": 3})
    told(fair, more)
    told(fair, more)

    assert (fair.world.level().on_hand, fair.world.level().available) == (7, 7)


def test_withheld_units_are_set_aside_for_a_person(fair: Fair) -> None:
    told(fair, fair.order("A1", lines={"1~0": 3}))
    later(fair)
    told(fair, fair.order("A1", Stage.CANCELLED, lines={"1~0": OrderLine(listing="1~0", ordered=3, withheld=3)}))

    level = fair.world.level()
    assert (level.available, level.committed, level.unavailable) == (7, 0, 3)


def test_a_line_that_is_edited_out_gives_back(fair: Fair) -> None:
    fair.world.sell("mug", main=5)
    fair.map("2~0", mug=1)
    told(fair, fair.order("A1", lines={"1~0": 1, "2~0": 2}))
    later(fair)
    told(fair, fair.order("A1", lines={"1~0": 1}))

    assert fair.world.level("mug").available == 5
    assert fair.world.level("kettle").committed == 1


def test_a_bundle_takes_its_parts(fair: Fair) -> None:
    fair.world.sell("mug", main=10)
    fair.map("3~0", kettle=1, mug=4)
    told(fair, fair.order("A1", lines={"3~0": 2, "1~0": 1}))

    assert fair.world.level("kettle").committed == 3
    assert fair.world.level("mug").committed == 8


def test_a_mapping_changed_later_gives_back_what_was_taken(fair: Fair) -> None:
    fair.world.sell("mug", main=10)
    told(fair, fair.order("A1", lines={"1~0": 2}))
    fair.map("1~0", mug=1)
    later(fair)
    told(fair, fair.order("A1", Stage.CANCELLED, lines={"1~0": OrderLine(listing="1~0", ordered=2, cancelled=2)}))

    assert fair.world.level("kettle").available == 10
    assert fair.world.level("mug").available == 10


def test_an_order_keeps_what_its_listing_sold_when_it_came(fair: Fair) -> None:
    fair.world.sell("mug", main=10)
    told(fair, fair.order("A1", lines={"1~0": 2}))
    fair.map("1~0", mug=1)
    later(fair)
    told(fair, fair.order("A1", lines={"1~0": OrderLine(listing="1~0", ordered=2, cancelled=1)}))

    assert (fair.world.level("kettle").committed, fair.world.level("mug").committed) == (1, 0)


def test_an_order_is_never_refused_and_a_shortage_is_an_incident(fair: Fair) -> None:
    told(fair, fair.order("A1", lines={"1~0": 12}))

    assert fair.world.level().available == -2
    assert incidents(fair) == [Kind.OVERSOLD]


def test_ended_holds_are_folded_before_an_order_oversells(fair: Fair) -> None:
    fair.world.hold("r1", quantity=10)
    fair.world.clock.forward(minutes=30)
    told(fair, fair.order("A1", lines={"1~0": 9}))

    assert fair.world.level().available == 1
    assert incidents(fair) == []


def test_an_order_is_served_whole_from_the_first_location_that_holds_it() -> None:
    fair = Fair(world=World(policy=replace(POLICY, locations=("main", "annex"))))
    fair.world.sell("kettle", main=2, annex=5)
    fair.map("1~0", kettle=1)
    told(fair, fair.order("A1", lines={"1~0": 4}))
    told(fair, fair.order("A2", lines={"1~0": 4}))

    assert fair.world.level(location="annex").available == 1
    assert fair.world.level(location="main").available == -2


def test_an_order_for_a_sku_without_a_level_opens_one_below_zero(fair: Fair) -> None:
    fair.world.sell("mug")
    fair.map("2~0", mug=1)
    told(fair, fair.order("A1", lines={"2~0": 2}))

    assert (fair.world.level("mug").available, fair.world.level("mug").committed) == (-2, 2)
    assert incidents(fair) == [Kind.OVERSOLD]


def test_an_order_of_an_unknown_listing_waits_and_is_applied_when_it_is_mapped(fair: Fair) -> None:
    fair.world.sell("mug", main=5)
    record = told(fair, fair.order("A1", lines={"1~0": 1, "2~0": 2}))
    assert record.state is State.COMMITTED
    assert fair.world.level("kettle").committed == 1
    assert incidents(fair) == [Kind.LISTING_UNKNOWN]

    fair.map("2~0", mug=1)
    [message] = fair.queue.take()
    apply_delivery(fair.intake, message)
    apply_delivery(fair.intake, message)

    assert fair.world.level("mug").committed == 2
    assert incidents(fair) == []
    assert fair.world.context.ledger.orders.waiting(fair.key, limit=10) == ([], None)
    assert fair.world.faults() == []


@pytest.mark.parametrize(("minutes_after", "asked_again"), [(1, ["changed"]), (4, [])])
def test_a_late_mapping_hides_no_second_change_of_one_second(
    fair: Fair, minutes_after: int, asked_again: list[str]
) -> None:
    """It was applied soon after its change, so it may have changed again; mapping makes it look applied much later."""
    order = fair.order("A1", lines={"2~0": 2})
    fair.world.clock.forward(minutes=minutes_after)
    told(fair, order)
    fair.world.sell("mug", main=5)
    fair.world.clock.forward(hours=3)

    fair.map("2~0", mug=1)
    [message] = fair.queue.take()
    apply_delivery(fair.intake, message)

    assert [each["kind"] for each in fair.queue.take()] == asked_again


def test_an_order_that_was_cleared_away_waits_for_no_listing_any_more(fair: Fair) -> None:
    fair.world.sell("mug", main=5)
    record = told(fair, fair.order("A1", lines={"2~0": 2, "3~0": 1}))
    for key in [key for key in fair.world.raw.items if key.pk == f"RESERVATION#{record.id}"]:
        del fair.world.raw.items[key]

    fair.map("2~0", mug=1)
    [message] = fair.queue.take()
    apply_delivery(fair.intake, message)

    assert fair.world.context.ledger.orders.waiting(fair.key, limit=10) == ([], None)
    assert fair.world.level("mug").committed == 0


def test_what_is_held_back_of_a_listing_that_is_mapped_after_the_order_has_left_is_set_aside(fair: Fair) -> None:
    held_back = OrderLine(listing="9~0", ordered=3, withheld=2)
    order = fair.order("A1", Stage.SHIPPED, lines={"1~0": 1, "9~0": held_back})
    apply_order(fair.intake, fair.shop, order, heard_by="webhook")
    before = fair.world.level()
    fair.map("9~0", kettle=1)
    for message in fair.queue.take():
        apply_delivery(fair.intake, message)

    after = fair.world.level()
    assert (after.on_hand, after.unavailable) == (before.on_hand - 1, 2)
    assert after.available == before.available - 3
    assert fair.world.faults() == []


def test_an_order_that_waited_until_it_was_shipped_leaves_when_it_is_mapped(fair: Fair) -> None:
    fair.world.sell("mug", main=5)
    told(fair, fair.order("A1", Stage.SHIPPED, lines={"1~0": 1, "2~0": 2}))
    fair.map("2~0", mug=1)
    for message in fair.queue.take():
        apply_delivery(fair.intake, message)

    assert fair.world.level("mug").on_hand == 3
    assert fair.world.level("kettle").on_hand == 9
    assert fair.world.faults() == []


def test_an_order_from_before_the_shop_was_connected_is_not_applied(fair: Fair) -> None:
    order = fair.order("A1", at=fair.world.clock() - timedelta(hours=2))
    assert apply_order(fair.intake, fair.shop, order, heard_by="poll").record is None
    assert fair.world.level().available == 10


def test_an_order_old_enough_to_be_forgotten_is_told_to_a_person_instead(fair: Fair) -> None:
    order = fair.order("A1")
    fair.world.clock.forward(days=91)
    assert apply_order(fair.intake, fair.shop, order, heard_by="poll").record is None
    assert incidents(fair) == [Kind.ORDER_NOT_APPLIED]


def test_an_order_with_too_many_lines_for_one_transaction_writes_nothing(fair: Fair) -> None:
    lines = {"1~0": 1}
    for number in range(100):
        fair.world.sell(f"cup-{number}", main=1)
        fair.map(f"{number + 2}~0", **{f"cup-{number}": 1})
        lines[f"{number + 2}~0"] = 1
    with pytest.raises(OrderTooLarge):
        apply_order(fair.intake, fair.shop, fair.order("A1", lines=lines), heard_by="poll")
    assert fair.world.level().available == 10


def test_a_push_without_lines_fetches_the_order(fair: Fair) -> None:
    fair.order("A1", lines={"1~0": 2})
    fair.market.deliveries.append((OrderChanged(order_id="A1"),))
    apply_delivery(fair.intake, fair.delivered())

    assert fair.world.level().committed == 2


def test_a_push_that_comes_before_the_order_can_be_fetched_comes_again(fair: Fair) -> None:
    fair.market.deliveries.append((OrderChanged(order_id="A1"),))
    with pytest.raises(Unavailable):
        apply_delivery(fair.intake, fair.delivered())


def test_a_push_for_another_shop_of_the_same_app_is_left_to_that_shops_polling(fair: Fair) -> None:
    fair.market.sheet = replace(SHEET, webhook=SHOPEE.webhook)
    account = fair.accounts.read(fair.key)
    fair.accounts.kept[fair.key] = replace(account, members={"shop_id": "8"})
    fair.market.deliveries.append((OrderChanged(order_id="B1", shop_there="9"),))
    apply_delivery(fair.intake, fair.delivered())
    assert fair.world.counted["ForAnotherShop"] == 1

    # What can be fetched is this shop's, whatever a secret says of its id; and what is its own comes again.
    fair.order("A1", lines={"1~0": 2})
    fair.market.deliveries.append((OrderChanged(order_id="A1", shop_there="9"),))
    apply_delivery(fair.intake, fair.delivered())
    assert fair.world.level().committed == 2
    fair.market.deliveries.append((OrderChanged(order_id="A2", shop_there="8"),))
    with pytest.raises(Unavailable):
        apply_delivery(fair.intake, fair.delivered())


def test_what_a_shop_says_to_people_becomes_an_incident(fair: Fair) -> None:
    fair.market.deliveries.append((ShopSaid(what="authorisation_ending", detail="in 7 days"),))
    apply_delivery(fair.intake, fair.delivered())

    assert incidents(fair) == [Kind.SHOP_SAID]


def test_a_message_of_a_kind_nobody_knows_is_refused(fair: Fair) -> None:
    with pytest.raises(Refused):
        apply_delivery(fair.intake, {"channel": "shopee", "shop": "hanoi", "kind": "weather"})


def test_a_message_for_a_removed_shop_is_for_nobody(fair: Fair) -> None:
    message = fair.tell(fair.order("A1"))
    fair.world.context.ledger.shops.delete(fair.key)
    apply_delivery(fair.intake, message)

    assert fair.world.level().available == 10


def test_a_lost_reply_does_not_apply_an_order_twice(fair: Fair) -> None:
    fair.world.table.after(any_transaction, lose_reply)
    message = fair.tell(fair.order("A1", lines={"1~0": 2}))
    with pytest.raises(Unavailable):
        apply_delivery(fair.intake, message)
    apply_delivery(fair.intake, message)

    assert fair.world.level().committed == 2


def test_a_crash_after_the_write_does_not_apply_an_order_twice(fair: Fair) -> None:
    fair.world.table.after(any_transaction, crash)
    message = fair.tell(fair.order("A1", lines={"1~0": 2}))
    with pytest.raises(Crash):
        apply_delivery(fair.intake, message)
    apply_delivery(fair.intake, message)

    assert fair.world.level().committed == 2
    assert fair.world.faults() == []


def test_two_workers_with_different_news_settle_to_the_newest(fair: Fair) -> None:
    placed = fair.order("A1", lines={"1~0": 2})
    later(fair)
    gone = fair.order("A1", Stage.CANCELLED, lines={"1~0": OrderLine(listing="1~0", ordered=2, cancelled=2)})
    fair.world.table.before(any_transaction, lambda: told(fair, gone))
    record = told(fair, placed)

    assert record.state is State.RELEASED
    assert fair.world.level().available == 10


def test_the_delay_of_an_order_is_kept_and_so_is_how_it_was_heard_of(fair: Fair) -> None:
    first, second = fair.order("A1"), fair.order("A2")
    later(fair, 100)
    told(fair, first)
    told(fair, second, heard_by="poll")
    delays = fair.world.context.ledger.shops.delays(fair.key)

    assert delays.heard == {"webhook": 1, "poll": 1}
    assert sum(sum(week.values()) for week in delays.weeks.values()) == 2


def test_the_audit_agrees_with_orders_that_came_back_and_were_set_aside(fair: Fair) -> None:
    told(fair, fair.order("A1", Stage.SHIPPED, lines={"1~0": 4}))
    told(fair, fair.order("A2", lines={"1~0": 2}))
    later(fair)
    told(fair, fair.order("A1", Stage.SHIPPED, lines={"1~0": OrderLine(listing="1~0", ordered=4, returned=1)}))
    told(fair, fair.order("A2", lines={"1~0": OrderLine(listing="1~0", ordered=2, withheld=1)}))
    fair.world.move("count-1", "kettle", Type.COUNT, 7)
    fair.world.stream()
    fair.world.clock.forward(hours=1)
    audited = fair.world.audit()

    assert (audited.levels, audited.off) == (1, [])


def test_a_shortage_names_the_newest_orders_it_leaves_without_units(fair: Fair) -> None:
    for number, units in enumerate((6, 3, 4, 2)):
        told(fair, fair.order(f"A{number}", lines={"1~0": units}))
        later(fair)
    fair.world.stream()
    [found], _ = list_incidents(fair.world.context, is_open=True, limit=50, start=None)
    assert found.orders == ("shopee:hanoi:A2", "shopee:hanoi:A3")

    gone = {"1~0": OrderLine(listing="1~0", ordered=4, cancelled=4)}
    told(fair, fair.order("A2", Stage.CANCELLED, lines=gone))
    [found], _ = list_incidents(fair.world.context, is_open=True, limit=50, start=None)
    assert found.orders == ("shopee:hanoi:A3",)
