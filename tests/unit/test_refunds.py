"""Money that is to be paid back has a deadline, a list of its own, and reminders until it is paid back."""

from holdfast.domain.policy import Mode
from holdfast.services.reservations.command_reservation import refunded, release
from holdfast.services.stock.look_up import list_refunds
from tests.support.world import NOON, World

DAY = 86_400


def due(*orders: str) -> World:
    world = World()
    world.sell("kettle", mode=Mode.ON_ORDER, main=9)
    for order in orders:
        world.hold(order)
        world.pay(order)
        release(world.context, order)
        world.clock.forward(hours=1)
    world.stream()
    return world


def listed(world: World) -> list[str]:
    return [each.id for each in list_refunds(world.context, limit=10, start=None)[0]]


def incident(world: World, order: str) -> dict[str, object]:
    [found] = [each for each in world.raw.items.values() if each.get("subject") == order]
    return found


def reminders(world: World, order: str) -> object:
    facts = incident(world, order)["facts"]
    assert isinstance(facts, dict)
    return facts.get("reminders", 0)


def test_a_refund_is_due_within_three_days() -> None:
    world = due("order")
    record = world.record("order")

    assert record.refund_by is not None
    assert (record.refund_by - NOON).days == 3


def test_the_list_begins_with_the_most_urgent_and_forgets_what_was_paid_back() -> None:
    world = due("first", "second")
    assert listed(world) == ["first", "second"]

    refunded(world.context, "first")
    assert listed(world) == ["second"], "even before the stream has told it"
    world.stream()
    assert [key.sk.split("#")[1] for key in world.raw.items if key.pk == "REFUNDS"] == ["second"]
    assert world.record("first").refund_by is None


def test_a_reminder_comes_at_half_the_time_at_the_end_and_every_day_after() -> None:
    world = due("order")
    told: list[object] = []
    for _ in range(12):
        world.clock.forward(hours=12)
        world.sweep()
        told.append(reminders(world, "order"))

    assert told == [0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5]
    assert world.counted["RefundOverdue"] == 4


def test_a_reminder_opens_an_incident_that_was_closed_by_mistake() -> None:
    world = due("order")
    item = incident(world, "order")
    item["list"] = "incidents#closed"
    world.clock.forward(days=4)
    world.sweep()

    assert incident(world, "order")["list"] == "incidents#open"


def test_a_refund_paid_back_while_the_sweeper_looks_stays_closed() -> None:
    world = due("order")
    world.clock.forward(days=4)
    world.table.before(lambda call: call.method == "transact", lambda: refunded(world.context, "order"))
    world.sweep()

    assert incident(world, "order")["list"] == "incidents#closed"
    world.sweep()
    assert [key for key in world.raw.items if key.pk == "REFUNDS"] == []


def test_sweeping_again_at_once_reminds_nobody_twice() -> None:
    world = due("order")
    world.clock.forward(days=2)

    assert [world.sweep().reminded, world.sweep().reminded] == [1, 0]
