"""Guards that nothing else misses: each is the second lock on a door, or keeps what this code does not know."""

from dataclasses import replace
from datetime import timedelta

from holdfast.domain import commands
from holdfast.domain.commands import Situation, Stay, Write
from holdfast.domain.policy import Mode
from holdfast.domain.reservation import State
from holdfast.store.keys import reservation
from tests.support.world import NOON, POLICY, World


def test_closing_an_incident_that_is_not_there_brings_no_half_item_into_being() -> None:
    world = World()
    assert not world.context.ledger.incidents.close("oversold-0", at=NOON, note=None)
    assert world.raw.items == {}


def test_a_transition_is_not_written_on_another_state_of_the_same_version() -> None:
    world = World()
    world.sell("kettle", main=1)
    world.hold("order")
    held = world.record("order")
    elsewhere = replace(held, state=State.OPEN)
    shipped = Write(record=held.became(State.SHIPPED, "shipped", NOON, shipped_at=NOON))
    assert world.context.ledger.reservations.write(shipped, before=elsewhere) is not None
    assert world.record("order").state is State.HELD


def test_a_paid_order_is_not_released_as_unpaid_whatever_its_time_to_pay_says() -> None:
    world = World()
    world.sell("kettle", mode=Mode.ON_ORDER, main=1)
    world.hold("order")
    world.pay("order")
    paid = replace(world.record("order"), pay_by=NOON)
    late = Situation({}, NOON + timedelta(days=9), POLICY)
    assert commands.release_unpaid(paid, late) == Stay(record=paid)


def test_the_row_of_an_order_that_is_due_in_less_than_a_second_stays() -> None:
    """The register counts whole seconds; an order does not. A row that went too early would never come again."""
    world = World()
    world.clock.forward(seconds=0.9)
    world.sell("kettle", mode=Mode.ON_ORDER, main=1)
    world.hold("order")
    world.stream()
    world.clock.forward(days=1, seconds=POLICY.margin_seconds - 0.4)
    world.sweep()
    assert world.record("order").state is State.COMMITTED
    world.clock.forward(seconds=1)
    world.sweep()
    assert world.record("order").state is State.RELEASED


def test_what_a_newer_version_of_the_code_added_to_a_record_survives_this_one() -> None:
    world = World()
    world.sell("kettle", main=1)
    world.hold("order")
    world.raw.items[reservation("order")]["added_later"] = 1
    world.pay("order")
    assert world.raw.items[reservation("order")]["added_later"] == 1
