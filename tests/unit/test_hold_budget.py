"""The hold budget, as a buyer of scarce goods meets it."""

import contextlib
from dataclasses import replace
from typing import Any

import pytest

from holdfast.domain.budget import MOST_COUNTED, MOST_ENTRIES, End, Kept, Limits
from holdfast.domain.errors import HoldBudget, InsufficientStock, NotInThisState, PolicyRefused, VersionChanged
from holdfast.domain.policy import BudgetPolicy, Mode, Policy, Sku
from holdfast.domain.reservation import Reservation, State, Wanted
from holdfast.domain.risk import Actions, Facts, Force, Rule
from holdfast.services.context import Context
from holdfast.services.reservations.command_reservation import begin_payment, change, release
from holdfast.services.reservations.look_at_buyer import allow_buyer, look_at_buyer
from holdfast.services.stock.look_up import put_sku
from tests.support.faults import any_call, any_transaction, lose_reply
from tests.support.world import World

NONE = Limits()


def budget_policy(*, of_sku: Limits = NONE, of_buyer: Limits = NONE, kept: Kept = Kept.ALL, **more: object) -> Policy:
    budget = BudgetPolicy(kept=kept, of_buyer=of_buyer, of_sku=of_sku, rules=())
    return Policy(budget=replace(budget, **more))  # type: ignore[arg-type]  # fields of a BudgetPolicy


def shop(of_sku: Limits = NONE, *, of_buyer: Limits = NONE, bottles: int = 50) -> World:
    """Every SKU has a budget, with these limits."""
    world = World(policy=budget_policy(of_sku=of_sku, of_buyer=of_buyer))
    world.sell("bottle", main=bottles)
    world.sell("cork", main=bottles)
    return world


def hold(world: World, order: str, sku: str = "bottle", quantity: int = 1, **more: Any) -> Reservation:
    return world.hold(order, sku, quantity, **more).record


def refused(world: World, order: str, sku: str = "bottle", quantity: int = 1, **more: Any) -> HoldBudget:
    before = dict(world.raw.items)
    with pytest.raises(HoldBudget) as error:
        world.hold(order, sku, quantity, **more)
    held = {key: item for key, item in world.raw.items.items() if key.sk in {"RESERVATION", "BUDGET"}}
    assert held == {key: item for key, item in before.items() if key.sk in {"RESERVATION", "BUDGET"}}
    return error.value


def limits_of(error: HoldBudget) -> list[tuple[str, str | None]]:
    return [(each.limit, each.sku) for each in error.over]


# ---- Limits


def test_a_buyer_has_no_more_open_holds_than_he_may() -> None:
    world = shop(Limits(open_holds=2))
    hold(world, "first")
    hold(world, "second")

    assert limits_of(refused(world, "third")) == [("open_holds", "bottle")]
    assert hold(world, "another's", buyer_id="minh").state is State.HELD
    assert hold(world, "other goods", "cork").state is State.HELD


def test_the_buyers_own_limit_counts_all_skus() -> None:
    world = shop(of_buyer=Limits(open_holds=2))
    hold(world, "first")
    hold(world, "second", "cork")

    assert limits_of(refused(world, "third", "cork")) == [("open_holds", None)]


def test_zero_is_no_limit() -> None:
    world = shop(NONE)
    for each in range(20):
        hold(world, f"order {each}")

    assert world.level("bottle").reserved == 20


def test_an_order_that_holds_nothing_before_it_is_paid_ties_up_nothing() -> None:
    world = shop(Limits(open_holds=1))
    world.sell("poster", mode=Mode.ON_PAYMENT, main=50)
    hold(world, "first", "poster")

    assert hold(world, "second", "poster").state is State.OPEN
    assert not [key for key in world.raw.items if key.sk == "BUDGET"]


def test_a_paid_or_released_hold_makes_room_at_once() -> None:
    world = shop(Limits(open_holds=1))
    hold(world, "paid")
    world.pay("paid")
    hold(world, "released")
    release(world.context, "released")

    assert hold(world, "next").state is State.HELD


