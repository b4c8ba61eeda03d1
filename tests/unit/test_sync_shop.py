"""A shop's run: what differs is asked for, once a level is read, once a day the marketplace is looked at."""

from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal

import pytest

from holdfast.channels.protocol import ChannelError, Shown
from holdfast.channels.sheet import Kind
from holdfast.domain.errors import UnknownShop
from holdfast.domain.listing import Listing, ListingKey
from holdfast.domain.market import Part
from holdfast.domain.policy import Sku
from holdfast.domain.shop import ShopKey
from holdfast.domain.sync import Overrides, Rules, SyncMode
from holdfast.services.stock.look_up import list_incidents
from holdfast.services.sync import sync_shop
from holdfast.services.sync.sync_shop import sync_now
from tests.support.market import SHEET
from tests.support.sync_floor import LISTING, SyncFloor

DAILY, SESSION, CONTINUOUS = SyncMode.DAILY, SyncMode.SESSION, SyncMode.CONTINUOUS
QUARTER = timedelta(minutes=15)


def floor_of(mode: SyncMode = SESSION, **more: object) -> SyncFloor:
    """A shop with runs that shows its ten kettles."""
    floor = SyncFloor(rules=Rules(mode=mode))
    floor.set(Rules(mode=mode), **more)
    floor.stock("kettle", 10)
    run(floor)
    return floor


def run(floor: SyncFloor, name: str = "run-1") -> None:
    floor.run(name)
    floor.clock.forward(minutes=1)
    floor.settle()


def later(floor: SyncFloor, **time_passed: float) -> None:
    floor.clock.forward(**time_passed)
    run(floor, f"run at {floor.clock()}")


def test_a_run_asks_for_what_differs_and_for_nothing_else() -> None:
    floor = floor_of()
    floor.stock("cup", 7, listing="2~0")
    floor.clock.forward(minutes=15)
    ran = floor.run("run-2")
    assert (ran.listings, ran.differ, ran.asked) == (2, 1, 1)
    floor.clock.forward(minutes=1)
    floor.settle()
    assert floor.shelf.pushed == [(LISTING, 10), ("2~0", 7)]


def test_a_run_that_is_tried_again_sends_again_and_a_second_run_does_not() -> None:
    floor = floor_of()
    floor.clock.forward(minutes=15)
    floor.count(8)
    floor.run("run-2")
    floor.run("run-2")
    assert len(floor.box.waiting) == 2
    floor.run("run-3")
    assert len(floor.box.waiting) == 2
    floor.clock.forward(minutes=1)
    floor.settle()
    assert floor.shelf.pushed == [(LISTING, 10), (LISTING, 8)]


def test_pushes_of_a_run_begin_at_the_shops_own_second() -> None:
    floor = floor_of()
    floor.count(8)
    floor.run("run-2")
    [waiting] = floor.box.waiting
    assert 0 < (waiting.visible_at - floor.clock()).total_seconds() < 60


def test_a_listing_that_is_pushed_daily_waits_for_the_first_run_after_its_time() -> None:
    # Noon in Greenwich is 19:00 in Hanoi; its daily time is a quarter past seven in the evening.
    floor = floor_of(at=time(19, 30))
    floor.world.context.ledger.pushes.put_own(floor.state().key, Overrides(mode=DAILY))
    floor.count(8)
    later(floor, minutes=14)
    assert floor.shows() == 10
    later(floor, minutes=30)
    assert floor.shows() == 8
    floor.count(6)
    later(floor, minutes=15)
    assert floor.shows() == 8


def test_a_paused_shops_run_pushes_zero_and_nothing_else_and_resuming_catches_up() -> None:
    floor = floor_of()
    floor.stock("cup", 7, listing="2~0")
    later(floor, minutes=15)
    floor.set(Rules(mode=SESSION, push_at_threshold=False))
    floor.fair.connect(paused=True)
    floor.count(8)
    floor.count(0, "cup")
    later(floor, minutes=15)
    assert (floor.shows(), floor.shows("2~0")) == (10, 0)
    floor.fair.connect(paused=False)
    sync_now(floor.planning(), floor.shop, why="the shop was resumed")
    floor.settle()
    assert floor.shows() == 8


def test_sync_now_tries_again_what_was_given_up() -> None:
    floor = SyncFloor()
    floor.stock("kettle", 10)
    floor.shelf.refuses[LISTING] = [ChannelError(Kind.FINAL, "error_item_not_found", "gone")]
    floor.settle()
    floor.run("run-2")
    floor.clock.forward(minutes=1)
    floor.settle()
    assert floor.shelf.pushed == []
    assert sync_now(floor.planning(), floor.shop, listing=LISTING).asked == 1
    floor.settle()
    assert floor.shows() == 10
    assert floor.state().blocked is None


