"""The audit: finds each kind of drift, alarms for nothing else, repairs and says why."""

from datetime import timedelta

import pytest

from holdfast.domain.movement import Type
from holdfast.domain.policy import Mode
from holdfast.domain.reservation import State
from holdfast.services.reservations.command_reservation import release, ship
from holdfast.services.stock import units_since
from holdfast.services.stock.look_up import list_reservations_of_sku
from holdfast.services.upkeep.audit_levels import audit_all, audit_skus
from holdfast.store.table import Key
from tests.support.faults import Crash, any_transaction, crash, refuse
from tests.support.world import NOON, World

LEVEL = Key("SKU#kettle", "LEVEL#main#0")
END = int(NOON.timestamp()) + 1200


def busy_shop() -> World:
    """A bit of everything, an hour ago: held for long, paid, shipped, damaged, announced; the stream has told all."""
    world = World()
    world.sell("kettle", main=20)
    world.hold("held", quantity=2, hold_seconds=72 * 3600)
    for name in ("paid", "shipped", "given back"):
        world.hold(name, quantity=3)
    world.pay("paid")
    world.pay("shipped")
    ship(world.context, "shipped")
    release(world.context, "given back")
    world.move("broken", "kettle", Type.DAMAGE, 1)
    world.move("ship", "kettle", Type.ANNOUNCE, 50)
    world.stream()
    world.clock.forward(hours=1)
    return world


def incidents(world: World) -> list[dict[str, str]]:
    return [item["facts"] for item in world.raw.items.values() if item.get("kind") == "drift_found"]


DRIFTS = {
    "available": {"available": 15},
    "committed": {"committed": 4},
    "on_hand": {"on_hand": 18},
    "unavailable": {"unavailable": 0},
    "incoming": {"incoming": 49},
    "two that hide each other": {"available": 10, "committed": 4},
    "on_hand and available together": {"available": 12, "on_hand": 18},
}


@pytest.mark.parametrize("kind", DRIFTS)
def test_a_drift_is_found_told_and_repaired(kind: str) -> None:
    world = busy_shop()
    assert world.level().available == 11
    world.raw.items[LEVEL].update(DRIFTS[kind])
    audited = world.audit()
    assert (len(audited.off), audited.repaired) == (1, 1)
    assert world.faults() == []
    assert world.level().available == 11
    [told] = incidents(world)
    assert (told["sku"], told["location"]) == ("kettle", "main")
    assert world.audit().off == []


@pytest.mark.parametrize("units", [1, 3, None])
def test_a_wheel_entry_that_drifted_is_found_and_repaired(units: int | None) -> None:
    world = busy_shop()
    wheel = world.raw.items[LEVEL]["wheel"]
    [minute] = [each for each in wheel if wheel[each]]
    if units is None:
        del wheel[minute]
    else:
        wheel[minute] = units
    assert world.audit().repaired == 1
    assert world.level().wheel[int(minute)] == 2
    assert world.faults() == []


def test_an_entry_nobody_holds_is_given_back() -> None:
    world = busy_shop()
    world.raw.items[LEVEL]["wheel"][str(END + 86_400)] = 4
    world.raw.items[LEVEL]["available"] -= 4
    assert world.audit().repaired == 1
    assert (world.level().available, world.faults()) == (11, [])


def test_a_level_that_vanished_is_found_and_made_again() -> None:
    world = busy_shop()
    del world.raw.items[LEVEL]
    assert world.audit().repaired == 1
    assert (world.level().available, world.faults()) == (11, [])


def test_a_quiet_shop_is_found_exact_without_a_write() -> None:
    world = busy_shop()
    world.audit()
    before = len(world.table.written())
    assert world.audit().off == []
    assert len(world.table.written()) == before


@pytest.mark.parametrize("seconds", [0, 30, 59])
def test_what_changed_within_the_last_minute_is_no_alarm(seconds: int) -> None:
    """The audit reads the level, then somebody acts, then it reads the records."""
    world = busy_shop()
    other = world.another_process()

    def everybody_acts() -> None:
        world.hold("new", by=other)
        world.pay("held", by=other)
        ship(other, "paid")
        world.move("more", "kettle", Type.RECEIVE, 1)
        world.stream()
        world.clock.forward(seconds=seconds)

    world.table.after(lambda call: call.method == "query", everybody_acts)
    audited = world.audit()
    assert (audited.off, incidents(world)) == ([], [])
    assert world.faults() == []


