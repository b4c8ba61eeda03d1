"""The simulator itself: a seed is all there is to it, and it finds what it is for."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.channels.protocol import StockItem
from holdfast.domain.market import MarketOrder, OrderLine
from holdfast.domain.market import Stage as Stage_
from holdfast.store.table import Action, Cancelled, Check, ConditionFailed, Delete, Item, Key, Put, Query
from tests.simulation import certificate as certificates
from tests.simulation.account import account_of
from tests.simulation.guards import GUARDS
from tests.simulation.mail import Mailbox
from tests.simulation.many import Totals, run_for
from tests.simulation.market import LIMITS, Market, age
from tests.simulation.mutants import Missed, by_simulation, document, mutant, source_of, without
from tests.simulation.order_account import OrderAccount
from tests.simulation.order_book import next_of
from tests.simulation.profile import ON_READS, ON_THE_WORLD, ON_WRITES, drawn
from tests.simulation.queues import WEEK_SECONDS, Queue
from tests.simulation.seed import run_seed
from tests.simulation.shops import manner_of
from tests.simulation.stage import Actor, Stage
from tests.simulation.store import Invalid, Store
from tests.simulation.story import shortened, whole
from tests.simulation.survived import FAULTS, met
from tests.simulation.world import Violated, World
from tests.support import fake_table
from tests.support.market import HANOI, SHEET, FakeAccounts, no_network
from tests.support.table_scripts import actions, some_keys
from tests.support.world import NOON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.close()


def test_the_first_seeds_hold_and_meet_many_faults(stage: Stage) -> None:
    totals: Totals = Totals()
    for number in range(150):
        result = run_seed(number, stage)
        assert result.violations == [], f"python -m tests.simulation --seed {number}"
        totals.faults += result.faults
        totals.steps += result.steps
    assert totals.steps > 150 * 100
    assert len(met(totals.faults)) >= 10


@pytest.mark.parametrize("seed", [3, 121])
def test_a_seed_decides_everything(stage: Stage, seed: int) -> None:
    first = run_seed(seed, stage)
    run_seed(seed + 1, stage)
    again = run_seed(seed, stage)
    assert whole(first) == whole(again)
    assert (first.steps, first.faults) == (again.steps, again.faults)


def test_seeds_differ(stage: Stage) -> None:
    assert whole(run_seed(1, stage)) != whole(run_seed(2, stage))


QUICK = [
    "condition enough_free",
    "condition entry_unchanged",
    "state table: _RELEASED, release",
    "read last",
    "intake: queued before 200",
    "push: the lease is written",
]


@pytest.mark.parametrize("name", QUICK)
def test_without_a_guard_the_simulator_finds_what_goes_wrong(name: str) -> None:
    [guard] = [each for each in GUARDS if each.name == name]
    with mutant(guard) as core:
        assert by_simulation(core, seconds=60).startswith("seed ")


@pytest.mark.parametrize("guard", GUARDS, ids=lambda each: each.name)
def test_every_guard_is_where_the_list_says(guard: Any) -> None:
    """Otherwise `make mutate` would take nothing away, and nobody would know."""
    text = source_of(guard).read_text(encoding="utf-8")
    assert without(guard, text) != text


def test_a_violation_is_told_with_its_story(stage: Stage) -> None:
    result = run_seed(7, stage)
    name = next(told.about[0].key.pk for told in result.story if told.what == "transact")
    result.violations.append(Violated("something is wrong", (name,)))
    told = shortened(result)
    assert any(name in line for line in told)
    assert len(told) < len(whole(result))


# ---- the table


def reply(table: Any, together: list[Action]) -> Any:
    try:
        if len(together) == 1 and not isinstance(together[0], Check):
            return table.write(together[0])
        table.transact(together)
    except ConditionFailed as failed:
        return ("failed", failed.item)
    except Cancelled as cancelled:
        return ("cancelled", cancelled.reasons)
    except (Invalid, fake_table.Invalid):
        return "invalid"
    return "written"


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(script=st.data())
def test_the_lean_table_answers_as_the_plain_one(script: st.DataObject) -> None:
    lean, plain, keys = Store(), fake_table.FakeTable(), some_keys("a run")
    for _ in range(script.draw(st.integers(min_value=1, max_value=12))):
        touched = script.draw(st.lists(st.sampled_from(keys), min_size=1, max_size=3, unique=True))
        together = [script.draw(actions(key)) for key in touched]
        assert reply(lean, together) == reply(plain, together)
        assert lean.items == plain.items
    for limit in (1, 2, 10):
        for newest_first in (False, True):
            query = Query(partition="a run", limit=limit, newest_first=newest_first)
            assert lean.query(query) == plain.query(query)


def test_nobody_changes_an_item_in_place(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lean table hands out its own items; whoever changed one would change the table behind its back."""
    kept: list[tuple[Item, str]] = []
    applied = Store._apply

    def remembering(self: Store, outcome: list[tuple[Key, Item | None]]) -> None:
        kept.extend((item, repr(item)) for _, item in outcome if item is not None)
        applied(self, outcome)

    monkeypatch.setattr(Store, "_apply", remembering)
    for seed in range(12):
        run_seed(seed, stage)
    assert len(kept) > 100
    assert [item for item, text in kept if repr(item) != text] == []


