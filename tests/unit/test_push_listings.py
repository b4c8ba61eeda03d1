"""Pushes: what reaches the marketplace, what is kept of it, and what comes again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import NoReturn

import pytest

from holdfast.channels.protocol import ChannelError
from holdfast.channels.sheet import Kind
from holdfast.domain.errors import Unavailable
from holdfast.domain.listing import ListingKey
from holdfast.domain.passport import ACKNOWLEDGED, SENT
from holdfast.domain.push import PushState, begun
from holdfast.domain.sync import Rules, SyncMode
from holdfast.services.sync.ask_pushes import Wish, ask
from holdfast.services.sync.push_listings import Delivery, push_listings
from holdfast.store.table import Cancelled
from tests.support.faults import Call, Crash, crash, lose_reply, refuse, single_write
from tests.support.market import SHEET
from tests.support.sync_floor import LIMITS, LISTING, SyncFloor


def refused(kind: Kind, code: str = "no", retry_after_s: float | None = None) -> ChannelError:
    return ChannelError(kind, code, "as the test has it", retry_after_s=retry_after_s)


def floor_with(units: int = 10, **rules: object) -> SyncFloor:
    floor = SyncFloor(rules=Rules(mode=SyncMode.CONTINUOUS, **rules))  # type: ignore[arg-type]  # fields of rules
    floor.stock("kettle", units)
    return floor


def test_a_change_reaches_the_marketplace_and_is_acknowledged() -> None:
    floor = floor_with(10, ratio=50)
    floor.settle()
    assert floor.shows() == 5
    assert floor.state().known == 5
    assert floor.shelf.pushed == [(LISTING, 5)]


def test_the_number_is_read_when_it_is_pushed_and_not_when_it_was_asked_for() -> None:
    floor = floor_with(10)
    floor.stream()
    floor.count(3)
    floor.work()
    assert floor.shelf.pushed == [(LISTING, 3)]


def test_an_equal_target_is_not_sent_again() -> None:
    floor = floor_with(10)
    floor.settle()
    floor.count(12)
    floor.stream()
    floor.count(10)
    floor.settle()
    assert floor.shelf.pushed == [(LISTING, 10)]
    assert floor.world.counted["PushesEqual"] == 1


def test_a_message_that_comes_twice_pushes_once() -> None:
    floor = floor_with(10)
    floor.stream()
    [waiting] = floor.box.waiting
    floor.box.send_many([waiting.message])
    floor.settle()
    assert floor.shelf.pushed == [(LISTING, 10)]


def test_a_change_while_a_push_is_on_its_way_is_pushed_after_it() -> None:
    floor = floor_with(10)
    floor.stream()

    def meanwhile() -> None:
        floor.count(4)
        floor.stream()
        floor.work()  # another worker finds the listing taken
        assert len(floor.shelf.batches) == 1

    floor.shelf.meanwhile.append(meanwhile)
    floor.settle()
    # Once more at the end: the ten may have been said yes to before they were shown.
    assert floor.shelf.pushed == [(LISTING, 10), (LISTING, 4), (LISTING, 4)]


def test_a_change_while_a_push_is_on_its_way_does_not_wait_for_what_may_come_late() -> None:
    floor = floor_with(10)
    floor.settle()
    floor.count(4)
    floor.stream()

    def meanwhile() -> None:
        floor.count(0)
        floor.stream()
        floor.work()  # another worker finds the listing taken

    # The ten may have been said yes to before it was shown, so the four is to be pushed once more after the horizon.
    floor.shelf.meanwhile.append(meanwhile)
    changed = floor.clock()
    while floor.shows() != 0:
        floor.shelf.apply(floor.clock())
        if not floor.work():
            floor.clock.now = max(floor.clock(), min(each.visible_at for each in floor.box.waiting))
    assert floor.clock() - changed <= timedelta(seconds=10)
    floor.settle()
    assert floor.shows() == 0


def test_a_change_that_was_looked_at_while_a_push_was_settled_does_not_wait_for_what_may_come_late() -> None:
    floor = floor_with(10)
    floor.settle()
    floor.count(4)
    floor.stream()
    looked_at: list[PushState] = []
    floor.shelf.meanwhile.append(lambda: looked_at.append(floor.state()))
    floor.work()
    assert floor.state().confirming(floor.clock())
    floor.count(0)
    assert ask(floor.planning(), [Wish(state=looked_at[0], id="zero", why="none are left")]) == 1
    floor.work()
    assert floor.shelf.pushed[-1] == (LISTING, 0)


def test_a_passing_failure_is_tried_again_later_and_later_until_it_passes() -> None:
    floor = floor_with(10)
    floor.shelf.refuses[LISTING] = [refused(Kind.PASSING) for _ in range(4)]
    floor.stream()
    waits: list[float] = []
    while not floor.shelf.pushed:
        floor.work()
        for each in floor.box.waiting:
            waits.append((each.visible_at - floor.clock()).total_seconds())
            floor.clock.now = each.visible_at
    assert waits == [3.75, 7.5, 15, 30]
    assert floor.state().attempts == 0


def test_what_the_marketplace_asks_for_is_waited_for() -> None:
    floor = floor_with(10)
    floor.shelf.refuses[LISTING] = [refused(Kind.PASSING, "http_429", retry_after_s=120)]
    floor.stream()
    floor.work()
    [waiting] = floor.box.waiting
    assert 120 <= (waiting.visible_at - floor.clock()).total_seconds() <= 132
    floor.settle()
    assert floor.shows() == 10


@pytest.mark.parametrize("of_the_shop", [False, True])
def test_a_marketplace_that_asks_for_a_second_and_refuses_for_an_hour_is_not_asked_each_second(
    *, of_the_shop: bool
) -> None:
    floor = floor_with(10)
    busy = [refused(Kind.PASSING, "http_429", retry_after_s=1) for _ in range(1_000)]
    if of_the_shop:
        floor.shelf.fails = busy
    else:
        floor.shelf.refuses[LISTING] = busy
    floor.stream()
    ends = floor.clock() + timedelta(hours=1)
    while floor.clock() < ends:
        floor.work()
        floor.clock.now = max(floor.clock(), min(each.visible_at for each in floor.box.waiting))
    assert floor.shelf.calls.count("push_stock") < 15


def test_one_refused_item_of_a_batch_does_not_hold_up_the_others() -> None:
    floor = floor_with(10)
    floor.stock("cup", 7, listing="2~0")
    floor.shelf.refuses["2~0"] = [refused(Kind.FINAL, "error_item_not_found")]
    floor.settle()
    assert floor.shows() == 10
    state = floor.state("2~0")
    assert state.blocked is not None
    assert state.blocked.code == "error_item_not_found"
    kinds = [item["kind"] for key, item in floor.world.raw.items.items() if key.sk == "INCIDENT"]
    assert kinds == ["listing_blocked"]
    floor.count(9, "cup")
    floor.settle()
    assert floor.shelf.pushed == [(LISTING, 10)]


def test_a_whole_call_that_is_refused_for_good_blocks_only_the_listing_it_means() -> None:
    floor = floor_with(10)
    floor.stock("cup", 7, listing="2~0")
    floor.shelf.fails = [refused(Kind.FINAL, "bad_listing"), refused(Kind.FINAL, "bad_listing")]
    floor.settle()
    assert [floor.state("2~0").blocked is None, floor.state().blocked is None] == [False, True]
    assert floor.shows() == 10


def test_a_refused_token_is_refreshed_once_and_the_push_goes_out() -> None:
    floor = floor_with(10)
    floor.shelf.accepts = "another"
    floor.settle()
    assert floor.shelf.refreshed == 1
    assert floor.shows() == 10


def test_a_shop_that_must_be_connected_anew_is_left_alone_and_loses_nothing() -> None:
    floor = floor_with(10)
    floor.shelf.accepts, floor.shelf.good_refresh = "another", "lost"
    floor.stream()
    floor.work()
    calls = len(floor.shelf.calls)
    floor.clock.forward(minutes=20)
    floor.work()
    assert len(floor.shelf.calls) == calls
    floor.shelf.accepts = None
    floor.settle()
    assert floor.shows() == 10


def test_a_promotions_lock_is_told_and_tried_until_it_ends() -> None:
    floor = floor_with(10)
    floor.shelf.refuses[LISTING] = [refused(Kind.PROMOTION_LOCK, "locked") for _ in range(3)]
    start = floor.clock()
    floor.settle()
    assert floor.shows() == 10
    assert floor.clock() - start >= timedelta(seconds=3 * 0.9 * LIMITS.parked_s)
    incidents = [item for key, item in floor.world.raw.items.items() if key.sk == "INCIDENT"]
    assert [(each["kind"], each["list"]) for each in incidents] == [("listing_locked", "incidents#closed")]


def _of_incidents(call: Call) -> bool:
    return any(action.key.sk == "INCIDENT" for action in call.actions)


def _busy() -> None:
    raise Cancelled([None, None], busy=True)


@pytest.mark.parametrize("fault", [refuse, lose_reply, _busy])
@pytest.mark.parametrize("locked", [1, 2])
def test_what_a_person_is_told_does_not_part_from_what_it_tells_of(fault: Callable[[], None], locked: int) -> None:
    """The write that tells fails once: that the lock was met, or that it has ended."""
    floor = floor_with(10)
    floor.shelf.refuses[LISTING] = [refused(Kind.PROMOTION_LOCK, "locked") for _ in range(2)]
    hook = floor.world.table.after if fault is lose_reply else floor.world.table.before
    hook(_of_incidents, fault, skip=locked - 1)
    told: list[bool] = []
    for _ in range(90):
        floor.stream()
        floor.work()
        told.append(floor.open_incidents() == ["listing_locked"])
        assert told[-1] == (floor.state().failed == "locked")
        floor.clock.forward(minutes=1)
    assert floor.world.table.waiting == 0
    assert any(told)
    assert not told[-1]
    assert floor.shows() == 10


def test_a_days_quota_rests_the_shop_until_there_are_new_calls() -> None:
    floor = floor_with(10)
    floor.shelf.sheet = replace(SHEET, quota_resets="00:00 UTC+8")
    floor.shelf.fails = [refused(Kind.DAILY_QUOTA, "error_limit")]
    floor.settle()
    assert floor.shows() == 10
    assert floor.clock().isoformat() >= "2026-03-04T16:00"
    assert floor.shelf.calls.count("push_stock") == 2


def test_an_answer_that_was_lost_is_settled_by_a_push_after_the_horizon() -> None:
    floor = floor_with(10)
    floor.shelf.lose = [refused(Kind.UNKNOWN, "timeout")]
    floor.stream()
    floor.work()
    assert floor.state().known is None
    sent = floor.clock()
    floor.settle()
    assert floor.state().known == 10
    assert floor.clock() >= sent + timedelta(seconds=LIMITS.horizon_s)
    assert {quantity for _, quantity in floor.shelf.pushed} == {10}


def test_a_push_that_is_applied_late_does_not_stay_over_a_newer_one() -> None:
    floor = floor_with(10)
    floor.shelf.lag, floor.shelf.lose = [100], [refused(Kind.UNKNOWN, "timeout")]
    floor.stream()
    floor.work()
    floor.count(2)
    floor.settle()
    assert floor.shows() == 2
    assert (LISTING, 10) in floor.shelf.pushed


def test_zero_goes_out_first_and_then_what_is_about_to_sell_out() -> None:
    floor = SyncFloor(rules=Rules(mode=SyncMode.CONTINUOUS))
    floor.shelf.sheet = replace(SHEET, batch=1)
    for number, units in enumerate((50, 3, 0, 7)):
        floor.stock(f"good-{number}", units or 1, listing=f"{number}~0")
        if not units:
            floor.count(0, f"good-{number}")
    floor.stream()
    floor.work()
    assert [quantity for _, quantity in floor.shelf.pushed] == [0, 3, 7, 50]


def test_a_shops_calls_stay_within_its_budget_and_none_is_lost() -> None:
    floor = SyncFloor(rules=Rules(mode=SyncMode.CONTINUOUS))
    floor.shelf.sheet = replace(SHEET, batch=1, calls_per_second=2)
    for number in range(20):
        floor.stock(f"good-{number}", 5, listing=f"{number}~0")
    start = floor.clock()
    floor.settle()
    assert len(floor.shelf.pushed) == 20
    assert floor.clock() - start >= timedelta(seconds=9)
    assert max(each for each in floor.slept) <= 0.5


@pytest.mark.parametrize(("paused_units", "shown"), [(4, 10), (0, 0)])
def test_a_paused_shop_is_told_nothing_but_zero(paused_units: int, shown: int) -> None:
    floor = floor_with(10)
    floor.settle()
    floor.fair.connect(paused=True)
    floor.count(paused_units)
    floor.settle()
    assert floor.shows() == shown


def test_a_pause_that_is_saved_just_before_the_lease_is_taken_holds() -> None:
    floor = floor_with(10)
    floor.stream()
    floor.world.table.before(single_write, lambda: floor.fair.connect(paused=True))
    floor.work()
    assert floor.world.table.waiting == 0
    assert floor.shelf.pushed == []


def test_a_stock_home_is_never_told_its_own_stock() -> None:
    floor = floor_with(10)
    floor.fair.connect(stock_home=True)
    floor.settle()
    assert floor.shelf.calls == []


def test_a_listing_whose_level_does_not_add_up_waits_for_its_repair_and_holds_up_nobody() -> None:
    floor = floor_with(10)
    floor.stock("cup", 7, listing="2~0")
    floor.stream()
    [broken] = [item for item in floor.world.raw.items.values() if item["pk"] == "SKU#kettle" and "wheel" in item]
    broken["available"] += 1
    floor.work()
    assert floor.shelf.pushed == [("2~0", 7)]
    broken["available"] -= 1
    floor.settle()
    assert floor.shows() == 10


def test_a_removed_listing_is_forgotten_and_a_removed_shop_told_nothing() -> None:
    floor = floor_with(10)
    floor.stream()
    ledger = floor.world.context.ledger
    ledger.listings.delete(ledger.listings.get(ListingKey(floor.shop, LISTING)))
    floor.settle()
    assert floor.state().fence == 0
    floor.stock("cup", 7, listing="2~0")
    floor.stream()
    ledger.shops.delete(floor.shop)
    floor.settle()
    assert floor.shelf.pushed == []
    assert floor.state("2~0").asked is None
    floor.fair.connect()
    floor.count(5, "cup")
    floor.settle()
    assert floor.shelf.pushed == [("2~0", 5)]


def test_a_secret_that_is_out_of_reach_is_no_push_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    floor = floor_with(10)

    def out_of_reach(*_: object, **__: object) -> NoReturn:
        raise Unavailable("the secret was out of reach")

    monkeypatch.setattr(type(floor.fair.accounts), "read", out_of_reach)
    floor.stream()
    floor.work()
    assert floor.state().failed == "unavailable: the secret was out of reach"
    [passport] = floor.world.context.ledger.passports.newest(floor.state().key, at=floor.clock(), limit=5)
    assert passport.answer == "unavailable"
    monkeypatch.undo()
    floor.settle()
    assert floor.shows() == 10


# ---- Passports


def test_each_number_keeps_what_it_was_made_of_and_what_was_answered() -> None:
    floor = floor_with(13, ratio=50, threshold=5)
    floor.world.hold("order-1", quantity=1)
    floor.settle()
    [passport] = floor.world.context.ledger.passports.newest(floor.state().key, at=floor.clock(), limit=5)
    assert (passport.quantity, passport.sellable, passport.offered, passport.answer) == (6, 12, 6, ACKNOWLEDGED)
    [level] = passport.levels
    assert (level.sku, level.free, level.reserved, level.version) == ("kettle", 12, 1, 2)
    assert passport.because.startswith("kettle at main changed")


def test_a_number_without_an_answer_has_a_passport_too() -> None:
    floor = floor_with(10)
    floor.shelf.lose = [refused(Kind.UNKNOWN, "timeout")]
    floor.stream()
    floor.work()
    [passport] = floor.world.context.ledger.passports.newest(floor.state().key, at=floor.clock(), limit=5)
    assert passport.answer == SENT
    assert passport.detail.startswith("timeout")


def test_a_refused_number_keeps_the_refusal_and_passports_go_after_thirty_days() -> None:
    floor = floor_with(10)
    floor.shelf.refuses[LISTING] = [refused(Kind.FINAL, "error_item_uneditable")]
    floor.settle()
    [item] = [item for key, item in floor.world.raw.items.items() if key.pk.startswith("PASSPORT#")]
    assert item["answer"] == "error_item_uneditable"
    assert item["ttl"] == int((floor.clock() + timedelta(days=30)).timestamp())


# ---- Workers that die, and answers that come too late


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("write", range(6))
def test_a_worker_that_is_killed_at_any_write_loses_nothing(when: str, write: int) -> None:
    floor = floor_with(10)
    floor.stock("cup", 7, listing="2~0")
    floor.stream()
    hook = floor.world.table.before if when == "before" else floor.world.table.after
    hook(lambda call: call.writes, crash, skip=write)
    with pytest.raises(Crash):
        floor.work()
    floor.count(4)
    floor.settle()
    assert (floor.shows(), floor.shows("2~0")) == (4, 7)
    assert (floor.state().known, floor.state("2~0").known) == (4, 7)


def test_an_answer_that_comes_after_the_lease_has_passed_on_changes_nothing() -> None:
    floor = floor_with(10)
    floor.stream()
    pushes, state = floor.world.context.ledger.pushes, floor.state()
    first = pushes.begin(state, begun(state, now=floor.clock(), limits=LIMITS))
    floor.clock.forward(seconds=LIMITS.lease_s)
    second = pushes.begin(first, begun(first, now=floor.clock(), limits=LIMITS))
    assert not pushes.settle(first, replace(first, lease_until=None, acknowledged=10))
    assert floor.state() == second
    assert second.unsettled_until == floor.clock() + timedelta(seconds=LIMITS.horizon_s)


def test_two_workers_that_find_the_same_request_do_not_both_begin_it() -> None:
    floor = floor_with(10)
    floor.stream()
    pushes, state = floor.world.context.ledger.pushes, floor.state()
    assert pushes.begin(state, begun(state, now=floor.clock(), limits=LIMITS)) is not None
    assert pushes.begin(state, begun(state, now=floor.clock(), limits=LIMITS)) is None


def test_a_worker_without_enough_time_sends_nothing_and_leaves_it_to_the_next() -> None:
    floor = floor_with(10)
    floor.stream()
    push_listings(floor.syncing(), [Delivery(id="m", message=floor.box.waiting[0].message)], time_is_short=lambda: True)
    assert floor.shelf.calls == []
    floor.settle()
    assert floor.shows() == 10