def test_an_ended_hold_makes_room_when_it_is_past_by_the_margin() -> None:
    world = shop(Limits(open_holds=1))
    ended = hold(world, "first")
    world.clock.forward(seconds=1_200 + 29)
    refused(world, "too early")
    world.clock.forward(seconds=1)

    assert hold(world, "next").state is State.HELD
    assert ended.minute not in world.level("bottle").wheel, "it was folded, so that it has ended by any clock"


def test_bought_units_count_and_those_given_back_do_not() -> None:
    world = shop(Limits(units=4))
    hold(world, "bought", quantity=3)
    world.pay("bought")
    hold(world, "given back")
    release(world.context, "given back")
    hold(world, "fourth")

    over = refused(world, "fifth")
    assert limits_of(over) == [("units", "bottle")]
    world.clock.forward(seconds=over.retry_after_seconds)
    assert hold(world, "tomorrow").state is State.HELD


def test_more_than_a_limit_ever_allows_is_refused_without_a_time_to_come_back() -> None:
    world = shop(Limits(units=4))
    with pytest.raises(PolicyRefused) as error:
        world.hold("five", "bottle", 5)
    assert error.value.reasons == ("units",)


def test_after_so_many_re_holds_there_is_none_for_a_day() -> None:
    world = shop(Limits(reholds=2))
    for each in range(3):
        hold(world, f"hold {each}")
        world.clock.forward(minutes=21)

    over = refused(world, "hold 4")
    assert limits_of(over) == [("reholds", "bottle")]
    assert 22 * 3_600 < over.retry_after_seconds <= 24 * 3_600


def test_giving_back_and_holding_again_is_a_re_hold_too() -> None:
    world = shop(Limits(reholds=2))
    for each in range(3):
        hold(world, f"hold {each}")
        world.clock.forward(minutes=1)
        release(world.context, f"hold {each}")

    assert limits_of(refused(world, "hold 4")) == [("reholds", "bottle")]


def test_the_minutes_of_unpaid_holds_are_counted() -> None:
    world = shop(Limits(held_minutes=50))
    for each in range(2):
        hold(world, f"hold {each}")
        world.clock.forward(minutes=21)

    assert limits_of(refused(world, "hold 3")) == [("held_minutes", "bottle")]


def test_a_released_hold_counts_the_minutes_it_lasted() -> None:
    world = shop(Limits(held_minutes=30))
    hold(world, "short")
    world.clock.forward(minutes=5)
    release(world.context, "short")

    assert hold(world, "next").state is State.HELD
    assert limits_of(refused(world, "third")) == [("held_minutes", "bottle")]


def test_the_pause_doubles_with_each_hold_that_runs_out() -> None:
    world = shop(Limits(pause_seconds=300))
    waits: list[int] = []
    for each in range(3):
        hold(world, f"hold {each}")
        world.clock.forward(minutes=21)
        over = refused(world, f"too soon {each}")
        assert limits_of(over) == [("pause_seconds", "bottle")]
        waits.append(over.retry_after_seconds)
        world.clock.forward(seconds=over.retry_after_seconds)

    assert waits == [240 + 300, 540 + 300, 1_140 + 300], (
        "5, 10 and 20 minutes from its end, and 5 for clocks that differ"
    )


def test_a_payment_heals_the_pause() -> None:
    world = shop(Limits(pause_seconds=300))
    for each in range(3):
        hold(world, f"hold {each}")
        world.clock.forward(hours=2)
    hold(world, "bought")
    world.pay("bought")

    assert hold(world, "next").state is State.HELD
    world.clock.forward(minutes=21)
    assert refused(world, "too soon").retry_after_seconds < 300 + 300, "it is the first again"


def test_a_payment_of_a_hold_long_over_heals_the_pause_and_counts_as_bought() -> None:
    world = shop(Limits(pause_seconds=300, units=3))
    hold(world, "long ago")
    world.clock.forward(hours=30)
    hold(world, "forgotten")
    world.clock.forward(minutes=21)
    assert world.pay("long ago").outcome == "committed"

    assert hold(world, "next").state is State.HELD
    assert limits_of(refused(world, "one more")) == [("units", "bottle")]


