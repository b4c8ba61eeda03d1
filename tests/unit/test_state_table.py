"""Every command in every state, through the real services: the next state, or a named refusal, and where units are."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from holdfast.domain.errors import NotInThisState
from holdfast.domain.policy import Mode
from holdfast.domain.reservation import TABLE, Command, State, Wanted, row_of
from holdfast.services.reservations.answers import ReservationAnswer
from holdfast.services.reservations.command_reservation import begin_payment, change, refunded, release, ship
from tests.support.world import World

# Ten kettles, three of them wanted.
FREE, TAKEN, FEWER = 10, 3, 2


@dataclass(frozen=True)
class Cell:
    """What the command leads to. `first`: it changes something. Units of the order are then `held` or `committed`."""

    state: str
    first: bool = True
    outcome: str | None = None
    units: str = "free"


def same(state: str, units: str = "free", outcome: str | None = None) -> Cell:
    return Cell(state, first=False, outcome=outcome, units=units)


COMMANDS: dict[str, Callable[[World], ReservationAnswer]] = {
    "begin_payment": lambda world: begin_payment(world.context, "order"),
    "commit": lambda world: world.pay("order"),
    "release": lambda world: release(world.context, "order"),
    "ship": lambda world: ship(world.context, "order"),
    "refunded": lambda world: refunded(world.context, "order"),
    "change": lambda world: change(world.context, "order", lines=[Wanted("kettle", FEWER)]),
}


def submitted(mode: Mode, *commands: str) -> Callable[[], World]:
    """A world in which the order was submitted in this mode and then went through these commands."""

    def make() -> World:
        world = World()
        world.sell("kettle", mode=mode, main=FREE)
        world.hold("order", quantity=TAKEN)
        for name in commands:
            world.clock.forward(seconds=1)
            COMMANDS[name](world)
        world.clock.forward(seconds=1)
        return world

    return make


ROWS: dict[str, Callable[[], World]] = {
    "open": submitted(Mode.ON_PAYMENT),
    "held": submitted(Mode.RESERVE),
    "committed, unpaid": submitted(Mode.ON_ORDER),
    "committed, paid": submitted(Mode.RESERVE, "commit"),
    "shipped": submitted(Mode.RESERVE, "commit", "ship"),
    "released": submitted(Mode.RESERVE, "release"),
    "refund_due": submitted(Mode.RESERVE, "commit", "release"),
    "refunded": submitted(Mode.RESERVE, "commit", "release", "refunded"),
}

CELLS: dict[tuple[str, str], Cell | str] = {
    ("open", "begin_payment"): same("open"),
    ("open", "commit"): Cell("committed", outcome="committed", units="committed"),
    ("open", "release"): Cell("released"),
    ("open", "ship"): "not_committed",
    ("open", "refunded"): "no_refund_due",
    ("open", "change"): "not_held",
    ("held", "begin_payment"): Cell("held", units="held"),
    ("held", "commit"): Cell("committed", outcome="committed", units="committed"),
    ("held", "release"): Cell("released"),
    ("held", "ship"): "not_committed",
    ("held", "refunded"): "no_refund_due",
    ("held", "change"): Cell("held", units="fewer held"),
    ("committed, unpaid", "begin_payment"): same("committed", units="committed"),
    ("committed, unpaid", "commit"): Cell("committed", outcome="committed", units="committed"),
    ("committed, unpaid", "release"): Cell("released"),
    ("committed, unpaid", "ship"): Cell("shipped", units="gone"),
    ("committed, unpaid", "refunded"): "no_refund_due",
    ("committed, unpaid", "change"): "not_held",
    ("committed, paid", "begin_payment"): "already_paid",
    ("committed, paid", "commit"): same("committed", outcome="committed", units="committed"),
    ("committed, paid", "release"): Cell("refund_due", outcome="refund_due"),
    ("committed, paid", "ship"): Cell("shipped", units="gone"),
    ("committed, paid", "refunded"): "no_refund_due",
    ("committed, paid", "change"): "already_paid",
    ("shipped", "begin_payment"): "already_shipped",
    ("shipped", "commit"): same("shipped", outcome="committed", units="gone"),
    ("shipped", "release"): "already_shipped",
    ("shipped", "ship"): same("shipped", units="gone"),
    ("shipped", "refunded"): "no_refund_due",
    ("shipped", "change"): "already_shipped",
    ("released", "begin_payment"): "already_released",
    ("released", "commit"): Cell("refund_due", outcome="refund_due"),
    ("released", "release"): same("released"),
    ("released", "ship"): "already_released",
    ("released", "refunded"): "no_refund_due",
    ("released", "change"): "already_released",
    ("refund_due", "begin_payment"): "refund_is_due",
    ("refund_due", "commit"): same("refund_due", outcome="refund_due"),
    ("refund_due", "release"): same("refund_due", outcome="refund_due"),
    ("refund_due", "ship"): "refund_is_due",
    ("refund_due", "refunded"): Cell("refunded"),
    ("refund_due", "change"): "refund_is_due",
    ("refunded", "begin_payment"): "already_refunded",
    ("refunded", "commit"): same("refunded", outcome="refunded"),
    ("refunded", "release"): same("refunded"),
    ("refunded", "ship"): "already_refunded",
    ("refunded", "refunded"): same("refunded"),
    ("refunded", "change"): "already_refunded",
}


def where_the_units_are(world: World) -> str:
    level = world.level()
    return {
        (FREE, 0, 0, FREE): "free",
        (FREE - TAKEN, TAKEN, 0, FREE): "held",
        (FREE - FEWER, FEWER, 0, FREE): "fewer held",
        (FREE - TAKEN, 0, TAKEN, FREE): "committed",
        (FREE - TAKEN, 0, 0, FREE - TAKEN): "gone",
    }[level.available, level.reserved, level.committed, level.on_hand]


def test_the_table_has_a_cell_for_every_state_and_command() -> None:
    assert {(row, command.value) for row, command in TABLE} == set(CELLS)
    assert {row_of(make().record("order")) for make in ROWS.values()} == set(ROWS)
    assert {make().record("order").state for make in ROWS.values()} == set(State)
    assert {command.value for command in Command} == set(COMMANDS)


@pytest.mark.parametrize(("row", "command"), CELLS, ids=lambda word: word)
def test_a_command_in_a_state(row: str, command: str) -> None:
    world, expected = ROWS[row](), CELLS[row, command]
    before = world.record("order")
    if isinstance(expected, str):
        with pytest.raises(NotInThisState) as refusal:
            COMMANDS[command](world)
        assert refusal.value.code == expected
        assert world.record("order") == before
    else:
        answer = COMMANDS[command](world)
        got = Cell(answer.record.state.value, answer.first, answer.outcome, where_the_units_are(world))
        assert got == expected
        assert answer.record == world.record("order")
        assert (world.record("order") != before) == expected.first
    assert world.faults() == []


@pytest.mark.parametrize(("row", "command"), [each for each in CELLS if not isinstance(CELLS[each], str)])
def test_the_second_time_a_command_answers_what_happened_the_first_time(row: str, command: str) -> None:
    world = ROWS[row]()
    first = COMMANDS[command](world)
    written = len(world.table.written())
    again = COMMANDS[command](world)
    assert not again.first
    assert again.record == first.record
    assert (again.outcome, first.outcome) in {(first.outcome, first.outcome), (None, "refund_due")}
    assert len(world.table.written()) == written, "a repeat writes nothing"


@pytest.mark.parametrize("row", ["committed, paid", "shipped", "refund_due", "refunded"])
def test_another_payment_of_a_paid_order_is_told_as_a_duplicate(row: str) -> None:
    world = ROWS[row]()
    before = world.record("order")
    for _ in range(2):
        answer = world.pay("order", payment_id="pay-2")
        assert (answer.outcome, answer.record) == ("duplicate_payment", before)
    told = [item for item in world.raw.items.values() if item.get("kind") == "duplicate_payment"]
    assert [item["facts"] for item in told] == [
        {"reservation": "order", "payment_id": "pay-2", "first_payment_id": "pay-1"}
    ]


def test_an_order_shipped_before_it_was_paid_takes_its_payment() -> None:
    world = submitted(Mode.ON_ORDER, "ship")()
    answer = world.pay("order")
    assert (answer.record.state, answer.record.paid, answer.outcome) == (State.SHIPPED, True, "committed")
    assert where_the_units_are(world) == "gone"


def test_a_refund_is_an_incident_until_it_is_reported_refunded() -> None:
    world = ROWS["refund_due"]()
    [told] = [item for item in world.raw.items.values() if item.get("kind") == "refund_due"]
    assert (told["list"], told["facts"]["payment_id"]) == ("incidents#open", "pay-1")
    refunded(world.context, "order")
    [told] = [item for item in world.raw.items.values() if item.get("kind") == "refund_due"]
    assert told["list"] == "incidents#closed"
