"""Checkpoints: what was shipped is written down before TTL takes the records that say so."""

from datetime import UTC, datetime, timedelta

import pytest

from holdfast.domain.movement import Type
from holdfast.services.reservations.command_reservation import ship
from holdfast.services.upkeep.checkpoint_shipped import month_start
from tests.support.world import Clock, World

MARCH_28 = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)


def shipped_in_march(*, units: int = 3) -> World:
    world = World(clock=Clock(MARCH_28))
    world.sell("kettle", main=10)
    world.hold("order", quantity=units)
    world.pay("order")
    ship(world.context, "order")
    world.stream()
    return world


def checkpoints(world: World) -> list[dict[str, int]]:
    return [item["on_hand"] for item in world.raw.items.values() if item.get("type") == Type.CHECKPOINT.value]


def take_by_ttl(world: World, reservation_id: str) -> None:
    [key] = [key for key in world.raw.items if key.pk == f"RESERVATION#{reservation_id}"]
    del world.raw.items[key]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 3, 2, 23, 59, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)),
        (datetime(2026, 3, 3, 0, 0, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
        (datetime(2026, 1, 1, 12, 0, tzinfo=UTC), datetime(2025, 12, 1, tzinfo=UTC)),
    ],
)
def test_a_month_is_closed_two_days_after_its_end(now: datetime, expected: datetime) -> None:
    assert month_start(now) == expected


def test_a_checkpoint_takes_the_place_of_the_records_it_counts() -> None:
    world = shipped_in_march()
    world.clock.now = datetime(2026, 4, 3, 1, 0, tzinfo=UTC)
    assert world.audit().off == []
    assert checkpoints(world) == [{"main": -3}]
    assert world.audit().off == [], "the record is there still, and is not counted twice"
    take_by_ttl(world, "order")
    world.clock.forward(days=90)
    assert world.audit().off == []
    assert world.level().on_hand == 7


def test_a_month_is_closed_once() -> None:
    world = shipped_in_march()
    world.clock.now = datetime(2026, 4, 3, 1, 0, tzinfo=UTC)
    for _ in range(3):
        world.audit()
        world.clock.forward(days=1)
    assert len(checkpoints(world)) == 1


def test_the_next_checkpoint_counts_only_what_came_after_the_last() -> None:
    world = shipped_in_march()
    world.clock.now = datetime(2026, 4, 3, 1, 0, tzinfo=UTC)
    world.audit()
    world.hold("in April", quantity=2)
    world.pay("in April")
    ship(world.context, "in April")
    world.stream()
    world.clock.now = datetime(2026, 5, 3, 1, 0, tzinfo=UTC)
    world.audit()
    assert checkpoints(world) == [{"main": -3}, {"main": -2}]
    for each in ("order", "in April"):
        take_by_ttl(world, each)
    assert world.audit().off == []


def test_a_level_that_is_off_gets_no_checkpoint() -> None:
    world = shipped_in_march()
    [key] = [key for key in world.raw.items if key.sk.startswith("LEVEL#")]
    world.raw.items[key]["on_hand"] += 1
    world.clock.now = datetime(2026, 4, 3, 1, 0, tzinfo=UTC)
    world.audit()
    assert checkpoints(world) == []
    assert world.level().on_hand == 7
    assert world.audit().off == []


def test_no_checkpoint_while_facts_are_moving() -> None:
    """The stream lost a shipped order; one of just now hides the difference. Closing the month would forget it."""
    world = shipped_in_march(units=1)
    world.hold("lost by the stream")
    world.pay("lost by the stream")
    ship(world.context, "lost by the stream")
    listed = [row for row in world.raw.items if row.pk.startswith(("SKU_RESERVATIONS", "HOUR"))]
    world.stream()
    for row in [row for row in world.raw.items if row.pk.startswith(("SKU_RESERVATIONS", "HOUR"))]:
        if row not in listed:
            del world.raw.items[row]
    world.clock.now = datetime(2026, 4, 3, 1, 0, tzinfo=UTC)
    world.hold("just now")
    world.pay("just now")
    world.stream()
    world.audit()
    assert checkpoints(world) == []
    world.clock.forward(minutes=10)
    world.audit()
    assert world.level().on_hand == 8
    world.clock.forward(days=1)
    assert world.audit().off == []
    assert checkpoints(world) == [{"main": -2}]


def test_records_that_ended_carry_a_time_to_live_and_live_ones_do_not() -> None:
    world = World()
    world.sell("kettle", main=10)
    days = timedelta(days=90).total_seconds()

    def ttl(name: str) -> float | None:
        found = next(item for key, item in world.raw.items.items() if key.pk == f"RESERVATION#{name}")
        return None if "ttl" not in found else found["ttl"] - world.clock.now.timestamp()

    world.hold("held")
    assert ttl("held") == days + 1200
    world.pay("held")
    assert ttl("held") is None, "a paid order is never cleaned up"
    ship(world.context, "held")
    assert ttl("held") == days