def test_time_heals_the_pause() -> None:
    world = shop(Limits(pause_seconds=300))
    for each in range(3):
        hold(world, f"hold {each}")
        world.clock.forward(hours=2)
    world.clock.forward(hours=24)
    hold(world, "next")
    world.clock.forward(minutes=21)

    assert refused(world, "too soon").retry_after_seconds < 300 + 300


def test_what_counts_for_a_day_counts_for_as_long_as_clocks_may_differ_too() -> None:
    world = shop(Limits(units=1))
    hold(world, "bought")
    world.pay("bought")
    world.clock.forward(seconds=world.context.policy.budget.window_seconds)

    refused(world, "by a clock that is ahead")
    world.clock.forward(seconds=world.context.policy.doubt_seconds + 1)
    assert hold(world, "tomorrow").state is State.HELD


def test_the_pause_is_never_longer_than_the_window() -> None:
    world = World(policy=budget_policy(of_sku=Limits(pause_seconds=300), window_seconds=3_600))
    world.sell("bottle", main=50)
    waits: list[int] = []
    for each in range(30):
        world.clock.forward(minutes=21)
        try:
            hold(world, f"hold {each}")
        except HoldBudget as over:
            waits.append(over.retry_after_seconds)
    assert 0 < max(waits) <= 3_600 + 300


def test_an_unpaid_order_counts_until_it_has_to_be_paid() -> None:
    world = World(policy=budget_policy(of_sku=Limits(open_holds=1, held_minutes=60)))
    world.sell("bottle", mode=Mode.ON_ORDER, main=50)
    hold(world, "ordered")

    assert limits_of(refused(world, "second")) == [("open_holds", "bottle")]
    world.pay("ordered")
    assert hold(world, "second").state is State.COMMITTED


# ---- A request that is repeated or killed


def test_a_repeated_request_counts_once_and_is_answered_over_the_limit_too() -> None:
    world = shop(Limits(open_holds=1, units=1))
    hold(world, "order")
    for _ in range(3):
        assert world.hold("order", "bottle").first is False

    assert len(look_at_buyer(world.context, "lan").buyer.entries) == 1


@pytest.mark.parametrize("known", [False, True])
def test_a_lost_reply_counts_once(known: bool) -> None:
    world = shop(Limits(open_holds=2))
    if known:
        hold(world, "before")
    world.table.after(any_transaction, lose_reply)
    with pytest.raises(Exception, match="lost"):
        hold(world, "order")
    assert hold(world, "order").state is State.HELD
    if not known:
        hold(world, "second")
    refused(world, "third")


def test_another_process_runs_into_the_budget_it_did_not_know_of() -> None:
    world = shop(Limits(open_holds=2))
    hold(world, "first")
    hold(world, "second", by=world.another_process())

    refused(world, "third", by=world.another_process())


# ---- What it costs


def sequence(world: World, context: Context, order: str) -> list[str]:
    world.hold("warm", "cork", buyer_id="somebody", by=context)
    world.hold("warm 2", "bottle", buyer_id="somebody", by=context)
    world.table.calls.clear()
    world.hold(order, "bottle", by=context)
    return [call.method for call in world.table.calls]


def test_a_buyer_never_seen_takes_one_call_of_three_items() -> None:
    world = shop(Limits(open_holds=5))

    assert sequence(world, world.context, "order") == ["transact"]
    assert len(world.table.calls[0].actions) == 3


def test_a_buyer_whose_past_counts_no_more_is_as_one_never_seen() -> None:
    world = shop(Limits(open_holds=5))
    hold(world, "long ago")
    world.clock.forward(days=2)

    assert sequence(world, world.another_process(), "order") == ["transact"]


def test_a_buyer_known_to_the_process_takes_one_read_more() -> None:
    world = shop(Limits(open_holds=5))
    hold(world, "before")

    assert sequence(world, world.context, "order") == ["get", "transact"]


def test_goods_without_a_budget_ask_nothing_about_their_buyer() -> None:
    world = World()
    world.sell("bottle", main=50)
    world.hold("warm", "bottle", buyer_id="somebody")
    world.table.calls.clear()
    record = hold(world, "order")

    assert [len(call.actions) for call in world.table.calls] == [2]
    assert not record.budgeted
    world.table.calls.clear()
    world.pay("order")
    assert [call.method for call in world.table.calls] == ["get", "transact"]
    assert len(world.table.calls[1].actions) == 2