def test_sync_now_asks_for_so_many_at_once_and_says_how_many_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_shop, "MOST_ASKED_AT_ONCE", 2)
    floor = SyncFloor(rules=Rules(mode=SESSION))
    for number in range(5):
        floor.stock(f"good-{number}", 5, listing=f"{number}~0")
    calls = [sync_now(floor.planning(), floor.shop) for _ in range(4)]
    assert [(ran.differ, ran.asked, ran.left) for ran in calls] == [(5, 2, 3), (3, 2, 1), (1, 1, 0), (0, 0, 0)]


def test_sync_now_does_not_wait_for_the_next_try_of_what_failed_and_is_pushed_once() -> None:
    floor = SyncFloor()
    floor.stock("kettle", 10)
    floor.shelf.refuses[LISTING] = [ChannelError(Kind.PROMOTION_LOCK, "locked", "a promotion keeps it")]
    floor.stream()
    floor.work()
    assert floor.state().failed == "locked"
    ended = floor.clock()
    assert sync_now(floor.planning(), floor.shop).asked == 1
    floor.work()
    assert floor.shows() == 10
    assert floor.clock() - ended < timedelta(seconds=1)
    floor.settle()
    assert floor.shelf.pushed == [(LISTING, 10)]


def test_a_run_takes_up_a_push_that_failed_and_whose_next_try_gave_way_to_a_request_that_was_lost() -> None:
    floor = SyncFloor()
    floor.stock("kettle", 10)
    floor.settle()
    floor.shelf.refuses[LISTING] = [ChannelError(Kind.PROMOTION_LOCK, "locked", "a promotion keeps it")]
    floor.count(4)
    floor.stream()
    floor.work()
    waits = floor.state().asked
    assert waits is not None
    floor.world.context.ledger.pushes.take_back(floor.state().key, waits.id)
    floor.count(10)
    floor.stream()
    floor.clock.forward(hours=1)
    assert floor.run().asked == 1
    floor.settle()
    assert floor.state().failed is None
    assert list_incidents(floor.world.context, is_open=True, limit=5, start=None)[0] == []


def test_only_a_shop_that_is_known_can_be_synced() -> None:
    with pytest.raises(UnknownShop):
        sync_now(SyncFloor().planning(), ShopKey("shopee", "saigon"))


def test_a_removed_shop_and_a_stock_home_have_no_runs() -> None:
    floor = floor_of()
    floor.count(8)
    floor.fair.connect(stock_home=True)
    assert floor.run("run-2").listings == 0
    floor.world.context.ledger.shops.delete(floor.shop)
    assert floor.run("run-3").listings == 0


# ---- Reading back


def test_once_a_day_what_is_shown_is_compared_with_what_was_acknowledged() -> None:
    floor = floor_of(verify_percent=100)
    later(floor, hours=24)
    floor.shelf.shown[LISTING] = Shown(listing=LISTING, quantity=25)  # somebody typed it in
    later(floor, hours=1)
    assert floor.shows() == 25
    later(floor, hours=24)
    assert floor.shows() == 10
    assert floor.world.counted["ListingsDrifted"] == 1


def test_what_was_acknowledged_and_is_not_shown_yet_is_not_taken_for_drift() -> None:
    floor = floor_of(verify_percent=100)
    later(floor, hours=23)
    floor.count(4)
    floor.shelf.lag = [100.0]  # it says yes, and shows it later
    floor.run("run-2")
    floor.clock.forward(minutes=1)
    floor.work()
    assert (floor.state().acknowledged, floor.shows()) == (4, 10)

    floor.clock.forward(seconds=30)
    floor.world.context.ledger.syncs.note(floor.shop, verified_at=None)
    assert floor.run("run-3").drifted == 0
    assert floor.state().acknowledged == 4


def test_what_shows_too_little_may_have_been_sold_and_is_raised_by_the_next_run_only() -> None:
    floor = floor_of(verify_percent=100)
    later(floor, hours=24)
    floor.shelf.shown[LISTING] = Shown(listing=LISTING, quantity=9)
    later(floor, hours=24)
    assert floor.shows() == 9
    later(floor, minutes=15)
    assert floor.shows() == 10


def test_a_listing_that_the_marketplace_does_not_know_any_more_is_told_to_a_person() -> None:
    floor = floor_of(verify_percent=100)
    floor.shelf.shown.clear()
    later(floor, hours=24)
    state = floor.state()
    assert state.blocked is not None
    assert state.blocked.code == "not_there"


def test_what_was_refused_for_good_is_tried_again_once_a_day() -> None:
    floor = floor_of()
    floor.count(8)
    refused = ChannelError(Kind.FINAL, "error_item_uneditable", "under review")
    floor.shelf.refuses[LISTING] = [refused, refused]
    later(floor, minutes=15)
    calls = floor.shelf.calls.count("push_stock")
    for _ in range(20):
        later(floor, hours=1)
    assert floor.shelf.calls.count("push_stock") == calls, "not each hour"
    later(floor, hours=4)
    assert (floor.shows(), floor.state().blocked is None) == (10, False)
    assert floor.shelf.calls.count("push_stock") == calls + 1
    later(floor, hours=24)
    assert (floor.shows(), floor.state().blocked) == (8, None)


