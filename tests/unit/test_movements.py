"""Movements: each type, on a shop that sells at the same time."""

from datetime import timedelta

import pytest

from holdfast.domain.errors import (
    BadInput,
    HoldfastError,
    IdReused,
    InsufficientStock,
    MovementRefused,
    Unavailable,
    UnknownSku,
)
from holdfast.domain.movement import Movement, Type, check
from holdfast.services.reservations.command_reservation import release, ship
from holdfast.services.stock.move_stock import MovementAnswer, move_many, move_stock
from tests.support.faults import Crash, any_transaction, crash
from tests.support.world import NOON, World


def shop(**stock: int) -> World:
    world = World()
    world.sell("kettle", mode=None, max_quantity=None, **stock)
    return world


def counters(world: World, location: str = "main") -> tuple[int, int, int, int]:
    level = world.level("kettle", location)
    return level.available, level.unavailable, level.on_hand, level.incoming


def oversold(world: World) -> list[tuple[int, str]]:
    found = [item["facts"] for item in world.raw.items.values() if item.get("kind") == "oversold"]
    return [(each["units"], each["because"]) for each in found]


@pytest.mark.parametrize(
    ("kind", "quantity", "expected"),
    [
        (Type.RECEIVE, 5, (15, 0, 15, 0)),
        (Type.SHIP_OUT, 4, (6, 0, 6, 0)),
        (Type.SHIP_OUT, 10, (0, 0, 0, 0)),
        (Type.DAMAGE, 3, (7, 3, 10, 0)),
        (Type.COUNT, 12, (12, 0, 12, 0)),
        (Type.COUNT, 10, (10, 0, 10, 0)),
        (Type.COUNT, 0, (0, 0, 0, 0)),
        (Type.ANNOUNCE, 7, (10, 0, 10, 7)),
    ],
)
def test_ten_kettles_after(kind: Type, quantity: int, expected: tuple[int, int, int, int]) -> None:
    world = shop(main=10)
    first = world.move("m", "kettle", kind, quantity)
    assert counters(world) == expected
    again = world.move("m", "kettle", kind, quantity)
    assert (first.first, again.first, again.recorded) == (True, False, first.recorded)
    assert counters(world) == expected, "once per id"
    assert world.faults() == []


def test_damaged_kettles_can_be_restored_but_no_more_than_were_damaged() -> None:
    world = shop(main=10)
    world.move("broken", "kettle", Type.DAMAGE, 3)
    world.move("mended", "kettle", Type.RESTORE, 2)
    assert counters(world) == (9, 1, 10, 0)
    with pytest.raises(MovementRefused, match="at most the 1 units"):
        world.move("too many", "kettle", Type.RESTORE, 2)
    assert world.faults() == []


def test_a_transfer_moves_free_units_only() -> None:
    world = shop(main=10)
    world.hold("order", quantity=4)
    with pytest.raises(InsufficientStock) as refusal:
        world.move("all", "kettle", Type.TRANSFER, 7, to_location="annex")
    assert refusal.value.shortages[0].available == 6
    world.move("six", "kettle", Type.TRANSFER, 6, to_location="annex")
    assert (counters(world), counters(world, "annex")) == ((0, 0, 4, 0), (6, 0, 6, 0))
    assert world.faults() == []


def test_a_transfer_takes_the_units_of_ended_holds_too() -> None:
    world = shop(main=3)
    world.hold("order", quantity=3)
    world.clock.forward(minutes=25)
    world.move("all", "kettle", Type.TRANSFER, 3, to_location="annex")
    assert counters(world, "annex") == (3, 0, 3, 0)
    assert world.faults() == []


@pytest.mark.parametrize("kind", [Type.SHIP_OUT, Type.DAMAGE, Type.RESTORE, Type.TRANSFER])
def test_nothing_leaves_a_place_that_was_never_stocked(kind: Type) -> None:
    world = shop()
    more = {"to_location": "annex"} if kind is Type.TRANSFER else {}
    with pytest.raises((MovementRefused, InsufficientStock)):
        world.move("m", "kettle", kind, 1, **more)
    assert not any(key.sk.startswith("LEVEL") or key.pk.startswith("MOVEMENTS") for key in world.raw.items)