def test_an_index_that_is_behind_catches_up() -> None:
    table = Store()
    table.index_behind = lambda: 1
    table.write(Put(key=Key("a", "1"), item={"list": "all", "listed": "1"}))
    table.write(Put(key=Key("a", "2"), item={"list": "all", "listed": "2"}))
    query = Query(partition="all", index="lists")
    assert [item["sk"] for item in table.query(query).items] == ["1"]
    table.index_behind = lambda: 0
    table.write(Delete(key=Key("a", "1")))
    assert [item["sk"] for item in table.query(query).items] == ["2"]


# ---- the account


def test_the_account_finds_a_unit_that_was_made() -> None:
    level = {
        "pk": "SKU#kettle", "sk": "LEVEL#main#0", "version": 1, "available": 2, "committed": 0, "leased": 0,
        "unavailable": 0, "on_hand": 2, "incoming": 0, "wheel": {}, "folded_to": 0,
    }  # fmt: skip
    received = {
        "pk": "MOVEMENTS#kettle", "sk": "m1", "type": "receive", "at": 0, "on_hand": {"main": 2}, "unavailable": {},
        "incoming": {}, "location": "main", "quantity": 2,
    }  # fmt: skip
    assert list(account_of([level, received]).everything()) == []
    assert list(account_of([{**level, "available": 3, "on_hand": 3}, received]).everything()) != []
    assert list(account_of([{**level, "available": 1}, received]).everything()) != []


# ---- the queue


def a_queue(**more: Any) -> Queue:
    told: list[str] = []
    return Queue(
        name="q",
        chance=random.Random(1),  # noqa: S311  # a seed, not a secret
        visibility_seconds=30.0,
        most_receives=3,
        met=told.append,
        **more,
    )


def test_a_message_is_hidden_while_it_is_worked_on_and_comes_again() -> None:
    queue = a_queue()
    queue.send("paid", now=0.0)
    message = queue.receive(now=0.0)
    assert message is not None
    assert queue.receive(now=29.0) is None
    again = queue.receive(now=30.0)
    assert again is message


def test_an_old_handle_deletes_nothing() -> None:
    queue = a_queue()
    queue.send("paid", now=0.0)
    first = queue.receive(now=0.0)
    assert first is not None
    old = first.handle
    assert queue.receive(now=31.0) is first
    assert not queue.delete(first, old)
    assert queue.delete(first, first.handle)
    assert queue.waiting == []


def test_what_is_received_too_often_is_a_dead_letter_until_it_is_redriven() -> None:
    queue = a_queue()
    queue.send("paid", now=0.0)
    for number in range(4):
        queue.receive(now=100.0 * number)
    assert (queue.waiting, len(queue.dead)) == ([], 1)
    assert queue.redrive(now=WEEK_SECONDS) == 1
    assert queue.receive(now=WEEK_SECONDS) is not None


def test_a_copy_is_a_message_of_its_own() -> None:
    queue = a_queue(copies_per_100=100)
    queue.send("paid", now=0.0)
    assert len(queue.waiting) == 2