def test_a_drift_under_traffic_is_repaired_in_a_quiet_moment() -> None:
    world = busy_shop()
    world.raw.items[LEVEL]["on_hand"] += 9
    world.raw.items[LEVEL]["available"] += 9
    world.hold("just now")
    world.stream()
    audited = world.audit()
    assert (audited.off, audited.moving) == ([], 1)
    world.clock.forward(minutes=5)
    assert world.audit().repaired == 1
    assert world.faults() == []


def test_reservations_the_stream_has_not_told_are_found_before_an_alarm() -> None:
    world = World()
    world.sell("kettle", main=5)
    world.hold("untold", quantity=2)
    world.hold("paid", quantity=1)
    world.pay("paid")
    world.clock.forward(minutes=5)
    audited = world.audit()
    assert (audited.off, audited.moving) == ([], 0)
    assert "scan" in [call.method for call in world.table.calls]
    assert world.level().reserved == 2


def test_a_repair_spares_a_hold_that_came_in_during_the_audit() -> None:
    world = World()
    world.sell("kettle", main=10)
    world.clock.forward(hours=1)
    world.hold("first")
    world.clock.forward(minutes=2)
    other = world.another_process()
    world.table.after(lambda call: call.method == "scan", lambda: world.hold("second", by=other))
    audited = world.audit()
    assert (audited.off, world.level().reserved) == ([], 2)
    assert world.faults() == []


def test_a_level_that_changes_while_it_is_repaired_is_left_alone() -> None:
    world = busy_shop()
    world.raw.items[LEVEL]["committed"] += 1
    world.raw.items[LEVEL]["available"] -= 1
    receipt = world.another_process()
    world.table.before(any_transaction, lambda: world.hold("just now", by=receipt))
    audited = world.audit()
    assert (audited.off, audited.repaired, audited.moving) == ([], 0, 1), "nobody is told of a drift that is none"
    assert world.record("just now").state is State.HELD
    assert world.level().reserved == 3


@pytest.mark.parametrize("after", [True, False], ids=["after its write", "before its write"])
def test_a_repair_is_never_silent(*, after: bool) -> None:
    world = busy_shop()
    world.raw.items[LEVEL]["available"] += 1
    (world.table.after if after else world.table.before)(any_transaction, crash)
    with pytest.raises(Crash):
        world.audit()
    assert bool(incidents(world)) == (world.faults() == [])
    world.audit()
    assert (len(incidents(world)), world.faults()) == (1, [])


def test_the_audit_folds_what_the_register_missed() -> None:
    world = World()
    world.sell("kettle", main=2)
    world.hold("order")
    world.clock.forward(minutes=25)
    assert world.audit().off == []
    assert (world.level().available, world.level().wheel) == (2, {})


def test_the_audit_releases_an_unpaid_order_the_register_missed() -> None:
    world = World()
    world.sell("kettle", mode=Mode.ON_ORDER, main=2)
    world.hold("order")
    world.stream()
    for key in [key for key in world.raw.items if key.pk.startswith("DUE#")]:
        del world.raw.items[key]
    world.clock.forward(days=1, seconds=31)
    world.audit()
    assert (world.record("order").state, world.level().available) == (State.RELEASED, 2)


def test_the_auditor_leaves_an_order_that_may_still_be_paid_in_time() -> None:
    world = World()
    world.sell("kettle", mode=Mode.ON_ORDER, main=1)
    world.hold("order")
    world.stream()
    world.clock.forward(seconds=86_400 - 5)
    audit_skus(world.another_process(behind=timedelta(seconds=-30)), ["kettle"])
    assert world.pay("order").outcome == "committed"


def test_one_sku_that_cannot_be_read_stops_no_other() -> None:
    world = World()
    for sku in ("kettle", "cup"):
        world.sell(sku, main=2)
        world.hold(f"of {sku}", sku)
    world.stream()
    world.clock.forward(minutes=25)
    world.table.before(lambda call: call.method == "write", refuse)
    audited = audit_all(world.context)
    assert (audited.skus, audited.failed) == (2, 1)
    assert audit_all(world.context).failed == 0
    assert (world.level("kettle").available, world.level("cup").available) == (2, 2)