@pytest.mark.parametrize(
    ("kind", "quantity", "short"), [(Type.SHIP_OUT, 7, 2), (Type.DAMAGE, 10, 5), (Type.COUNT, 3, 2), (Type.COUNT, 5, 0)]
)
def test_a_fact_may_leave_units_promised_that_are_not_there_and_says_so(kind: Type, quantity: int, short: int) -> None:
    world = shop(main=10)
    world.hold("order", quantity=5)
    world.move("m", "kettle", kind, quantity)
    assert world.level().oversold == short
    assert oversold(world) == ([(short, f"{kind.value} m")] if short else [])
    assert world.faults() == []


def test_a_fact_folds_ended_holds_before_it_goes_below_zero() -> None:
    world = shop(main=10)
    world.hold("order", quantity=10)
    world.clock.forward(minutes=25)
    world.move("m", "kettle", Type.SHIP_OUT, 8)
    assert (counters(world), oversold(world)) == ((2, 0, 2, 0), [])


def test_an_oversold_incident_tells_what_is_so() -> None:
    """The units come in between the failed try and the write that would have gone below zero."""
    world = shop(main=5)
    world.hold("order", quantity=5)
    receipt = Movement(id="receipt", type=Type.RECEIVE, sku="kettle", location="main", quantity=5)
    world.table.before(any_transaction, lambda: move_stock(world.another_process(), receipt), skip=1)
    world.move("out", "kettle", Type.SHIP_OUT, 5)
    assert (world.level().available, oversold(world)) == (0, [])


def test_an_oversold_incident_is_open_again_when_it_happens_again() -> None:
    world = shop(main=2)
    world.hold("order", quantity=2)
    world.move("first", "kettle", Type.SHIP_OUT, 1)
    [told] = [item for item in world.raw.items.values() if item.get("kind") == "oversold"]
    world.context.ledger.incidents.close(told["id"], at=world.clock.now, note="bought one")
    world.move("second", "kettle", Type.SHIP_OUT, 1)
    [told] = [item for item in world.raw.items.values() if item.get("kind") == "oversold"]
    assert (told["list"], told["facts"]["units"]) == ("incidents#open", 2)


def test_goods_that_are_not_in_the_building_cannot_leave_it() -> None:
    world = shop(main=10)
    with pytest.raises(MovementRefused, match="at most the 10 units"):
        world.move("m", "kettle", Type.SHIP_OUT, 11)
    assert counters(world) == (10, 0, 10, 0)


def test_an_announced_receipt_arrives_in_parts() -> None:
    world = shop(main=1)
    world.move("ship", "kettle", Type.ANNOUNCE, 10, expected_at=NOON + timedelta(days=3))
    assert counters(world) == (1, 0, 1, 10)
    world.move("part 1", "kettle", Type.RECEIVE, 4, announcement="ship")
    world.move("part 2", "kettle", Type.RECEIVE, 3, announcement="ship")
    assert counters(world) == (8, 0, 8, 3)
    world.move("part 3", "kettle", Type.RECEIVE, 3, announcement="ship")
    assert counters(world) == (11, 0, 11, 0)
    with pytest.raises(BadInput, match="ship"):
        world.move("part 4", "kettle", Type.RECEIVE, 1, announcement="ship")
    assert not world.move("part 3", "kettle", Type.RECEIVE, 3, announcement="ship").first
    assert world.faults() == []


def test_more_than_was_announced_comes_in_whole() -> None:
    world = shop()
    world.move("ship", "kettle", Type.ANNOUNCE, 10)
    world.move("all", "kettle", Type.RECEIVE, 12, announcement="ship")
    assert counters(world) == (12, 0, 12, 0)
    assert world.faults() == []


@pytest.mark.parametrize("outstanding", [0, 3, 20])
def test_an_announcement_can_be_corrected(outstanding: int) -> None:
    world = shop()
    world.move("ship", "kettle", Type.ANNOUNCE, 10, expected_at=NOON + timedelta(days=3))
    world.move("part", "kettle", Type.RECEIVE, 2, announcement="ship")
    world.move("news", "kettle", Type.ANNOUNCE, outstanding, announcement="ship")
    assert counters(world) == (2, 0, 2, outstanding)
    announced = world.context.ledger.levels.announced("kettle", "ship")
    assert (announced.expected_at if announced else None) == (NOON + timedelta(days=3) if outstanding else None)
    assert world.faults() == []