# ---- For which goods


def test_by_default_only_scarce_goods_have_a_budget() -> None:
    world = World()
    world.sell("kettle", main=50)
    put_sku(world.context, Sku(sku="kettle", scarce=True))
    for each in range(2):
        hold(world, f"order {each}", "kettle")

    assert limits_of(refused(world, "third", "kettle")) == [("open_holds", "kettle")]


@pytest.mark.parametrize(
    ("settings", "kept", "has"),
    [
        (Sku(sku="bottle"), Kept.ALL, True),
        (Sku(sku="bottle", scarce=False), Kept.ALL, False),
        (Sku(sku="bottle"), Kept.SCARCE, False),
        (Sku(sku="bottle", own_limits={"open_holds": 1}), Kept.SCARCE, True),
        (Sku(sku="bottle", own_limits={"open_holds": 0}), Kept.SCARCE, False),
        (Sku(sku="bottle", scarce=True), Kept.NONE, False),
    ],
)
def test_who_has_a_budget(settings: Sku, kept: Kept, has: bool) -> None:
    terms = budget_policy(of_sku=Limits(units=7), kept=kept).terms_of([settings])

    assert (terms is not None) == has


def test_a_skus_own_limits_replace_the_stacks_one_by_one() -> None:
    policy = budget_policy(of_sku=Limits(open_holds=2, units=7))
    terms = policy.terms_of([Sku(sku="bottle", own_limits={"open_holds": 1, "units": 0})])

    assert terms is not None
    assert terms.of_sku["bottle"] == Limits(open_holds=1)


# ---- Begin payment


def test_begin_payment_in_time_is_not_judged() -> None:
    world = shop(Limits(open_holds=1, held_minutes=20))
    hold(world, "order")
    world.clock.forward(minutes=15)

    assert begin_payment(world.context, "order").first


def test_an_honest_late_payer_may_have_his_hold_anew() -> None:
    world = shop(Limits(open_holds=1, reholds=1, pause_seconds=300))
    hold(world, "order")
    world.clock.forward(minutes=22)

    assert begin_payment(world.context, "order").record.payment_begun
    assert limits_of(refused(world, "second"))[0] == ("open_holds", "bottle")


def test_begin_payment_past_its_minute_is_judged_as_a_new_hold() -> None:
    world = shop(Limits(open_holds=1))
    hold(world, "first")
    world.clock.forward(minutes=21)
    hold(world, "second")
    before = world.record("first")

    with pytest.raises(HoldBudget):
        begin_payment(world.context, "first")
    assert world.record("first") == before
    assert look_at_buyer(world.context, "lan").refusals[0].code == "hold_budget"


def test_a_payment_begun_twice_at_once_does_not_count_against_itself() -> None:
    world = shop(Limits(open_holds=1, pause_seconds=300))
    hold(world, "order")
    world.clock.forward(minutes=22)
    other = world.another_process()
    world.table.after(any_call, lambda: begin_payment(other, "order"))

    assert not begin_payment(world.context, "order").first
    assert world.record("order").payment_begun


def test_a_hold_that_begin_payment_lengthened_is_open_until_its_new_end() -> None:
    world = shop(Limits(open_holds=1))
    hold(world, "order")
    world.clock.forward(minutes=15)
    begin_payment(world.context, "order")
    world.clock.forward(minutes=15)

    assert limits_of(refused(world, "second")) == [("open_holds", "bottle")]


def test_units_of_a_hold_taken_anew_count_twice() -> None:
    world = shop(Limits(units=2))
    hold(world, "order")
    world.clock.forward(minutes=21)
    begin_payment(world.context, "order")

    assert limits_of(refused(world, "second")) == [("units", "bottle")]


def test_a_release_beside_a_payment_that_begins_is_noted() -> None:
    world = shop(Limits(open_holds=1))
    hold(world, "order")
    world.clock.forward(minutes=21)
    other = world.another_process()
    world.table.before(any_transaction, lambda: begin_payment(other, "order"))
    release(world.context, "order")

    [entry] = world.context.ledger.buyers.get("lan").entries.values()
    assert entry.end is End.RELEASED