def test_what_is_put_aside_and_sent_back_is_never_in_no_queue() -> None:
    box = a_mailbox()
    post, aside = box.post("me"), box.post_aside("me")
    post.send({"kind": "told"})
    [(message, handle)] = box.take(10)
    aside.put_aside(message.body, reason="it fails", first_sent_ms=0)
    assert box.work.delete(message, handle)

    [letter] = aside.receive(10, hidden_seconds=60)
    assert (aside.waiting(), post.waiting()) == (1, 0)
    post.send_again(letter.body)
    aside.delete(letter.receipt)
    assert (aside.waiting(), post.waiting()) == (0, 1)


def test_a_postponed_message_is_seen_again_when_its_time_is_up() -> None:
    box = a_mailbox()
    box.post("me").send({"kind": "told"})
    [(_, handle)] = box.take(10)
    box.post("me").postpone(str(handle), 7)
    assert box.take(10) == []
    box.world.now += 8
    assert len(box.take(10)) == 1


# ---- marketplaces


def a_world() -> World:
    chance = random.Random(1)  # noqa: S311  # a seed, not a secret
    return World(drawn(chance), chance, Stage())


def a_mailbox() -> Mailbox:
    return Mailbox(a_world(), "orders", visibility_seconds=30.0, most_receives=3, copies=0, fault_rate=0.0)


def a_market(**rates: float) -> Market:
    world = a_world()
    steady = manner_of(world.chance, "shopee", steady=True, share=1.0)
    return Market(world, replace(steady, rates=rates, sheet=SHEET))


def push(market: Market, listing: str, quantity: int) -> None:
    account = replace(FakeAccounts(now=NOON).read(HANOI), access_token=market.new_tokens().access_token)
    at = datetime.fromtimestamp(market.world.now, UTC)
    market.push_stock(account, [StockItem(listing=listing, quantity=quantity)], no_network, at)


def test_a_number_that_is_applied_late_may_stand_over_a_newer_one_but_not_beyond_the_horizon() -> None:
    market = a_market(late=1.0)
    market.world.calm = False
    while not market.flights:
        push(market, "1~0", 5)
    market.world.calm = True
    push(market, "1~0", 2)
    assert market.shown["1~0"] == 2
    market.world.now += LIMITS.horizon_s
    market.apply()
    assert market.shown["1~0"] == 5
    assert market.world.faults["pushes_arrived_in_reverse"] == 1


def a_refresh(turns: Callable[[Market, Actor], None]) -> list[str]:
    """What is wrong with a refresh by an actor; `turns`: what others do before each of its steps."""
    market = a_market()
    tokens = market.new_tokens()
    account = replace(FakeAccounts(now=NOON).read(HANOI), refresh_token=tokens.refresh_token)
    me = Actor("me", lambda: None, started=market.world.now, limit_seconds=60.0)
    market.world.stage.turn = lambda: turns(market, me)  # type: ignore[method-assign]  # others
    market.world.stage.current = me
    market.refresh(account, no_network, NOON)
    return [each.what for each in market.world.violations]


WITHOUT_THE_LOCK = "shopee/hanoi: its token is refreshed without the lock"


def test_a_refresh_without_the_lock_is_a_violation() -> None:
    # Seen at its beginning, and again at its end.
    assert a_refresh(lambda _market, _me: None) == [WITHOUT_THE_LOCK] * 2


def test_a_refresh_under_the_lock_is_none() -> None:
    assert a_refresh(lambda market, me: setattr(market, "lock_by", me)) == []


def test_a_lock_that_another_opens_in_the_midst_of_a_refresh_is_a_violation() -> None:
    holds = iter((True,))
    assert a_refresh(lambda market, me: setattr(market, "lock_by", me if next(holds, False) else None)) == [
        WITHOUT_THE_LOCK
    ]


def an_order(**more: Any) -> Item:
    """One kettle of an order, paid and committed."""
    line = {"listing": "1~0", "o": 2, "c": 1, "parts": [["kettle", 1]]}
    told = {"shop": "hanoi", "heard_by": "poll", "stage": "paid", "updated_at": 1_000, "lines": [line]}
    lines = [{"sku": "kettle", "location": "main", "quantity": 1}]
    return {
        "pk": "RESERVATION#shopee:hanoi:A1", "sk": "RESERVATION", "state": "committed", "version": 1, "told": told,
        "lines": lines, **more,
    }  # fmt: skip


