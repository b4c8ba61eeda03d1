"""What each command costs, on a SKU that is quiet and on one that is busy."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from holdfast.domain.errors import HoldBudget, InsufficientStock
from holdfast.domain.level import Place
from holdfast.domain.policy import Mode
from holdfast.domain.reservation import Wanted
from holdfast.services.reservations import command_reservation as commands
from holdfast.services.reservations.hold_units import hold_units
from holdfast.services.stock.fold_level import fold_level

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.meter import Cost
    from bench.world import World

# A hold of 20 minutes has ended by then, and so has the margin of half a minute.
PAST_A_HOLD_SECONDS = 1_300
QUIET, BUSY, SOLD_OUT, LAST_ONE = "quiet lamp", "busy mug", "sold-out bowl", "last vase"
SCARCE = "scarce bottle"
ORDERED, PAID_FIRST = "ordered-first plate", "paid-first tray"
LINES = tuple(f"cup {number:02d}" for number in range(10))

Named = tuple[str, "Cost"]


def costs(world: World) -> dict[str, Cost]:
    """By the name of the command."""
    _stock(world)
    parts = (_submitting, _refused, _paying, _paying_late, _ending, _within_budget)
    return dict(named for part in parts for named in part(world))


def _stock(world: World) -> None:
    for sku in (QUIET, BUSY, *LINES):
        world.stock(sku)
    world.stock(ORDERED, mode=Mode.ON_ORDER)
    world.stock(PAID_FIRST, mode=Mode.ON_PAYMENT)
    world.stock(SCARCE, limits={"open_holds": 1})
    world.stock(SOLD_OUT, 1)
    world.stock(LAST_ONE, 1)
    for _ in range(20):  # a hold in each of 20 minutes: a wheel as large as 20-minute holds ever make it
        world.hold(BUSY)
        world.clock.wait(seconds=60)


def _submitting(world: World) -> Iterator[Named]:
    world.hold(QUIET)
    world.clock.wait(seconds=60)
    yield "hold, quiet SKU (one a minute)", world.cost_of(_submit(world, QUIET))
    world.hold(BUSY)
    yield "hold, busy SKU", world.cost_of(_submit(world, BUSY))
    for sku in LINES:
        world.hold(sku)
    yield "hold, 2 lines", world.cost_of(_submit(world, *LINES[:2]))
    yield "hold, 10 lines", world.cost_of(_submit(world, *LINES))
    same = world.hold(BUSY)
    yield "hold, sent again", world.cost_of(_submit(world, BUSY, reservation_id=same))
    world.hold(ORDERED)
    yield "submit, on_order", world.cost_of(_submit(world, ORDERED))
    world.hold(PAID_FIRST)
    yield "submit, on_payment", world.cost_of(_submit(world, PAID_FIRST))


def _submit(world: World, *skus: str, reservation_id: str | None = None) -> Callable[[], object]:
    order = world.order(*skus, reservation_id=reservation_id)
    return lambda: hold_units(world.context, order)


def _refused(world: World) -> Iterator[Named]:
    world.hold(SOLD_OUT)

    def refuse() -> None:
        with contextlib.suppress(InsufficientStock):
            hold_units(world.context, world.order(SOLD_OUT))

    yield "refused, the first to find it sold out", world.cost_of(refuse)
    yield "refused, within a second of that look", world.cost_of(refuse)
    world.clock.wait(seconds=1.5)
    yield "refused, a second later", world.cost_of(refuse)


def _paying(world: World) -> Iterator[Named]:
    begun = world.hold(BUSY)
    world.clock.wait(seconds=60)  # the payment window then ends in a later minute than the hold
    yield "begin payment", world.cost_of(lambda: commands.begin_payment(world.context, begun))
    yield "begin payment, sent again", world.cost_of(lambda: commands.begin_payment(world.context, begun))
    held, ordered, paid_first, pair = (
        world.hold(BUSY),
        world.hold(ORDERED),
        world.hold(PAID_FIRST),
        world.hold(*LINES[:2]),
    )
    yield "commit, held", world.cost_of(_commit(world, held))
    yield "commit, sent again", world.cost_of(_commit(world, held))
    yield "commit, held, 2 lines", world.cost_of(_commit(world, pair))
    yield "commit, on_order", world.cost_of(_commit(world, ordered))
    yield "commit, on_payment", world.cost_of(_commit(world, paid_first))


def _paying_late(world: World) -> Iterator[Named]:
    unfolded, folded, again, lost = world.hold(BUSY), world.hold(BUSY), world.hold(BUSY), world.hold(LAST_ONE)
    world.clock.wait(seconds=PAST_A_HOLD_SECONDS)
    yield "commit late, units still in their entry", world.cost_of(_commit(world, unfolded))
    _fold(world, BUSY)
    yield "commit late, taken anew", world.cost_of(_commit(world, folded))
    yield "begin payment late, held anew", world.cost_of(lambda: commands.begin_payment(world.context, again))
    _commit(world, world.hold(LAST_ONE))()
    yield "commit late, units gone: refund_due", world.cost_of(_commit(world, lost))
    yield "refunded", world.cost_of(lambda: commands.refunded(world.context, lost))


def _fold(world: World, sku: str) -> None:
    level = world.context.ledger.levels.get(Place(sku, "main"))
    if level is not None:
        fold_level(world.context, level, now=world.clock())


def _commit(world: World, reservation_id: str) -> Callable[[], object]:
    return lambda: commands.commit(world.context, reservation_id, payment_id=f"payment {reservation_id}")


def _ending(world: World) -> Iterator[Named]:
    held, paid, sold = world.hold(BUSY), world.hold(BUSY), world.hold(BUSY)
    for reservation_id in (paid, sold):
        _commit(world, reservation_id)()
    yield "release, held", world.cost_of(lambda: commands.release(world.context, held))
    yield "release, paid: refund_due", world.cost_of(lambda: commands.release(world.context, paid))
    yield "ship", world.cost_of(lambda: commands.ship(world.context, sold))


def _within_budget(world: World) -> Iterator[Named]:
    """A scarce SKU: the same commands, with the buyer's budget in their transactions."""
    warm = world.order(SCARCE, buyer_id="somebody")
    hold_units(world.context, warm)
    newcomer = world.order(SCARCE, buyer_id="never seen")
    yield "hold with a budget, buyer never seen", world.cost_of(lambda: hold_units(world.context, newcomer))
    yield "begin payment, with a budget", world.cost_of(lambda: commands.begin_payment(world.context, newcomer.id))
    yield "commit, with a budget", world.cost_of(_commit(world, newcomer.id))
    again = world.order(SCARCE, buyer_id="never seen")
    yield "hold with a budget, buyer seen before", world.cost_of(lambda: hold_units(world.context, again))
    more = [Wanted(SCARCE, 2)]
    yield "change, with a budget", world.cost_of(lambda: commands.change(world.context, again.id, lines=more))

    def refuse() -> None:
        with contextlib.suppress(HoldBudget):
            hold_units(world.context, world.order(SCARCE, buyer_id="never seen"))

    yield "refused by the budget, noted once a minute", world.cost_of(refuse)
    yield "refused by the budget again", world.cost_of(refuse)
    yield "release, with a budget", world.cost_of(lambda: commands.release(world.context, again.id))