def test_goods_taken_out_of_a_hold_taken_anew_may_be_put_back() -> None:
    world = shop(Limits(pause_seconds=300))
    hold(world, "order")
    world.clock.forward(minutes=22)
    begin_payment(world.context, "order")
    change(world.context, "order", lines=[Wanted("cork", 1)])

    assert change(world.context, "order", lines=[Wanted("cork", 1), Wanted("bottle", 1)]).first


def test_begin_payment_again_and_again_runs_into_the_limit() -> None:
    world = shop(Limits(reholds=2))
    hold(world, "order")
    taken = 0
    for _ in range(10):
        world.clock.forward(minutes=31)
        try:
            taken += begin_payment(world.context, "order").first
        except HoldBudget:
            break
    assert taken == 2


@pytest.mark.parametrize("seconds_late", [0, 10, 29, 31])
def test_no_moment_after_the_end_escapes_the_count_of_minutes(seconds_late: int) -> None:
    world = shop(Limits(held_minutes=100))
    record = hold(world, "order")
    taken = 0
    for _ in range(10):
        assert record.minute is not None
        world.clock.forward(seconds=record.minute + seconds_late - world.clock.now.timestamp())
        try:
            record = begin_payment(world.context, "order").record
            taken += 1
        except HoldBudget:
            break
    assert taken == 2, "20 minutes, and twice some 30 more"


def test_a_commit_that_heals_never_waits_for_the_budget() -> None:
    world = shop(Limits(open_holds=1))
    hold(world, "order")

    def another_version() -> None:
        allow_buyer(
            world.another_process(), "lan", allowed=not look_at_buyer(world.context, "lan").buyer.allowed, note=None
        )

    for _ in range(10):
        world.table.before(any_transaction, another_version)
    assert world.pay("order").outcome == "committed"


# ---- PATCH


def test_a_change_takes_the_difference_and_never_lengthens() -> None:
    world = shop(Limits(open_holds=1, units=5))
    held = hold(world, "order", quantity=2)
    world.clock.forward(minutes=10)
    more = change(world.context, "order", lines=[Wanted("bottle", 4)]).record

    assert (more.minute, more.expires_at) == (held.minute, held.expires_at)
    assert (world.level("bottle").available, world.level("bottle").reserved) == (46, 4)
    change(world.context, "order", lines=[Wanted("bottle", 1), Wanted("cork", 1)])
    assert (world.level("bottle").available, world.level("cork").reserved) == (49, 1)
    assert world.faults() == []


def test_a_change_is_held_to_the_units_and_to_the_budget_of_new_goods() -> None:
    world = shop(Limits(open_holds=1, units=3))
    hold(world, "corks", "cork")
    hold(world, "order", quantity=2)

    with pytest.raises(PolicyRefused, match="units"):
        change(world.context, "order", lines=[Wanted("bottle", 4)])
    with pytest.raises(HoldBudget) as over:
        change(world.context, "order", lines=[Wanted("bottle", 2), Wanted("cork", 1)])
    assert limits_of(over.value) == [("open_holds", "cork")]
    assert change(world.context, "order", lines=[Wanted("bottle", 3)]).first


def test_a_change_with_an_old_version_undoes_nothing() -> None:
    world = shop()
    hold(world, "order", quantity=2)
    change(world.context, "order", lines=[Wanted("bottle", 3)], version=1)
    change(world.context, "order", lines=[Wanted("bottle", 4)], version=2)

    with pytest.raises(VersionChanged) as error:
        change(world.context, "order", lines=[Wanted("bottle", 3)], version=1)
    assert error.value.version == 3
    assert not change(world.context, "order", lines=[Wanted("bottle", 4)], version=2).first, "a repeat is no change"


def test_a_hold_that_has_ended_is_not_changed() -> None:
    world = shop()
    hold(world, "order")
    world.clock.forward(minutes=20)

    with pytest.raises(NotInThisState) as error:
        change(world.context, "order", lines=[Wanted("bottle", 2)])
    assert error.value.code == "hold_ended"


def test_a_change_that_is_short_says_how_much_there_is() -> None:
    world = shop(bottles=5)
    hold(world, "order", quantity=2)

    with pytest.raises(InsufficientStock) as error:
        change(world.context, "order", lines=[Wanted("bottle", 6)])
    [short] = error.value.shortages
    assert (short.wanted, short.available) == (6, 5)