def test_the_audit_goes_on_where_it_had_to_stop() -> None:
    world = World()
    for each in range(60):
        world.sell(f"sku {each:02d}", main=1)
    pages = iter([False, True])
    first = audit_all(world.context, time_is_short=lambda: next(pages))
    assert (first.skus, first.finished) == (25, False)
    second = audit_all(world.context)
    assert (second.skus, second.finished) == (35, True)
    assert audit_all(world.context).skus == 60


def test_an_overdue_order_whose_level_lost_its_units_is_no_obstacle_to_the_repair() -> None:
    """Neither can be done without the other: it cannot be released before the level is repaired."""
    world = World()
    world.sell("kettle", mode=Mode.ON_ORDER, main=5)
    world.hold("unpaid", quantity=2)
    world.stream()
    world.raw.items[LEVEL].update(committed=0, available=5)
    world.clock.forward(days=2)
    assert world.audit().repaired == 1
    assert (world.level().committed, world.faults()) == (2, [])
    world.audit()
    assert (world.record("unpaid").state, world.faults()) == (State.RELEASED, [])


def test_what_is_off_and_hidden_by_a_recent_change_is_told_as_moving() -> None:
    world = World()
    world.sell("kettle", mode=Mode.ON_ORDER, main=5)
    world.hold("unpaid", quantity=2)
    world.stream()
    world.clock.forward(days=2)
    world.raw.items[LEVEL].update(on_hand=3, available=1)
    audited = world.audit()
    assert (audited.off, audited.moving) == ([], 1), "the release by this very audit makes its units uncertain"
    world.clock.forward(minutes=5)
    assert world.audit().repaired == 1
    assert world.faults() == []


@pytest.mark.parametrize("outstanding", [None, 7, 51])
def test_an_announced_receipt_that_is_not_as_its_movements_say_is_repaired(outstanding: int | None) -> None:
    world = busy_shop()
    receipt = Key("SKU#kettle", "INCOMING#ship")
    if outstanding is None:
        del world.raw.items[receipt]
    else:
        world.raw.items[receipt]["outstanding"] = outstanding
    assert world.audit().repaired == 1
    assert world.raw.items[receipt]["outstanding"] == 50
    assert (world.faults(), world.audit().off) == ([], [])


def test_a_receipt_that_nobody_announced_is_taken_away() -> None:
    world = busy_shop()
    world.raw.items[Key("SKU#kettle", "INCOMING#x")] = {
        "pk": "SKU#kettle", "sk": "INCOMING#x", "location": "main", "outstanding": 3,
    }  # fmt: skip
    assert world.audit().repaired == 1
    assert (world.faults(), world.audit().off) == ([], [])


@pytest.mark.parametrize("page", [2, 100])
def test_an_id_that_is_listed_twice_counts_once(monkeypatch: pytest.MonkeyPatch, page: int) -> None:
    """Used anew after TTL took its first record, while the row of that one is still there, perhaps pages away."""
    monkeypatch.setattr(units_since, "READ_AT_ONCE", page)
    world = busy_shop()
    row = Key("SKU_RESERVATIONS#kettle", "0000000000001#paid")
    world.raw.items[row] = {"pk": row.pk, "sk": row.sk, "id": "paid"}
    assert world.audit().off == []
    listed, _ = list_reservations_of_sku(world.context, "kettle", limit=100, start=None)
    assert {each.id for each in listed} == {"held", "paid", "shipped", "given back"}


def test_goods_restored_whose_damage_was_lost_leave_a_level_that_adds_up() -> None:
    """A restore has lost the first of two facts: a repair to fewer than none would be repaired again for ever."""
    world = World()
    world.sell("kettle", main=5)
    world.move("broken", "kettle", Type.DAMAGE, 1)
    world.move("mended", "kettle", Type.RESTORE, 1)
    world.clock.forward(hours=1)
    del world.raw.items[Key("MOVEMENTS#kettle", "broken")]
    world.audit()
    assert (world.level().unavailable, world.level().available) == (0, 5)
    assert world.audit().off == []


def test_what_came_of_a_receipt_whose_announcement_was_lost_is_no_debt() -> None:
    world = World()
    world.sell("kettle", main=5)
    world.move("ship", "kettle", Type.ANNOUNCE, 4)
    world.move("part", "kettle", Type.RECEIVE, 4, announcement="ship")
    world.clock.forward(hours=1)
    del world.raw.items[Key("MOVEMENTS#kettle", "ship")]
    assert world.audit().off == []
    assert world.level().incoming == 0