def test_a_receipt_is_announced_where_it_arrives() -> None:
    world = shop()
    world.move("ship", "kettle", Type.ANNOUNCE, 10)
    for kind in (Type.RECEIVE, Type.ANNOUNCE):
        with pytest.raises(BadInput, match="main"):
            world.move("m", "kettle", kind, 1, location="annex", announcement="ship")


def test_two_parts_at_once_are_each_counted_against_what_is_outstanding() -> None:
    world = shop()
    world.move("ship", "kettle", Type.ANNOUNCE, 5)
    part = Movement(id="b", type=Type.RECEIVE, sku="kettle", location="main", quantity=3, announcement="ship")
    world.table.before(any_transaction, lambda: move_stock(world.another_process(), part))
    world.move("a", "kettle", Type.RECEIVE, 3, announcement="ship")
    assert counters(world) == (6, 0, 6, 0)
    assert world.faults() == []


def test_a_count_during_open_holds_leaves_them_alone() -> None:
    world = shop(main=10)
    world.hold("held", quantity=2)
    world.hold("paid", quantity=3)
    world.pay("paid")
    world.move("broken", "kettle", Type.DAMAGE, 1)
    world.move("count", "kettle", Type.COUNT, 9)
    level = world.level()
    assert (level.on_hand, level.available, level.reserved, level.committed, level.unavailable) == (9, 3, 2, 3, 1)
    assert world.faults() == []


def test_a_count_of_this_morning_knows_what_moved_since() -> None:
    """Nine of ten on the shelf at eight; then three came, two were shipped out, one order left: nine it is."""
    world = shop(main=10)
    world.clock.forward(minutes=1)
    eight = world.clock.now
    world.hold("order")
    world.clock.forward(minutes=1)
    world.move("in", "kettle", Type.RECEIVE, 3)
    world.move("out", "kettle", Type.SHIP_OUT, 2)
    world.pay("order")
    ship(world.context, "order")
    world.stream()
    world.clock.forward(hours=2)
    answer = world.move("count", "kettle", Type.COUNT, 9, as_of=eight)
    assert answer.recorded.on_hand == {"main": -1}
    assert world.level().on_hand == 9
    assert world.faults() == []


def test_a_count_of_this_morning_waits_until_the_shipments_since_are_known() -> None:
    world = shop(main=5)
    eight = world.clock.now
    world.hold("order", quantity=2)
    world.pay("order")
    world.clock.forward(minutes=1)
    ship(world.context, "order")
    with pytest.raises(Unavailable, match="try again"):
        world.move("count", "kettle", Type.COUNT, 5, as_of=eight)
    world.stream()
    world.move("count", "kettle", Type.COUNT, 5, as_of=eight)
    assert world.level().on_hand == 3
    assert world.faults() == []


def test_a_count_is_compared_with_what_is_there_when_it_is_written() -> None:
    world = shop(main=10)
    receipt = Movement(id="receipt", type=Type.RECEIVE, sku="kettle", location="main", quantity=5)
    world.table.before(any_transaction, lambda: move_stock(world.another_process(), receipt))
    answer = world.move("count", "kettle", Type.COUNT, 7)
    assert (answer.recorded.on_hand, world.level().on_hand) == ({"main": -8}, 7)
    assert world.faults() == []


def test_two_first_counts_of_a_location_are_two_counts() -> None:
    world = shop()
    other = Movement(id="b", type=Type.COUNT, sku="kettle", location="main", quantity=4)
    world.table.before(any_transaction, lambda: move_stock(world.another_process(), other))
    answer = world.move("a", "kettle", Type.COUNT, 6)
    assert (answer.recorded.on_hand, world.level().on_hand) == ({"main": 2}, 6)
    assert world.faults() == []