def test_a_change_finds_units_of_holds_that_ended() -> None:
    world = shop(bottles=5)
    hold(world, "ended", quantity=3, buyer_id="minh")
    world.clock.forward(minutes=15)
    hold(world, "order", quantity=2)
    world.clock.forward(minutes=6)

    assert change(world.context, "order", lines=[Wanted("bottle", 5)]).first
    assert world.faults() == []


def test_goods_that_a_change_gives_up_were_held_all_the_same() -> None:
    world = shop(Limits(held_minutes=30))
    hold(world, "order")
    world.clock.forward(minutes=15)
    change(world.context, "order", lines=[Wanted("cork", 1)])

    assert limits_of(refused(world, "second")) == [("held_minutes", "bottle")]
    assert [each.reservation_id for each in look_at_buyer(world.context, "lan").buyer.entries.values()] == ["order"] * 2


def test_goods_given_up_count_as_a_re_hold_of_theirs_and_not_of_all() -> None:
    world = shop(Limits(reholds=1), of_buyer=Limits(open_holds=1, reholds=1))
    for each in range(2):
        hold(world, f"order {each}")
        change(world.context, f"order {each}", lines=[Wanted("cork", 1)])
        world.pay(f"order {each}")

    assert limits_of(refused(world, "third")) == [("reholds", "bottle")]
    assert hold(world, "third", "cork").state is State.HELD


def test_units_added_late_to_a_long_hold_count_from_then_on() -> None:
    world = shop(Limits(units=4))
    hold(world, "long", hold_seconds=30 * 3_600)
    world.clock.forward(hours=25)
    change(world.context, "long", lines=[Wanted("bottle", 4)])

    assert limits_of(refused(world, "more")) == [("units", "bottle")]


def test_a_change_after_a_hold_was_taken_anew_forgets_no_units_of_before() -> None:
    world = shop(Limits(units=4))
    hold(world, "order", quantity=2)
    world.clock.forward(minutes=21)
    begin_payment(world.context, "order")
    change(world.context, "order", lines=[Wanted("bottle", 1)])

    assert limits_of(refused(world, "more", quantity=2)) == [("units", "bottle")]


def test_each_time_a_hold_is_taken_anew_its_units_of_then_count() -> None:
    world = shop(Limits(units=5))
    hold(world, "order", quantity=2)
    world.clock.forward(minutes=21)
    begin_payment(world.context, "order")
    change(world.context, "order", lines=[Wanted("bottle", 1)])
    world.clock.forward(minutes=60)
    begin_payment(world.context, "order")

    assert limits_of(refused(world, "more", quantity=2)) == [("units", "bottle")]
    assert hold(world, "one more").state is State.HELD


def test_minutes_of_a_hold_that_counts_no_more_do_not_come_back_with_its_id() -> None:
    world = shop(Limits(held_minutes=30))
    hold(world, "order")
    world.clock.forward(hours=30)
    begin_payment(world.context, "order")

    [entry] = world.context.ledger.buyers.get("lan").entries.values()
    assert (entry.earlier_seconds, entry.lapses) == (0, ())


def test_goods_that_go_and_come_back_count_their_past_once() -> None:
    world = shop(Limits(reholds=2))
    hold(world, "order")
    world.clock.forward(minutes=22)
    begin_payment(world.context, "order")
    for lines in ([Wanted("cork", 1)], [Wanted("cork", 1), Wanted("bottle", 1)]):
        change(world.context, "order", lines=lines)
    world.clock.forward(minutes=6)

    assert hold(world, "second").state is State.HELD


# ---- More entries than are kept


def test_a_limit_of_more_units_than_entries_are_kept_is_held() -> None:
    world = shop(Limits(units=MOST_ENTRIES + 5))
    for each in range(MOST_ENTRIES + 5):
        hold(world, f"order {each}")
        world.pay(f"order {each}")

    assert limits_of(refused(world, "one more")) == [("units", "bottle")]
    assert len(look_at_buyer(world.context, "lan").buyer.entries) <= MOST_ENTRIES