def test_a_listing_that_is_there_again_is_pushed_the_next_day_and_its_incident_is_closed() -> None:
    floor = floor_of(verify_percent=100)
    there = floor.shelf.shown.pop(LISTING)
    later(floor, hours=24)
    floor.shelf.shown[LISTING] = there
    later(floor, hours=24)
    assert floor.state().blocked is None
    assert floor.state().acknowledged == 10
    [told] = [item for key, item in floor.world.raw.items.items() if key.sk == "INCIDENT"]
    assert told["list"].endswith("closed")


def test_a_sample_is_another_one_each_day_and_all_are_looked_at_in_the_end() -> None:
    floor = SyncFloor(rules=Rules(mode=SESSION))
    floor.set(Rules(mode=SESSION), verify_percent=20)
    for number in range(40):
        floor.stock(f"good-{number}", 5, listing=f"{number}~0")
    run(floor)
    looked: list[int] = []
    for day in range(25):
        floor.clock.forward(hours=24)
        looked.append(floor.run(f"day-{day}").read_back)
    assert all(0 < each < 24 for each in looked)
    assert 25 * 40 * 0.12 < sum(looked) < 25 * 40 * 0.28


def test_a_listing_that_is_there_again_is_pushed_when_a_person_syncs_it_though_its_target_is_the_same() -> None:
    floor = floor_of(verify_percent=100)
    shown = floor.shelf.shown.pop(LISTING)
    later(floor, hours=24)
    floor.run("run-2")
    assert floor.state().blocked is not None

    floor.shelf.shown[LISTING] = replace(shown, quantity=3)
    assert sync_now(floor.planning(), floor.shop).asked == 1
    floor.settle()
    assert floor.shows() == 10
    assert floor.state().blocked is None


def test_a_marketplace_that_does_not_answer_is_looked_at_by_the_next_run_and_holds_up_no_push() -> None:
    floor = floor_of(verify_percent=100)
    floor.count(8)
    floor.clock.forward(hours=24)
    floor.shelf.fails = [ChannelError(Kind.PASSING, "http_503", "down")]
    ran = floor.run("run-2")
    assert (ran.read_back, ran.asked, ran.finished) == (0, 1, False)
    floor.clock.forward(minutes=1)
    floor.settle()
    floor.clock.forward(minutes=15)
    assert floor.run("run-3").read_back == 1


# ---- Prices


def price(floor: SyncFloor, amount: int) -> None:
    key = ListingKey(floor.shop, LISTING)
    ledger = floor.world.context.ledger
    before = ledger.listings.get(key)
    priced = Listing(key=key, parts=(Part("kettle", 1),), price=Decimal(amount), currency="VND")
    ledger.listings.put(priced, before=before)


def test_a_price_is_pushed_like_a_number_and_one_that_falls_too_far_waits_for_a_person() -> None:
    floor = floor_of()
    price(floor, 100_000)
    later(floor, minutes=15)
    assert floor.shelf.prices == {LISTING: "100000 VND"}
    price(floor, 10_000)
    floor.count(9)
    later(floor, minutes=15)
    assert floor.shelf.prices == {LISTING: "100000 VND"}
    assert floor.shows() == 9
    kinds = [item["kind"] for key, item in floor.world.raw.items.items() if key.sk == "INCIDENT"]
    assert kinds == ["price_waits"]
    floor.world.context.ledger.pushes.approve(floor.state().key, Decimal(10_000))
    later(floor, minutes=15)
    assert floor.shelf.prices == {LISTING: "10000 VND"}


# ---- Ten thousand listings


@pytest.mark.parametrize(
    ("count", "batch", "one_product"),
    [(10_000, 20, False), (1_000, 50, True), (1_000, 100, False), (1_000, 250, False)],
)
def test_ten_thousand_listings_are_planned_by_one_read_a_level_and_pushed_in_few_calls(
    count: int, batch: int, one_product: bool
) -> None:
    skus = count // 5
    floor = SyncFloor(rules=Rules(mode=SESSION))
    floor.shelf.sheet = replace(SHEET, batch=batch, batch_of_one_product=one_product, calls_per_second=1_000)
    ledger = floor.world.context.ledger
    for number in range(skus):
        ledger.levels.put_settings(Sku(sku=f"good-{number}"), now=floor.clock())
    for number in range(count):
        key = ListingKey(floor.shop, f"{number // 50}~{number % 50}")
        ledger.listings.put(Listing(key=key, parts=(Part(f"good-{number % skus}", 1),)), before=None)
    floor.news()
    before = len(floor.world.table.calls)
    ran = floor.run()
    assert (ran.listings, ran.asked, ran.levels) == (count, count, skus)
    reads = [call for call in floor.world.table.calls[before:] if not call.writes]
    assert len(reads) < 200
    floor.clock.forward(minutes=1)
    floor.settle()
    assert len(floor.shelf.shown) == count
    assert floor.shelf.calls.count("push_stock") <= count / 15