@pytest.mark.parametrize(
    "other", [{"quantity": 4}, {"location": "annex"}, {"reason": "late"}, {"type": Type.COUNT}], ids=str
)
def test_a_movements_id_with_another_body_is_refused(other: dict[str, object]) -> None:
    world = shop(main=10)
    body = {"id": "m", "type": Type.RECEIVE, "sku": "kettle", "location": "main", "quantity": 3}
    move_stock(world.context, Movement(**body))  # type: ignore[arg-type]  # fields of a movement
    with pytest.raises(IdReused):
        move_stock(world.context, Movement(**{**body, **other}))  # type: ignore[arg-type]
    assert world.faults() == []


def test_the_same_id_for_another_sku_is_another_movement() -> None:
    world = shop(main=1)
    world.sell("cup")
    world.move("m", "kettle", Type.RECEIVE, 1)
    assert world.move("m", "cup", Type.RECEIVE, 1).first


def test_a_repeat_is_answered_even_when_the_levels_would_now_refuse_it() -> None:
    world = shop(main=3)
    world.move("out", "kettle", Type.SHIP_OUT, 3)
    assert not world.move("out", "kettle", Type.SHIP_OUT, 3).first


@pytest.mark.parametrize("after", [True, False], ids=["after its write", "before its write"])
def test_a_movement_repeated_after_a_crash_happens_once(*, after: bool) -> None:
    world = shop(main=3)
    (world.table.after if after else world.table.before)(any_transaction, crash)
    with pytest.raises(Crash):
        world.move("in", "kettle", Type.RECEIVE, 2)
    assert world.move("in", "kettle", Type.RECEIVE, 2).first == (not after)
    assert world.level().on_hand == 5
    assert world.faults() == []


def test_an_unknown_sku_has_no_movements() -> None:
    with pytest.raises(UnknownSku, match="teapot"):
        World().move("m", "teapot", Type.RECEIVE, 1)


def test_many_movements_are_answered_one_by_one() -> None:
    world = shop(main=3)
    world.hold("order")
    release(world.context, "order")

    def of(name: str, kind: Type, quantity: int, sku: str = "kettle") -> Movement:
        return Movement(id=name, type=kind, sku=sku, location="main", quantity=quantity)

    answers = move_many(
        world.context,
        [
            of("a", Type.RECEIVE, 2),
            of("b", Type.SHIP_OUT, 99),
            of("c", Type.COUNT, 4, "teapot"),
            of("a", Type.RECEIVE, 2),
        ],
    )
    told = [each.code if isinstance(each, HoldfastError) else each.first for each in answers]
    assert told == [True, "more_than_on_hand", "unknown_sku", False]
    assert isinstance(answers[0], MovementAnswer)
    assert world.level().on_hand == 5


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"type": Type.TRANSFER}, ["to_location"]),
        ({"type": Type.TRANSFER, "to_location": "main"}, ["to_location"]),
        ({"type": Type.RECEIVE, "to_location": "annex"}, ["to_location"]),
        ({"type": Type.COUNT, "announcement": "a"}, ["announcement"]),
        ({"type": Type.RECEIVE, "expected_at": NOON}, ["expected_at"]),
        ({"type": Type.RECEIVE, "as_of": NOON}, ["as_of"]),
        ({"type": Type.RECEIVE, "quantity": 0}, ["quantity"]),
        ({"type": Type.ANNOUNCE, "quantity": 0}, ["quantity"]),
        (
            {"type": Type.DAMAGE, "quantity": 0, "as_of": NOON, "announcement": "a"},
            ["announcement", "as_of", "quantity"],
        ),
    ],
    ids=str,
)
def test_members_that_do_not_go_together_are_all_named(wrong: dict[str, object], fields: list[str]) -> None:
    body = {"id": "m", "sku": "kettle", "location": "main", "quantity": 1, **wrong}
    with pytest.raises(BadInput) as refusal:
        check(Movement(**body))  # type: ignore[arg-type]  # fields of a movement
    assert [each.field for each in refusal.value.fields] == fields


def test_a_checkpoint_does_not_come_from_outside() -> None:
    with pytest.raises(BadInput, match="auditor"):
        shop(main=1).move("m", "kettle", Type.CHECKPOINT, 1)