def test_the_account_finds_an_order_that_is_in_twice_or_not_at_all() -> None:
    account = OrderAccount()
    assert list(account.effect(an_order())) == []
    assert list(account.effect(an_order(lines=[]))) != []
    assert list(account.effect(an_order(lines=[{"sku": "kettle", "location": "main", "quantity": 2}]))) != []
    moved = {"on_hand": {"main": -1}, "unavailable": {}}
    account.movement("kettle", "shopee:hanoi:A1 added 2 main", moved)
    assert list(account.effect(an_order())) != []


def test_the_account_finds_older_news_in_the_place_of_newer() -> None:
    account, newer = OrderAccount(), an_order()
    older = an_order(version=2, told={**newer["told"], "updated_at": 999})
    assert list(account.written(None, newer)) == []
    assert list(account.written(newer, older)) != []


def test_an_order_only_goes_on_and_what_is_off_it_stays_off() -> None:
    chance = random.Random(2)  # noqa: S311  # a seed, not a secret
    order = MarketOrder(
        order_id="A1", stage=Stage_.UNPAID, created_at=NOON, updated_at=NOON,
        lines=(OrderLine(listing="1~0", ordered=3), OrderLine(listing="2~0", ordered=1)),
    )  # fmt: skip
    ages = [age(order)]
    for _ in range(200):
        order = next_of(chance, order, lambda _listing, _units: None)
        ages.append(age(order))
        assert all(0 <= line.returned <= line.wanted <= line.ordered for line in order.lines)
    assert ages == sorted(ages)
    assert order.stage in {Stage_.SHIPPED, Stage_.CANCELLED}


def test_rows_of_guards_that_were_left_alone_stay_in_the_document() -> None:
    written = "| read last | nobody | seed 1: sold | `test_x: test_y` |\n| long gone | nothing | none | none |\n"
    told = document([Missed(GUARDS[0], "seed 7 after 1.0 s: sold", "tests/unit/test_z.py::test_w")], written)
    assert "| read last | nobody | seed 1: sold | `test_x: test_y` |" in told
    assert f"| {GUARDS[0].name} | {GUARDS[0].protects} | seed 7: sold | `test_z: test_w` |" in told
    assert "long gone" not in told


def test_a_guard_that_was_only_simulated_keeps_what_the_document_says_of_tests() -> None:
    [first, second] = GUARDS[:2]
    written = f"| {first.name} | {first.protects} | seed 1: sold | `test_x: test_y` |\n"
    told = document([Missed(each, "seed 7 after 1.0 s: sold", None) for each in (first, second)], written)
    assert f"| {first.name} | {first.protects} | seed 7: sold | `test_x: test_y` |" in told
    assert f"| {second.name} | {second.protects} | seed 7: sold | none |" in told


# ---- the certificate


def test_every_counter_that_a_fault_is_met_by_can_be_incremented() -> None:
    """A fault whose counter nobody counts would never be met, or its name is wrong."""
    counters = {name.rpartition(": ")[2] for fault in FAULTS for name in fault.met_by}
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(certificates.ROOT.glob("tests/simulation/*.py")))
    built = {f"{kind}_{method}" for kind in ("lost", "repeated") for method in ("write", "transact", "write_many")}
    built |= {f"{call}_answer_lost" for call in ("push_stock", "refresh", "fetch_orders", "list_orders")}
    injected = {*ON_WRITES, *ON_THE_WORLD, *(f"read_{each}" for each in ON_READS), *built}
    assert [each for each in counters if f'"{each}"' not in text and each not in injected] == []
    assert met({}) == []


def test_many_seeds_on_two_cores_add_up_to_a_certificate(tmp_path: Path) -> None:
    totals, took = run_for(2.0, first_seed=0, workers=2, stop_at_first=False)
    told = certificates.certificate(totals, seconds=took, first_seed=0, workers=2)
    certificates.write(told, tmp_path / "certificate.json")
    assert told["violations"] == []
    assert told["seeds"] == totals.seeds > 10
    assert told["steps"] > told["seeds"] * 100
    assert told["fewest_steps_of_a_seed"] >= 100
    numbers = {str(each) for each in told["faults_covered"]} | set(told["faults_not_covered"])
    assert numbers == {str(each.number) for each in FAULTS}