@pytest.mark.parametrize("given_back", [True, False])
def test_many_short_holds_are_as_many_minutes(given_back: bool) -> None:
    world = shop(Limits(held_minutes=60))
    held = 0
    with contextlib.suppress(HoldBudget):
        for each in range(3 * MOST_ENTRIES):
            hold(world, f"order {each}", hold_seconds=60)
            world.clock.forward(seconds=50 if given_back else 120)
            held += 1
            if given_back:
                release(world.context, f"order {each}")

    assert held <= (72 if given_back else 60)


def test_a_hold_taken_anew_again_and_again_is_counted_each_time() -> None:
    world = World(policy=replace(budget_policy(of_sku=Limits(reholds=MOST_COUNTED)), payment_window_seconds=60))
    world.sell("bottle", main=50)
    hold(world, "order")
    taken = 0
    with contextlib.suppress(HoldBudget):
        for _ in range(2 * MOST_COUNTED):
            world.clock.forward(minutes=21)
            taken += begin_payment(world.context, "order").first

    assert taken == MOST_COUNTED


def test_scarce_goods_are_not_slipped_into_a_reservation_without_a_budget() -> None:
    world = World()
    world.sell("tea", main=5)
    world.sell("bottle", main=5)
    put_sku(world.context, Sku(sku="bottle", scarce=True))
    hold(world, "order", "tea")

    with pytest.raises(PolicyRefused) as error:
        change(world.context, "order", lines=[Wanted("tea", 1), Wanted("bottle", 1)])
    assert error.value.reasons == ("new_order_needed",)


def test_the_stream_lists_a_changed_order_under_its_new_goods() -> None:
    world = shop()
    hold(world, "order")
    world.stream()
    change(world.context, "order", lines=[Wanted("cork", 1)])
    world.stream()

    listed = [key.pk for key in world.raw.items if key.pk.startswith("SKU_RESERVATIONS#")]
    assert listed == ["SKU_RESERVATIONS#cork"]
    assert world.audit("bottle", "cork").off == []


# ---- The floor


def test_a_hold_taken_anew_leaves_the_last_units_whoever_comes_between() -> None:
    rule = Rule(code="no_paid_order", force=Force.ON, points=30)
    world = World(policy=budget_policy(rules=(rule,), actions=Actions(floor=30, shorter_hold=0, refuse=0)))
    world.sell("bottle", main=5)
    put_sku(world.context, Sku(sku="bottle", scarce=True, floor=2))
    hold(world, "new", facts=Facts(paid_orders=0))
    world.stream()
    world.clock.forward(minutes=21)
    world.sweep()
    old = world.another_process()
    world.table.before(any_transaction, lambda: hold(world, "old", quantity=3, buyer_id="minh", by=old), skip=1)

    with pytest.raises(InsufficientStock):
        begin_payment(world.context, "new")
    assert world.level("bottle").available == 2


def test_the_last_units_are_for_trusted_buyers_whatever_they_ask() -> None:
    rule = Rule(code="no_paid_order", force=Force.ON, points=30)
    world = World(policy=budget_policy(rules=(rule,), actions=Actions(floor=30, shorter_hold=0, refuse=0)))
    world.sell("bottle", main=5)
    put_sku(world.context, Sku(sku="bottle", scarce=True, floor=2))
    newcomer, regular = Facts(paid_orders=0), Facts(paid_orders=3)
    record = hold(world, "new", quantity=2, facts=newcomer)

    assert record.untrusted
    with pytest.raises(InsufficientStock) as short:
        world.hold("new 2", "bottle", 2, facts=newcomer)
    assert short.value.shortages[0].available == 1
    with pytest.raises(InsufficientStock):
        change(world.context, "new", lines=[Wanted("bottle", 4)])
    assert hold(world, "old", quantity=3, facts=regular, buyer_id="minh").state is State.HELD
    world.clock.forward(minutes=25)
    hold(world, "old 2", quantity=2, facts=regular, buyer_id="minh")
    with pytest.raises(InsufficientStock):
        begin_payment(world.context, "new")
    assert world.pay("new").outcome == "committed", "money has moved: no floor stands in its way"
    assert world.level("bottle").available == 1
