"""What the end of unpaid holds costs: a minute with many holds, and a minute with one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.meter import Cost
from holdfast.domain.level import Place
from holdfast.services.upkeep.follow_levels import Change, follow_levels
from holdfast.services.upkeep.sweep_expired import sweep_expired
from holdfast.store import keys

if TYPE_CHECKING:
    from bench.world import World

PAST_A_HOLD_SECONDS = 1_300


@dataclass(frozen=True, slots=True)
class Ended:
    """Write units of one minute of one level.

    `listing_written`: the rows by which reservations are found again, which have nothing to do with expiry.
    """

    holds: int
    register_written: float
    listing_written: float
    folds: int
    folded: float
    register_removed: float
    writes_in_sweep: int
    read_units: float

    @property
    def per_hold(self) -> float:
        """The fold and the removal of the register's row: all that happens when the minute ends."""
        return (self.folded + self.register_removed) / self.holds

    @property
    def per_hold_all_in(self) -> float:
        """With the writing of the register's row, when the minute was first used."""
        return (self.folded + self.register_removed + self.register_written) / self.holds


def minute_of(world: World, *, holds: int, sku: str) -> Ended:
    """Let so many holds of one minute end unpaid, with the stream's consumer and the sweeper at work.

    The consumer is handed the images that the table's stream would hand it, one hold at a time.
    """
    world.stock(sku)
    place = Place(sku, "main")
    world.clock.now = world.clock.now.replace(second=1)
    register, listing = Cost(()), Cost(())
    for _ in range(holds):
        before = world.table.get(keys.level(place))
        reservation_id = world.hold(sku)
        level = Change(before, world.table.get(keys.level(place)))
        record = Change(None, world.table.get(keys.reservation(reservation_id)))
        register += world.cost_of(lambda level=level: follow_levels(world.context, [level]))  # type: ignore[misc]
        listing += world.cost_of(lambda record=record: follow_levels(world.context, [record]))  # type: ignore[misc]
    world.clock.wait(seconds=PAST_A_HOLD_SECONDS)
    swept = world.cost_of(lambda: sweep_expired(world.context))
    _all_came_back(world, place)
    return Ended(
        holds=holds,
        register_written=register.write_units,
        listing_written=listing.write_units,
        folds=sum(call.operation == "UpdateItem" and not call.refused for call in swept.calls),
        folded=sum(call.units or 0 for call in swept.calls if call.operation == "UpdateItem"),
        register_removed=sum(call.units or 0 for call in swept.calls if call.operation == "BatchWriteItem"),
        writes_in_sweep=swept.items_written,
        read_units=swept.read_units,
    )


def _all_came_back(world: World, place: Place) -> None:
    level = world.context.ledger.levels.get(place)
    if level is None or level.reserved or level.available != level.on_hand:
        raise AssertionError(f"the holds of {place.sku} did not all come back: {level}")
