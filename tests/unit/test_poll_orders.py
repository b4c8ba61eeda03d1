"""Polling finds what webhooks missed, and an empty answer moves nothing."""

from datetime import timedelta

import pytest

from holdfast.channels.protocol import ChannelError, OrderChanged
from holdfast.channels.sheet import Kind
from holdfast.domain.errors import Unavailable
from holdfast.domain.market import OrderLine, Stage
from holdfast.services.orders.apply_order import apply_delivery
from holdfast.services.orders.connect_shop import get_shop
from holdfast.services.orders.poll_orders import Polled, plan_polls, poll_shop
from tests.support.market import Fair


@pytest.fixture
def fair() -> Fair:
    fair = Fair()
    fair.world.sell("kettle", main=100)
    fair.map("1~0", kettle=1)
    return fair


def poll(fair: Fair) -> Polled:
    """Poll, and work off what was sent."""
    polled = poll_shop(fair.intake, fair.key)
    for message in fair.queue.take():
        apply_delivery(fair.intake, message)
    assert fair.world.faults() == []
    return polled


def test_orders_that_no_webhook_told_are_found_over_all_pages(fair: Fair) -> None:
    for number in range(5):
        fair.order(f"A{number}")
        fair.world.clock.forward(seconds=1)
    polled = poll(fair)

    assert (polled.seen, polled.missed) == (5, 5)
    assert fair.world.level().committed == 5
    assert fair.world.counted["OrdersMissedByPush"] == 5


def test_what_is_applied_already_is_not_sent_again(fair: Fair) -> None:
    fair.order("A1")
    fair.world.clock.forward(minutes=4)
    poll(fair)
    again = poll(fair)

    assert (again.seen, again.sent) == (1, 0)


def test_a_second_change_within_the_same_second_is_found(fair: Fair) -> None:
    fair.order("A1")
    poll(fair)
    fair.order("A1", Stage.CANCELLED, lines={"1~0": OrderLine(listing="1~0", ordered=1, cancelled=1)})
    poll(fair)

    assert fair.world.level().available == 100


@pytest.mark.parametrize("ahead_s", [6, 90])
def test_a_second_change_within_the_same_second_is_found_by_a_clock_that_is_ahead(fair: Fair, ahead_s: int) -> None:
    """Or when the first change was told by a copy of the marketplace that was behind: both look alike."""
    now = fair.world.clock()
    fair.order("A1", at=now)
    fair.world.clock.forward(seconds=ahead_s)
    poll(fair)
    fair.order("A1", Stage.CANCELLED, at=now, lines={"1~0": OrderLine(listing="1~0", ordered=1, cancelled=1)})
    poll(fair)

    assert fair.world.level().available == 100


def test_an_empty_page_by_mistake_loses_nothing(fair: Fair) -> None:
    poll(fair)
    fair.order("A1")
    fair.world.clock.forward(minutes=45)  # longer than the overlap
    fair.market.empty_pages = 1
    assert poll(fair).seen == 0
    fair.world.clock.forward(hours=5)
    poll(fair)

    assert fair.world.level().committed == 1


def test_after_weeks_without_polls_an_empty_window_by_mistake_loses_nothing(fair: Fair) -> None:
    fair.order("A1")
    fair.world.clock.forward(days=25)
    fair.order("A2")
    fair.market.empty_pages = 1
    poll(fair)
    fair.world.clock.forward(hours=6)
    poll(fair)

    assert fair.world.level().committed == 2
    fair.world.clock.forward(hours=6)
    assert poll(fair).seen == 1, "the long past is listed twice and no more"


def test_an_order_hidden_while_a_later_one_moved_the_cursor_is_found_by_the_long_look(fair: Fair) -> None:
    poll(fair)
    hidden = fair.order("A1")
    del fair.market.orders["A1"]
    fair.world.clock.forward(hours=3)
    fair.order("A2")
    fair.world.clock.forward(seconds=1)
    poll(fair)
    fair.market.orders["A1"] = hidden
    fair.world.clock.forward(hours=1)
    poll(fair)
    assert fair.world.level().committed == 1

    fair.world.clock.forward(hours=3)
    poll(fair)
    assert fair.world.level().committed == 2


def test_a_change_within_the_overlap_is_seen_though_a_newer_one_came_first(fair: Fair) -> None:
    fair.order("A2")
    fair.world.clock.forward(seconds=1)
    poll(fair)
    fair.order("A1", at=fair.world.clock() - timedelta(minutes=20))
    poll(fair)

    assert fair.world.level().committed == 2


def test_a_queue_of_the_marketplace_is_acknowledged_only_after_our_queue_has_its_news(fair: Fair) -> None:
    fair.order("A1", at=fair.world.clock() - timedelta(days=9))
    fair.market.queued.append(OrderChanged(order_id="A1"))

    fair.queue.down = True
    with pytest.raises(Unavailable):
        poll_shop(fair.intake, fair.key)
    assert fair.market.acknowledged == []

    fair.queue.down = False
    poll(fair)
    assert fair.market.acknowledged == ["1"]


def test_the_position_in_the_queue_is_kept(fair: Fair) -> None:
    fair.order("A1")
    fair.market.queued.append(OrderChanged(order_id="A1"))
    poll(fair)
    poll(fair)

    assert fair.market.acknowledged == ["1"]


def test_a_shop_that_fails_says_so_in_its_health_until_it_answers(fair: Fair) -> None:
    fair.market.fails = [ChannelError(Kind.PASSING, "http_503", "down")]
    with pytest.raises(ChannelError):
        poll_shop(fair.intake, fair.key)
    health = get_shop(fair.world.context, fair.key).health
    assert (health.error, health.failing_since) == ("http_503", fair.world.clock())

    poll(fair)
    health = get_shop(fair.world.context, fair.key).health
    assert (health.error, health.failing_since, health.polled_at) == (None, None, fair.world.clock())


def test_a_shop_is_planned_when_its_time_has_come(fair: Fair) -> None:
    assert plan_polls(fair.intake) == [fair.key]
    fair.world.clock.forward(seconds=60)
    assert plan_polls(fair.intake) == []
    fair.world.clock.forward(seconds=240)
    assert plan_polls(fair.intake) == [fair.key]


def test_an_order_whose_mapping_came_without_a_word_is_applied_by_the_next_poll(fair: Fair) -> None:
    fair.world.sell("mug", main=5)
    fair.order("A1", lines={"2~0": 2})
    fair.world.clock.forward(minutes=4)  # so late that no second change of its second is looked for
    poll(fair)
    fair.map("2~0", mug=1)
    fair.queue.take()  # whoever mapped it died before it said so
    poll(fair)

    assert fair.world.level("mug").committed == 2


def test_a_cancellation_that_no_webhook_told_gives_back(fair: Fair) -> None:
    fair.order("A1")
    fair.world.clock.forward(seconds=1)
    poll(fair)
    fair.order("A1", Stage.CANCELLED, lines={"1~0": OrderLine(listing="1~0", ordered=1, cancelled=1)})
    fair.world.clock.forward(seconds=1)
    poll(fair)

    assert fair.world.level().available == 100


def test_a_removed_shop_is_not_polled(fair: Fair) -> None:
    fair.world.context.ledger.shops.delete(fair.key)

    assert poll_shop(fair.intake, fair.key) == Polled()
    assert plan_polls(fair.intake) == []
